//! One execution environment: its processes, their init phase, invocations one at a time, freeze, shutdown.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use nix::sys::signal::Signal;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::exchange::{Answer, Exchange};
use crate::init::{StartError, extension_names, initialise};
use crate::invocation::{CpuUsage, InitReport, Invocation, Outcome, epoch_ms, u128_to_u64, uuid};
use crate::limits::Group;
use crate::logs::Log;
use crate::placement::Lease;
use crate::process::Process;
use crate::runtime_api::{self, Identity};
use crate::{Function, Report, Status, TraceHeader, freezer};

/// How long a reading of the peak memory is good for.
const MEMORY_READING: Duration = Duration::from_millis(10);

/// An execution environment that has finished its init phase.
pub struct Environment {
    exchange: Arc<Exchange>,
    server: JoinHandle<()>,
    runtime: Process,
    extensions: Vec<Process>,
    // Behind the processes: a control group can be removed when they are gone.
    group: Option<Group>,
    _lease: Lease,
    log: Log,
    init: InitReport,
    reported_init: bool,
    peak_memory: Option<(Instant, u32)>,
    frozen: bool,
    alive: bool,
    // Last: it may hold the parent of the control group, which can be removed when that is gone.
    function: Arc<Function>,
}

impl Environment {
    /// Starts the extensions, then the runtime, and waits until all of them ask for their first event. Call it from a
    /// thread that lives as long as the lab: the processes die with the thread that started them.
    pub async fn start(function: &Arc<Function>) -> Result<Self, StartError> {
        let platform = &function.platform;
        let group = platform.limits.group(function.memory_mb)?;
        if let Some(group) = &group {
            group.set_cpu_quota(platform.init_quota(), platform.cpu_period)?;
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let exchange = Arc::new(Exchange::default());
        let identity = Identity {
            function_name: function.name.clone(),
            largest_response: platform.largest_response,
        };
        let server = runtime_api::serve(listener, Arc::clone(&exchange), identity);
        let log = Log::new(function.log.clone());
        let lease = platform.placement.lease();

        let init = initialise(function, &exchange, address, group.as_ref(), &lease, &log);
        let timed = timeout(platform.init_timeout, init).await;
        let initialised = match timed {
            Ok(initialised) => initialised,
            Err(_) => Err(StartError::Timeout {
                seconds: platform.init_timeout.as_secs(),
                missing: exchange.missing(&extension_names(function)),
                log: log.tail(),
            }),
        };
        let initialised = initialised.inspect_err(|_| server.abort())?;
        let mut environment = Self {
            exchange,
            server,
            runtime: initialised.runtime,
            extensions: initialised.extensions,
            group,
            _lease: lease,
            log,
            init: InitReport {
                duration: initialised.duration,
                cpu: Duration::ZERO,
            },
            reported_init: false,
            peak_memory: None,
            frozen: false,
            alive: true,
            function: Arc::clone(function),
        };
        environment.init.cpu = environment.cpu_usage().used;
        if let Some(group) = &environment.group {
            group.set_cpu_quota(platform.quota(function.memory_mb), platform.cpu_period)?;
        }
        Ok(environment)
    }

    /// What the init phase cost.
    pub fn init(&self) -> InitReport {
        self.init
    }

    /// False after a timeout or the end of the runtime: such an environment is thrown away.
    pub fn is_alive(&self) -> bool {
        self.alive
    }

    /// Hands one event to the function and waits until the invocation is over. A frozen environment is thawed first,
    /// and the clock starts when it has come to rest.
    pub async fn invoke(&mut self, event: &Bytes, trace: &TraceHeader) -> Invocation {
        self.thaw().await;
        let request_id = uuid();
        let deadline_ms = epoch_ms() + u128_to_u64(self.function.timeout.as_millis());
        let arn = self.function.arn();
        self.log
            .platform(|| format!("START RequestId: {request_id} Version: $LATEST"));
        let to_runtime = Response::builder()
            .header("content-type", "application/json")
            .header("lambda-runtime-aws-request-id", &request_id)
            .header("lambda-runtime-deadline-ms", deadline_ms)
            .header("lambda-runtime-invoked-function-arn", &arn)
            .header("lambda-runtime-trace-id", trace.to_string())
            .body(Full::new(event.clone()))
            .expect("these headers are valid");
        let to_extensions = serde_json::json!({
            "eventType": "INVOKE",
            "deadlineMs": deadline_ms,
            "requestId": request_id,
            "invokedFunctionArn": arn,
            "tracing": {"type": "X-Amzn-Trace-Id", "value": trace.to_string()},
        });
        let start =
            self.exchange
                .deliver(&request_id, to_runtime, &to_extensions.to_string().into());
        let (outcome, latency, duration) = self.await_end(start).await;
        self.finish(request_id, outcome, latency, duration, trace)
    }

    async fn await_end(&mut self, start: Instant) -> (Outcome, Option<Duration>, Duration) {
        let exchange = &self.exchange;
        let mut latency = None;
        let mut outcome = None;
        let end = timeout(self.function.timeout, async {
            tokio::select! {
                biased;
                end = async {
                    let (answer, at) = exchange.answered().await;
                    latency = Some(at - start);
                    outcome = Some(match answer {
                        Answer::Response(body) => Outcome::Response(body),
                        Answer::Error { kind, payload } => Outcome::Error { kind, payload },
                    });
                    exchange.idle().await
                } => Some(end),
                _ = self.runtime.child.wait() => None,
            }
        })
        .await;
        match end {
            Ok(Some(end)) => (outcome.unwrap_or(Outcome::Exited), latency, end - start),
            Ok(None) => {
                self.alive = false;
                (outcome.unwrap_or(Outcome::Exited), latency, start.elapsed())
            }
            Err(_) => {
                self.alive = false;
                (
                    outcome.unwrap_or(Outcome::Timeout),
                    latency,
                    self.function.timeout,
                )
            }
        }
    }

    fn finish(
        &mut self,
        request_id: String,
        outcome: Outcome,
        latency: Option<Duration>,
        duration: Duration,
        trace: &TraceHeader,
    ) -> Invocation {
        let status = match &outcome {
            Outcome::Response(_) => None,
            Outcome::Error { kind, .. } => Some(Status::Error(kind.clone())),
            Outcome::Timeout => Some(Status::Timeout),
            Outcome::Exited => Some(Status::Error("Runtime.ExitError".to_owned())),
        };
        let first = !std::mem::replace(&mut self.reported_init, true);
        let report = Report {
            duration,
            memory_mb: self.function.memory_mb,
            max_memory_mb: self.peak_memory_mb(),
            init: first.then_some(self.init.duration),
            status,
            trace: Some(trace.clone()),
            request_id,
        };
        self.log
            .platform(|| format!("END RequestId: {}", report.request_id));
        self.log.platform(|| report.to_string());
        if !self.alive {
            self.kill();
        }
        Invocation {
            outcome,
            latency,
            report,
        }
    }

    /// The peak of resident memory, in MiB. The kernel keeps the peak; asking for it costs some 30 µs a process, so that
    /// back-to-back invocations share one reading.
    fn peak_memory_mb(&mut self) -> u32 {
        match self.peak_memory {
            Some((read, peak)) if read.elapsed() < MEMORY_READING => peak,
            _ => {
                let kib = freezer::peak_memory_kib(&self.processes());
                let peak = u32::try_from(kib.div_ceil(1024)).unwrap_or(u32::MAX);
                self.peak_memory = Some((Instant::now(), peak));
                peak
            }
        }
    }

    /// Stops every process until the next invocation, as Lambda does when nothing is queued for this environment.
    pub fn freeze(&mut self) {
        if self.alive && !self.frozen {
            self.signal(Signal::SIGSTOP);
            self.frozen = true;
        }
    }

    /// Lets a frozen environment run again and waits until it has come to rest. [`Environment::invoke`] does it by itself;
    /// it is public for those who read the CPU time around an invocation.
    pub async fn thaw(&mut self) {
        if self.frozen {
            self.signal(Signal::SIGCONT);
            self.frozen = false;
            freezer::wait_until_asleep(&self.processes()).await;
        }
    }

    /// CPU time since the start. The difference around an invocation is what that invocation used.
    pub fn cpu_usage(&self) -> CpuUsage {
        match &self.group {
            Some(group) => CpuUsage {
                used: group.cpu_time(),
                throttled: group.throttled_time(),
            },
            None => CpuUsage {
                used: freezer::cpu_time(&self.processes()),
                throttled: Duration::ZERO,
            },
        }
    }

    /// The last lines that the processes wrote, for an error message.
    pub fn log_tail(&self) -> String {
        self.log.tail()
    }

    /// Ends the environment as Lambda does: extensions that asked for it get the shutdown event and two seconds, a
    /// function without extensions is killed at once.
    pub async fn shutdown(mut self) {
        if self.alive {
            self.thaw().await;
            let budget = self.function.platform.shutdown_budget;
            let deadline_ms = epoch_ms() + u128_to_u64(budget.as_millis());
            let event = serde_json::json!({"eventType": "SHUTDOWN", "shutdownReason": "spindown", "deadlineMs": deadline_ms});
            if self.exchange.deliver_shutdown(&event.to_string().into()) {
                self.runtime.signal(Signal::SIGTERM);
                let everybody = self.extensions.iter_mut().chain([&mut self.runtime]);
                let waits = async {
                    for process in everybody {
                        let _ = process.child.wait().await;
                    }
                };
                let _ = timeout(budget, waits).await;
            }
        }
        self.kill();
        // Reaped here, so that the control group is empty when it is removed.
        for process in self.extensions.iter_mut().chain([&mut self.runtime]) {
            let _ = process.child.wait().await;
        }
    }

    fn kill(&mut self) {
        self.alive = false;
        self.signal(Signal::SIGKILL);
    }

    /// All processes of the environment, those included that its own processes started.
    fn processes(&self) -> Vec<i32> {
        let own = || {
            self.extensions
                .iter()
                .chain([&self.runtime])
                .map(Process::id)
                .collect()
        };
        self.group
            .as_ref()
            .map(Group::processes)
            .filter(|listed| !listed.is_empty())
            .unwrap_or_else(own)
    }

    fn signal(&self, signal: Signal) {
        for process in self.extensions.iter().chain([&self.runtime]) {
            process.signal(signal);
        }
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        self.server.abort();
    }
}
