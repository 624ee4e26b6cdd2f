//! Everything that ends an invocation or an init phase before its time, in AWS's words: the log line, the REPORT line's
//! status, and the payload that the client gets. The error types are those of Lambda's Runtime Interface Emulator
//! (`fatalerror`), the lines those of "Understanding the Lambda execution environment lifecycle".

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use time::format_description::well_known::{Iso8601, iso8601};

use super::exit::Exit;
use crate::report::Status;
use crate::runtime_api::ReportedError;

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

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::ExitStatus;

    use super::*;
    use expect_test::expect;

    fn exit(extension: &str, wait_status: i32) -> Failure {
        Failure::Exit(Exit {
            extension: Some(extension.to_owned()),
            status: ExitStatus::from_raw(wait_status),
            out_of_memory: false,
        })
    }

    #[test]
    fn the_payload_names_the_request() {
        expect![[r#"{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: 8f2c Error: Task timed out after 3.00 seconds"}"#]]
            .assert_eq(&text(&Failure::Timeout(Duration::from_secs(3)).payload("8f2c")));
        expect![[r#"{"errorType":"Extension.Crash","errorMessage":"RequestId: 8f2c Error: signal: killed"}"#]]
            .assert_eq(&text(&exit("extension", 9).payload("8f2c")));
    }

    #[test]
    fn a_reported_error_is_passed_on_as_it_is() {
        let payload = Bytes::from_static(br#"{"errorType":"A.B","errorMessage":"no table"}"#);
        let reported = Failure::InitError(ReportedError {
            kind: "A.B".to_owned(),
            payload: payload.clone(),
        });
        assert_eq!(reported.payload("8f2c"), payload);
        assert_eq!(
            reported.log_line("8f2c"),
            "RequestId: 8f2c Error: no table\nA.B"
        );
    }

    #[test]
    fn a_timeout_is_logged_with_its_time() {
        let line = Failure::Timeout(Duration::from_secs(3)).log_line("8f2c");
        let (time, rest) = line.split_once(' ').unwrap();
        assert_eq!(rest, "8f2c Task timed out after 3.00 seconds");
        // 2026-10-08T12:00:00.000Z
        assert_eq!((time.len(), time.rfind('.')), (24, Some(19)), "{time}");
    }

    fn text(bytes: &Bytes) -> String {
        String::from_utf8(bytes.to_vec()).unwrap()
    }
}
