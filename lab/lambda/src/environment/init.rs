//! An environment's init phase, before its first invocation or inside a later one: the extensions start, then the runtime.

use std::fmt;
use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::timeout;

use super::failure::{Exit, Failure, StartError};
use super::invoke::InitReport;
use super::logs::Log;
use super::process::{Launch, Process};
use super::processes::Processes;
use super::{Environment, State};
use crate::function::{Extension, Function, LISTENER_VARIABLE};
use crate::limits::{Group, Lease};
use crate::report::ms;
use crate::runtime_api::{MOST_EXTENSIONS, ReportedError};
use crate::variables;

/// Where an init phase takes place, in the word of the `INIT_REPORT` line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Before the first invocation: with the CPU boost, under the limit of the init phase.
    Init,
    /// Inside an invocation, after a reset or an init phase that failed: with the function's CPU share, under the
    /// function's timeout, and as a part of the invocation's duration.
    Invoke,
}

impl fmt::Display for Phase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Init => "init",
            Self::Invoke => "invoke",
        })
    }
}

impl Environment {
    /// Starts all processes and waits for the end of the init phase. A failed one is told in an `INIT_REPORT` line, as on
    /// AWS; one that succeeds in the REPORT of the next invocation, as `Init Duration` or, inside an invocation, as a part
    /// of its duration.
    pub(crate) async fn initialise(&mut self, phase: Phase) -> Result<(), StartError> {
        let platform = &self.function.platform;
        let quota = platform.quota(self.function.memory_mb);
        let (init_quota, limit) = match phase {
            Phase::Init => (platform.init_quota(), platform.init_timeout),
            Phase::Invoke => (quota, self.function.timeout),
        };
        self.oom_kills = self.group.as_ref().map_or(0, Group::oom_kills);
        self.peak_memory_read = None;
        let used_before = self.cpu_usage().used;
        let start = Instant::now();
        match self.start_processes(init_quota, limit).await {
            Ok(duration) => {
                let cpu = self.cpu_usage().used.saturating_sub(used_before);
                self.init = InitReport { duration, cpu };
                self.unreported_init = (phase == Phase::Init).then_some(duration);
                self.set_cpu_quota(quota)?;
                self.read_peak_memory();
                self.state = State::Ready;
                Ok(())
            }
            Err(error) => {
                self.init.duration = start.elapsed().min(limit);
                Err(self.init_failed(phase, error))
            }
        }
    }

    async fn start_processes(
        &mut self,
        quota: Duration,
        limit: Duration,
    ) -> Result<Duration, StartError> {
        self.set_cpu_quota(quota)?;
        let function = Arc::clone(&self.function);
        let processes = self.processes.insert(Processes::new(&function).await?);
        let sandbox = Sandbox {
            function: &function,
            group: self.group.as_ref(),
            lease: &self.lease,
            log: &self.log,
        };
        if let Ok(initialised) = timeout(limit, processes.initialise(sandbox)).await {
            return initialised;
        }
        let message = format!(
            "the init phase was not over after {} s: {}{}",
            limit.as_secs_f64(),
            processes.exchange.missing(&processes.extensions),
            self.log.tail()
        );
        let failure = Failure::Timeout(limit);
        Err(StartError { failure, message })
    }

    fn init_failed(&mut self, phase: Phase, mut error: StartError) -> StartError {
        if let Failure::Exit(exit) = &mut error.failure {
            exit.out_of_memory = self.is_out_of_memory(exit);
        }
        self.read_peak_memory();
        let failure = &error.failure;
        self.state = State::Failed(failure.shutdown_reason());
        self.log.platform(|| {
            format!(
                "INIT_REPORT Init Duration: {:.2} ms\tPhase: {phase}\t{}",
                ms(self.init.duration),
                failure.status()
            )
        });
        error
    }
}

type Variables = Vec<(String, String)>;

struct Sandbox<'a> {
    function: &'a Function,
    group: Option<&'a Group>,
    lease: &'a Lease,
    log: &'a Log,
}

