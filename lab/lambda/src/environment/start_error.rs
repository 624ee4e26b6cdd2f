//! Why an environment could not be started.

use std::fmt;
use std::io;

use super::failure::Failure;

/// Why an environment could not be started.
#[derive(Debug)]
pub struct StartError {
    /// In AWS's words.
    pub failure: Failure,
    /// In the lab's: what it means, and the last lines of the environment's log.
    pub message: String,
}

impl StartError {
    /// True where the lab itself could not start a process; everything else may happen on AWS, too.
    pub fn is_the_labs(&self) -> bool {
        matches!(self.failure, Failure::NotStarted { .. })
    }

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

impl fmt::Display for StartError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for StartError {}
