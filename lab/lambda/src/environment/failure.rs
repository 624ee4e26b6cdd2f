//! Everything that ends an invocation or an init phase before its time, in AWS's words: the log line, the REPORT line's
//! status, and the payload that the client gets. The error types are those of Lambda's Runtime Interface Emulator
//! (`fatalerror`), the lines those of "Understanding the Lambda execution environment lifecycle".

use std::fmt;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::Duration;

use bytes::Bytes;
use time::format_description::well_known::{Iso8601, iso8601};

use crate::report::Status;
use crate::runtime_api::ReportedError;

/// The end of a process that should have gone on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exit {
    /// The extension's name; `None` for the runtime.
    pub extension: Option<String>,
    /// How it ended.
    pub status: ExitStatus,
    /// True when the kernel killed it because the environment had used up its memory.
    pub out_of_memory: bool,
}

impl Exit {
    /// `the runtime` or `the extension NAME`.
    pub(super) fn who(&self) -> String {
        match &self.extension {
            Some(name) => format!("the extension {name}"),
            None => "the runtime".to_owned(),
        }
    }

    pub(super) fn message(&self) -> String {
        match (&self.extension, self.status.code()) {
            (None, Some(0)) => "Runtime exited without providing a reason".to_owned(),
            (None, _) => format!("Runtime exited with error: {}", in_go_words(self.status)),
            (Some(_), Some(0)) => "exit code 0".to_owned(),
            (Some(_), _) => in_go_words(self.status),
        }
    }
}

/// Lambda's supervisor is a Go program, and this is how Go prints an exit status.
fn in_go_words(status: ExitStatus) -> String {
    let Some(signal) = status.signal() else {
        return format!("exit status {}", status.code().unwrap_or_default());
    };
    let name = match signal {
        1 => "hangup",
        2 => "interrupt",
        3 => "quit",
        4 => "illegal instruction",
        5 => "trace/breakpoint trap",
        6 => "aborted",
        7 => "bus error",
        8 => "floating point exception",
        9 => "killed",
        11 => "segmentation fault",
        13 => "broken pipe",
        15 => "terminated",
        other => return format!("signal: signal {other}"),
    };
    format!("signal: {name}")
}

/// Why an invocation or an init phase ended before its time. The environment is reset after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// This much time passed: the function's timeout, or the limit of the init phase.
    Timeout(Duration),
    /// A process ended.
    Exit(Exit),
    /// The runtime or an extension reported that it could not initialise.
    InitError(ReportedError),
    /// The processes could not be started at all.
    NotStarted {
        /// AWS's error type.
        kind: &'static str,
        /// What the system said.
        message: String,
    },
}

impl Failure {
    /// The `errorType` of the payload. Running out of memory is no type of its own here, only in the REPORT line.
    pub fn error_type(&self) -> &str {
        match self {
            Self::Timeout(_) => "Sandbox.Timedout",
            Self::Exit(Exit {
                extension: Some(_), ..
            }) => "Extension.Crash",
            Self::Exit(_) => "Runtime.ExitError",
            Self::InitError(error) => &error.kind,
            Self::NotStarted { kind, .. } => kind,
        }
    }

    /// What REPORT and `INIT_REPORT` say.
    pub fn status(&self) -> Status {
        match self {
            Self::Timeout(_) => Status::Timeout,
            Self::Exit(exit) if exit.out_of_memory => {
                Status::Error("Runtime.OutOfMemory".to_owned())
            }
            _ => Status::Error(self.error_type().to_owned()),
        }
    }

    /// The JSON that a client of this invocation gets.
    pub fn payload(&self, request_id: &str) -> Bytes {
        if let Self::InitError(error) = self {
            return error.payload.clone();
        }
        let message = format!("RequestId: {request_id} Error: {self}");
        ReportedError::new(self.error_type(), &message).payload
    }

    /// What the platform writes to the log between START and END.
    pub(crate) fn log_line(&self, request_id: &str) -> String {
        match self {
            Self::Timeout(_) => format!("{} {request_id} {self}", now()),
            _ => format!(
                "RequestId: {request_id} Error: {self}\n{}",
                self.error_type()
            ),
        }
    }

    /// The reason in the shutdown event of the extensions.
    pub(crate) fn shutdown_reason(&self) -> &'static str {
        match self {
            Self::Timeout(_) => "timeout",
            _ => "failure",
        }
    }
}

/// The message without the request id.
impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout(after) => {
                let seconds = after.as_secs_f64();
                write!(formatter, "Task timed out after {seconds:.2} seconds")
            }
            Self::Exit(exit) => formatter.write_str(&exit.message()),
            Self::InitError(error) => formatter.write_str(&error.message()),
            Self::NotStarted { message, .. } => formatter.write_str(message),
        }
    }
}

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

/// The time in the form of a log line, with milliseconds.
fn now() -> String {
    const PRECISION: iso8601::TimePrecision = iso8601::TimePrecision::Second {
        decimal_digits: std::num::NonZeroU8::new(3),
    };
    const FORM: iso8601::EncodedConfig = iso8601::Config::DEFAULT
        .set_time_precision(PRECISION)
        .encode();
    time::OffsetDateTime::now_utc()
        .format(&Iso8601::<FORM>)
        .unwrap_or_default()
}

/// The golden table of edges has what a failure looks like; here is what it cannot hold.
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_logged_with_its_time() {
        let line = Failure::Timeout(Duration::from_secs(3)).log_line("8f2c");
        let (time, rest) = line.split_once(' ').unwrap();
        assert_eq!(rest, "8f2c Task timed out after 3.00 seconds");
        // 2026-10-08T12:00:00.000Z
        assert_eq!((time.len(), time.rfind('.')), (24, Some(19)), "{time}");
    }

    #[test]
    fn an_extensions_end_is_told_in_lambdas_words() {
        for (wait_status, words) in [
            (0, "exit code 0"),
            (1 << 8, "exit status 1"),
            (9, "signal: killed"),
            (34, "signal: signal 34"),
        ] {
            let exit = Exit {
                extension: Some("extension".to_owned()),
                status: ExitStatus::from_raw(wait_status),
                out_of_memory: false,
            };
            assert_eq!(exit.message(), words);
        }
    }
}
