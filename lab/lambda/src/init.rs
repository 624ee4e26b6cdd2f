//! The init phase: starting the processes in Lambda's order, and every way in which that can fail.

use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use crate::exchange::Exchange;
use crate::function::LISTENER_VARIABLE;
use crate::limits::Group;
use crate::logs::Log;
use crate::placement::Lease;
use crate::process::{Process, Start};
use crate::{Function, variables};

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
    #[error("{who} ended during the init phase ({status}), before it had asked for an event{log}")]
    Exited {
        /// `the runtime` or `the extension NAME`.
        who: String,
        /// Its exit status.
        status: ExitStatus,
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
        "the init phase was not over after {seconds} s: {missing}. Is it a bootstrap that speaks the Lambda Runtime API?{log}"
    )]
    Timeout {
        /// The time that it had.
        seconds: u64,
        /// What did not happen.
        missing: String,
        /// The last lines of the environment's log.
        log: String,
    },
    /// Sockets or control groups could not be set up.
    #[error("cannot set up an environment: {0}")]
    Setup(#[from] std::io::Error),
}

/// An environment's processes at the end of the init phase.
pub(crate) struct Initialised {
    pub(crate) runtime: Process,
    pub(crate) extensions: Vec<Process>,
    /// How long it took.
    pub(crate) duration: Duration,
}

/// Starts all processes in Lambda's order and waits for the end of the init phase.
///
/// Its clock stands still while a process is launched: with cgroup v1 the kernel takes 5 to 20 ms to move a process into
/// its control group, and nothing of that kind happens inside Lambda's init phase.
pub(crate) async fn initialise(
    function: &Function,
    exchange: &Exchange,
    runtime_api: SocketAddr,
    group: Option<&Group>,
    lease: &Lease,
    log: &Log,
) -> Result<Initialised, StartError> {
    let start = Instant::now();
    let mut shared = variables::of_environment(function, runtime_api);
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

    let mut extensions = Vec::new();
    for (extension, listener) in function.extensions.iter().zip(&listeners) {
        let mut variables = shared.clone();
        variables.extend(extension.variables.iter().cloned());
        if let Some(listener) = listener {
            variables.push((
                LISTENER_VARIABLE.to_owned(),
                listener.as_raw_fd().to_string(),
            ));
        }
        extensions.push(spawn(
            &extension.path,
            &name_of(&extension.path),
            variables,
            listener.as_ref(),
        )?);
    }
    let names = extension_names(function);
    tokio::select! {
        () = exchange.all_registered(&names) => {}
        ended = first_to_end(&mut extensions) => return Err(exited(&mut extensions, &names, ended, log).await),
    }
    let mut runtime = spawn(&function.bootstrap, "function", shared, None)?;
    let done = tokio::select! {
        done = exchange.init_done() => done,
        status = runtime.child.wait() => {
            let status = status.unwrap_or_default();
            runtime.last_words().await;
            return Err(StartError::Exited { who: "the runtime".to_owned(), status, log: log.tail() });
        }
        ended = first_to_end(&mut extensions) => return Err(exited(&mut extensions, &names, ended, log).await),
    };
    let end = done.map_err(|(kind, payload)| StartError::InitError {
        kind,
        payload: String::from_utf8_lossy(&payload).into_owned(),
    })?;
    let launches: Duration = extensions
        .iter()
        .chain([&runtime])
        .map(|process| process.launch)
        .sum();
    Ok(Initialised {
        duration: (end - start).saturating_sub(launches),
        runtime,
        extensions,
    })
}

/// The index and exit status of the first process that ends; never returns without processes.
async fn first_to_end(processes: &mut [Process]) -> (usize, ExitStatus) {
    std::future::poll_fn(|context| {
        for (index, process) in processes.iter_mut().enumerate() {
            let wait = std::pin::pin!(process.child.wait());
            if let std::task::Poll::Ready(status) = wait.poll(context) {
                return std::task::Poll::Ready((index, status.unwrap_or_default()));
            }
        }
        std::task::Poll::Pending
    })
    .await
}

async fn exited(
    extensions: &mut [Process],
    names: &[String],
    (index, status): (usize, ExitStatus),
    log: &Log,
) -> StartError {
    extensions[index].last_words().await;
    StartError::Exited {
        who: format!("the extension {}", names[index]),
        status,
        log: log.tail(),
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
