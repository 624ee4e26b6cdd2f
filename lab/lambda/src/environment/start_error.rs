//! Why an environment could not be started.

use std::io;

use super::failure::Failure;

/// Why an environment could not be started.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct StartError {
    /// In AWS's words.
    pub failure: Failure,
    /// In the lab's: what it means, and the last lines of the environment's log.
    pub message: String,
}

impl StartError {
    pub(super) fn not_started(kind: &'static str, message: String) -> Self {
        let failure = Failure::NotStarted {
            kind,
            message: message.clone(),
        };
        Self { failure, message }
    }
}

/// Sockets or control groups could not be set up.
impl From<io::Error> for StartError {
    fn from(error: io::Error) -> Self {
        let message = format!("cannot set up an environment: {error}");
        Self::not_started("Sandbox.Failure", message)
    }
}
