//! Every way in which an environment's start can fail.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::exit::Exit;
use crate::runtime_api::ReportedError;

/// Why an environment could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The executable cannot be run.
    #[error("cannot start {}: {error}", path.display())]
    Spawn {
        /// The executable.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
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
    #[error("the function reported an init error, {0}")]
    Reported(ReportedError),
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
    Setup(#[from] io::Error),
}
