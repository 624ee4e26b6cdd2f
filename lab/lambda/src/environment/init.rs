//! Starting the processes of an environment in Lambda's order: extensions, then the runtime.

use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use super::exit::Exit;
use super::failure::Failure;
use super::logs::Log;
use super::process::{Launch, Process};
use super::processes::Processes;
use super::start_error::StartError;
use crate::function::{Extension, Function, LISTENER_VARIABLE};
use crate::limits::{Group, Lease};
use crate::runtime_api::ReportedError;
use crate::variables;

type Variables = Vec<(String, String)>;

/// What all processes of an environment start with.
pub(super) struct Sandbox<'a> {
    pub(super) function: &'a Function,
    pub(super) group: Option<&'a Group>,
    pub(super) lease: &'a Lease,
    pub(super) log: &'a Log,
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
    pub(super) async fn initialise(
        &mut self,
        sandbox: Sandbox<'_>,
    ) -> Result<Duration, StartError> {
        let start = Instant::now();
        let function = sandbox.function;
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
