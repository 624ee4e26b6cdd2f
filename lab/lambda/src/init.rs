//! The init phase: starting the processes in Lambda's order, and every way in which that can fail.

use std::fmt;
use std::net::Ipv4Addr;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::function::LISTENER_VARIABLE;
use crate::limits::Group;
use crate::logs::Log;
use crate::placement::Lease;
use crate::process::{Process, Start};
use crate::processes::Processes;
use crate::{Exit, Function, variables};

/// Why an environment could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The executable cannot be run.
    #[error("cannot start {}: {error}", path.display())]
    Spawn {
        /// The executable.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// A process ended before the init phase was over.
    #[error(
        "{} ended during the init phase ({}), before it had asked for an event{log}",
        exit.who(), exit.status
    )]
    Exited {
        /// Which process, and how.
        exit: Exit,
        /// The last lines of the environment's log.
        log: String,
    },
    /// The runtime or an extension reported that it could not initialise.
    #[error("the function reported an init error, {kind}: {payload}")]
    InitError {
        /// AWS's error type.
        kind: String,
        /// The body of the report.
        payload: String,
    },
    /// The init phase took too long.
    #[error(
        "the init phase was not over after {} s: {missing}. Is it a bootstrap that speaks the Lambda Runtime API?{log}",
        after.as_secs_f64()
    )]
    Timeout {
        /// The time that it had.
        after: Duration,
        /// What did not happen.
        missing: String,
        /// The last lines of the environment's log.
        log: String,
    },
    /// Sockets or control groups could not be set up.
    #[error("cannot set up an environment: {0}")]
    Setup(#[from] std::io::Error),
}

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

impl Processes {
    /// Starts all processes in Lambda's order and waits for the end of the init phase; answers how long it took.
    ///
    /// Its clock stands still while a process is launched: with cgroup v1 the kernel takes 5 to 20 ms to move a process
    /// into its control group, and nothing of that kind happens inside Lambda's init phase.
    pub(crate) async fn initialise(
        &mut self,
        function: &Function,
        group: Option<&Group>,
        lease: &Lease,
        log: &Log,
    ) -> Result<Duration, StartError> {
        let start = Instant::now();
        let mut shared = variables::of_environment(function, self.runtime_api);
        let mut listeners: Vec<Option<OwnedFd>> = Vec::new();
        for extension in &function.extensions {
            let listener = extension.port_variable.as_ref().map(|variable| {
                let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
                listener.set_nonblocking(true)?;
                shared.push((variable.clone(), listener.local_addr()?.port().to_string()));
                Ok::<_, std::io::Error>(OwnedFd::from(listener))
            });
            listeners.push(listener.transpose()?);
        }
        let spawn = |path: &PathBuf, source: &str, variables, listener| {
            Process::start(Start {
                path,
                arguments: &[],
                source: source.to_owned(),
                variables,
                listener,
                group,
                cpus: lease.cpus,
                open_files: function.platform.open_files,
                log,
            })
            .map_err(|error| StartError::Spawn {
                path: path.clone(),
                error,
            })
        };
        let exchange = Arc::clone(&self.exchange);

        for (extension, listener) in function.extensions.iter().zip(&listeners) {
            let mut variables = shared.clone();
            variables.extend(extension.variables.iter().cloned());
            if let Some(listener) = listener {
                variables.push((
                    LISTENER_VARIABLE.to_owned(),
                    listener.as_raw_fd().to_string(),
                ));
            }
            let name = name_of(&extension.path);
            let process = spawn(&extension.path, &name, variables, listener.as_ref())?;
            self.started.push(process);
        }
        let names = self.extensions.clone();
        tokio::select! {
            biased;
            () = exchange.all_registered(&names) => {}
            exit = self.first_to_end() => return Err(self.exited(exit, log).await),
        }
        self.started
            .push(spawn(&function.bootstrap, "function", shared, None)?);
        let done = tokio::select! {
            biased;
            done = exchange.init_done() => done,
            exit = self.first_to_end() => return Err(self.exited(exit, log).await),
        };
        let end = done.map_err(|(kind, payload)| StartError::InitError {
            kind,
            payload: String::from_utf8_lossy(&payload).into_owned(),
        })?;
        let launches: Duration = self.started.iter().map(|process| process.launch).sum();
        Ok((end - start).saturating_sub(launches))
    }

    async fn exited(&mut self, exit: Exit, log: &Log) -> StartError {
        self.last_words(&exit).await;
        StartError::Exited {
            exit,
            log: log.tail(),
        }
    }
}

pub(crate) fn extension_names(function: &Function) -> Vec<String> {
    function
        .extensions
        .iter()
        .map(|extension| name_of(&extension.path))
        .collect()
}

fn name_of(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
