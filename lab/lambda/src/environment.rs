//! One execution environment: its processes, their init phase, invocations one at a time, freeze, reset, shutdown.

mod init_phase;
mod usage;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use nix::sys::signal::Signal;
use tokio::time::timeout;

use crate::delivery::Delivery;
use crate::exchange::Answer;
use crate::init::{Phase, StartError};
use crate::invocation::{InitReport, Invocation, Outcome, epoch_ms, u128_to_u64, uuid};
use crate::limits::Group;
use crate::logs::Log;
use crate::placement::Lease;
use crate::processes::Processes;
use crate::{Exit, Failure, Function, Report, Status, TraceHeader, freezer};

/// An execution environment. After a timeout or a crash it is reset: the processes are ended, and the next invocation
/// begins with an init phase of its own.
pub struct Environment {
    state: State,
    processes: Option<Processes>,
    // Behind the processes: a control group can be removed when they are gone.
    group: Option<Group>,
    lease: Lease,
    log: Log,
    init: InitReport,
    /// The init phase that the next REPORT tells of.
    unreported_init: Option<Duration>,
    peak_memory_mb: u32,
    peak_memory_read: Option<Instant>,
    /// The processes that the kernel had killed for want of memory when the last init phase began.
    oom_kills: u64,
    // Last: it may hold the parent of the control group, which can be removed when that is gone.
    function: Arc<Function>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Its processes wait for the next event.
    Ready,
    /// So they do, but stopped.
    Frozen,
    /// Its processes are no good any more, for this reason in the words of the shutdown event.
    Failed(&'static str),
    /// It has no processes.
    Empty,
}

/// How an invocation went.
struct End {
    answer: Option<(Answer, Duration)>,
    duration: Duration,
    failure: Option<Failure>,
}

impl Environment {
    /// Starts the extensions, then the runtime, and waits until all of them ask for their first event. Call it from a
    /// thread that lives as long as the lab: the processes die with the thread that started them.
    pub async fn start(function: &Arc<Function>) -> Result<Self, StartError> {
        let mut environment = Self::empty(function)?;
        environment.initialise(Phase::Init).await?;
        Ok(environment)
    }

    /// An environment without processes. [`Environment::initialise`] starts them.
    pub(crate) fn empty(function: &Arc<Function>) -> Result<Self, StartError> {
        Ok(Self {
            state: State::Empty,
            processes: None,
            group: function.platform.limits.group(function.memory_mb)?,
            lease: function.platform.placement.lease(),
            log: Log::new(function.log.clone()),
            init: InitReport {
                duration: Duration::ZERO,
                cpu: Duration::ZERO,
            },
            unreported_init: None,
            peak_memory_mb: 0,
            peak_memory_read: None,
            oom_kills: 0,
            function: Arc::clone(function),
        })
    }

    /// What the last init phase cost.
    pub fn init(&self) -> InitReport {
        self.init
    }

    /// False after a timeout or the end of a process: the next invocation begins with an init phase.
    pub fn is_alive(&self) -> bool {
        matches!(self.state, State::Ready | State::Frozen)
    }

    /// Hands one event to the function and waits until the invocation is over. A frozen environment is thawed first,
    /// and the clock starts when it has come to rest. An environment that failed is reset first, and its init phase is a
    /// part of the invocation.
    pub async fn invoke(&mut self, event: &Bytes, trace: &TraceHeader) -> Invocation {
        let request_id = uuid();
        let initialised = if self.is_alive() {
            self.thaw().await;
            Ok(Duration::ZERO)
        } else {
            self.reset().await;
            let initialised = self.initialise(Phase::Invoke).await;
            initialised
                .map(|()| self.init.duration)
                .map_err(|error| Failure::from(&error))
        };
        self.log
            .platform(|| format!("START RequestId: {request_id} Version: $LATEST"));
        let end = match initialised {
            Ok(spent) => {
                let remaining = self.function.timeout.saturating_sub(spent);
                let delivery = Delivery {
                    request_id: request_id.clone(),
                    deadline_ms: epoch_ms() + u128_to_u64(remaining.as_millis()),
                    arn: self.function.arn(),
                    trace: trace.to_string(),
                    event: event.clone(),
                };
                self.run(delivery, spent).await
            }
            Err(failure) => End {
                answer: None,
                duration: self.init.duration,
                failure: Some(failure),
            },
        };
        self.finish(request_id, end, trace)
    }