impl Sandbox<'_> {
    fn start(
        &self,
        path: &Path,
        source: &str,
        variables: Variables,
        listener: Option<&OwnedFd>,
    ) -> Result<Process, StartError> {
        let launch = Launch {
            path,
            arguments: &[],
            source,
            variables,
            listener,
            group: self.group,
            cpus: self.lease.cpus,
            open_files: self.function.platform.open_files,
            opt: self.function.opt.as_deref(),
            log: self.log,
        };
        launch.start().map_err(|error| {
            let message = format!("cannot start {}: {error}", path.display());
            StartError::not_started("Runtime.InvalidEntrypoint", message)
        })
    }

    fn start_extension(
        &self,
        extension: &Extension,
        listener: Option<&OwnedFd>,
        mut variables: Variables,
    ) -> Result<Process, StartError> {
        variables.extend(extension.variables.iter().cloned());
        let descriptor = listener.map(|listener| listener.as_raw_fd().to_string());
        variables.extend(descriptor.map(|number| (LISTENER_VARIABLE.to_owned(), number)));
        self.start(&extension.path, &extension.name(), variables, listener)
    }
}

impl Processes {
    /// Starts all processes in Lambda's order and waits for the end of the init phase; answers how long it took.
    ///
    /// Its clock stands still while a process is launched: with cgroup v1 the kernel takes 5 to 20 ms to move a process
    /// into its control group, and nothing of that kind happens inside Lambda's init phase.
    async fn initialise(&mut self, sandbox: Sandbox<'_>) -> Result<Duration, StartError> {
        let start = Instant::now();
        let function = sandbox.function;
        let count = function.extensions.len();
        if count > MOST_EXTENSIONS {
            let message =
                format!("the function has {count} extensions: Lambda allows {MOST_EXTENSIONS}");
            return Err(StartError::not_started("Extension.LaunchError", message));
        }
        let mut variables = variables::of_environment(function, self.runtime_api);
        let mut listeners = Vec::new();
        for extension in &function.extensions {
            let variable = extension.port_variable.as_deref();
            let listener = variable.map(|name| listen(name, &mut variables));
            listeners.push(listener.transpose()?);
        }
        for (extension, listener) in function.extensions.iter().zip(&listeners) {
            let variables = variables.clone();
            let process = sandbox.start_extension(extension, listener.as_ref(), variables)?;
            self.started.push(process);
        }
        let (exchange, names) = (self.exchange.clone(), self.extensions.clone());
        tokio::select! {
            biased;
            () = exchange.all_registered(&names) => {}
            exit = self.first_to_end() => return Err(self.exited(exit, sandbox.log).await),
        }
        let runtime = sandbox.start(&function.bootstrap, "function", variables, None)?;
        self.started.push(runtime);
        let end = tokio::select! {
            biased;
            done = exchange.init_done() => done.map_err(reported)?,
            exit = self.first_to_end() => return Err(self.exited(exit, sandbox.log).await),
        };
        let launches: Duration = self.started.iter().map(|process| process.launched_in).sum();
        Ok((end - start).saturating_sub(launches))
    }

    async fn exited(&mut self, exit: Exit, log: &Log) -> StartError {
        self.last_words(&exit).await;
        let message = format!(
            "{} ended during the init phase ({}), before it had asked for an event{}",
            exit.who(),
            exit.status,
            log.tail()
        );
        StartError {
            failure: Failure::Exit(exit),
            message,
        }
    }
}

fn reported(error: ReportedError) -> StartError {
    let message = format!("the function reported an init error, {error}");
    let failure = Failure::InitError(error);
    StartError { failure, message }
}

/// Binds a free port, and adds the variable that carries it.
fn listen(variable: &str, variables: &mut Variables) -> std::io::Result<OwnedFd> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let port = listener.local_addr()?.port();
    variables.push((variable.to_owned(), port.to_string()));
    Ok(listener.into())
}