    /// From the event until everybody asks for the next one, or until something fails. `spent` of the timeout is used up.
    async fn run(&mut self, delivery: Delivery, spent: Duration) -> End {
        let remaining = self.function.timeout.saturating_sub(spent);
        let processes = self.processes.as_mut().expect("it has been initialised");
        let exchange = Arc::clone(&processes.exchange);
        let start = exchange.deliver(delivery);
        let mut answer = None;
        let end = timeout(remaining, async {
            tokio::select! {
                biased;
                end = async {
                    let (answered, at) = exchange.answered().await;
                    answer = Some((answered, spent + (at - start)));
                    exchange.idle().await
                } => Ok(end),
                exit = processes.first_to_end() => Err(exit),
            }
        })
        .await;
        let (duration, failure) = match end {
            Ok(Ok(end)) => (spent + (end - start), None),
            Ok(Err(exit)) => {
                let duration = spent + start.elapsed();
                processes.last_words(&exit).await;
                let out_of_memory = self.is_out_of_memory(&exit);
                let exit = Exit {
                    out_of_memory,
                    ..exit
                };
                (duration, Some(Failure::Exit(exit)))
            }
            Err(_) => {
                let timeout = self.function.timeout;
                (timeout, Some(Failure::Timeout(timeout)))
            }
        };
        End {
            answer,
            duration,
            failure,
        }
    }

    fn finish(&mut self, request_id: String, end: End, trace: &TraceHeader) -> Invocation {
        if let Some(failure) = &end.failure {
            self.state = State::Failed(failure.shutdown_reason());
            self.log.platform(|| failure.log_line(&request_id));
        }
        let (outcome, latency) = match (end.answer, end.failure.as_ref()) {
            (Some((Answer::Response(body), latency)), _) => {
                (Outcome::Response(body), Some(latency))
            }
            (Some((Answer::Error { kind, payload }, latency)), _) => {
                (Outcome::Error { kind, payload }, Some(latency))
            }
            (None, Some(failure)) => (Outcome::Failed(failure.clone()), None),
            (None, None) => unreachable!("an invocation ends with an answer or with a failure"),
        };
        let status = match (&end.failure, &outcome) {
            (Some(failure), _) => Some(failure.status()),
            (None, Outcome::Error { kind, .. }) => Some(Status::Error(kind.clone())),
            _ => None,
        };
        let report = Report {
            duration: end.duration,
            memory_mb: self.function.memory_mb,
            max_memory_mb: self.max_memory_mb(end.failure.as_ref()),
            init: self.unreported_init.take(),
            status,
            trace: Some(trace.clone()),
            request_id,
        };
        self.log
            .platform(|| format!("END RequestId: {}", report.request_id));
        self.log.platform(|| report.to_string());
        Invocation {
            outcome,
            latency,
            report,
        }
    }

    /// Stops every process until the next invocation, as Lambda does when nothing is queued for this environment.
    pub fn freeze(&mut self) {
        if self.state == State::Ready {
            self.signal(Signal::SIGSTOP);
            self.state = State::Frozen;
        }
    }

    /// Lets a frozen environment run again and waits until it has come to rest. [`Environment::invoke`] does it by itself;
    /// it is public for those who read the CPU time around an invocation.
    pub async fn thaw(&mut self) {
        if self.state == State::Frozen {
            self.signal(Signal::SIGCONT);
            self.state = State::Ready;
            freezer::wait_until_asleep(self.process_ids()).await;
        }
    }

    /// Ends the processes of an environment that has failed, within the shutdown budget.
    pub async fn reset(&mut self) {
        let reason = match self.state {
            State::Failed(reason) => reason,
            _ => "spindown",
        };
        if let Some(processes) = self.processes.take() {
            let budget = self.function.platform.shutdown_budget;
            processes.shutdown(reason, budget).await;
        }
        if let Some(group) = &self.group {
            group.kill();
        }
        self.state = State::Empty;
    }

    /// Ends the environment as Lambda does: extensions that asked for it get the shutdown event and two seconds, a
    /// function without extensions is killed at once.
    pub async fn shutdown(mut self) {
        self.reset().await;
    }

    fn signal(&self, signal: Signal) {
        if let Some(processes) = &self.processes {
            processes.signal(signal);
        }
    }
}
