//! The REPORT line that ends every invocation's log, in AWS's exact form: written here, read in `parse`.

use std::fmt;
use std::time::Duration;

use crate::trace::TraceHeader;

mod parse;

pub use parse::ReportError;

/// How an invocation ended, where it did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// The function's timeout passed.
    Timeout,
    /// The runtime ended or reported an error; the text is AWS's error type, such as `Runtime.ExitError`.
    Error(String),
}

impl fmt::Display for Status {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout => write!(formatter, "Status: timeout\t"),
            Self::Error(kind) => write!(formatter, "Status: error\tError Type: {kind}\t"),
        }
    }
}

/// Milliseconds, as the log lines give them.
pub(crate) fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// What Lambda reports of one invocation.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The invocation's id.
    pub request_id: String,
    /// From handing out the event until the runtime and all extensions asked for the next one, or until the failure; with
    /// the init phase where that ran inside the invocation.
    pub duration: Duration,
    /// Memory size in MiB.
    pub memory_mb: u32,
    /// The peak of resident memory of all processes of the environment so far, in MiB, rounded up.
    pub max_memory_mb: u32,
    /// The init phase, where it ran before the invocation: in the report of an environment's first one.
    pub init: Option<Duration>,
    /// `None` when the invocation succeeded.
    pub status: Option<Status>,
    /// The trace; the line tells of it only if it was sampled.
    pub trace: Option<TraceHeader>,
}

impl Report {
    /// What is paid for, ms: duration and init phase together, rounded up. Functions on custom runtimes have always paid
    /// for init (AWS Compute blog, August 2025).
    pub fn billed_ms(&self) -> u64 {
        let whole = self.duration + self.init.unwrap_or_default();
        whole.as_micros().div_ceil(1000) as u64
    }
}

/// AWS separates the fields by tabs and puts one behind the last field, too.
impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "REPORT RequestId: {}\tDuration: {:.2} ms\tBilled Duration: {} ms\tMemory Size: {} MB\tMax Memory Used: {} MB\t",
            self.request_id,
            ms(self.duration),
            self.billed_ms(),
            self.memory_mb,
            self.max_memory_mb,
        )?;
        if let Some(init) = self.init {
            write!(formatter, "Init Duration: {:.2} ms\t", ms(init))?;
        }
        if let Some(status) = &self.status {
            write!(formatter, "{status}")?;
        }
        if let Some(trace) = self.trace.as_ref().filter(|trace| trace.sampled) {
            write!(
                formatter,
                "\nXRAY TraceId: {}\tSegmentId: {}\tSampled: true\t",
                trace.root, trace.parent
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    fn report() -> Report {
        Report {
            request_id: "8f2c1b9e-0000-4000-8000-000000000001".to_owned(),
            duration: Duration::from_micros(3_100),
            memory_mb: 2048,
            max_memory_mb: 95,
            init: None,
            status: None,
            trace: None,
        }
    }

    #[test]
    fn a_cold_invocation_pays_for_init() {
        let cold = Report {
            init: Some(Duration::from_micros(542_010)),
            ..report()
        };
        // 3.10 + 542.01 -> 546, as in the example of a log in AWS's documentation.
        assert_eq!(cold.billed_ms(), 546);
        expect!["REPORT RequestId: 8f2c1b9e-0000-4000-8000-000000000001\tDuration: 3.10 ms\tBilled Duration: 546 ms\tMemory Size: 2048 MB\tMax Memory Used: 95 MB\tInit Duration: 542.01 ms\t"]
            .assert_eq(&cold.to_string());
    }

    #[test]
    fn a_warm_invocation_has_no_init() {
        expect!["REPORT RequestId: 8f2c1b9e-0000-4000-8000-000000000001\tDuration: 3.10 ms\tBilled Duration: 4 ms\tMemory Size: 2048 MB\tMax Memory Used: 95 MB\t"]
            .assert_eq(&report().to_string());
    }

    #[test]
    fn a_failure_names_its_kind_and_a_sampled_trace_its_id() {
        let trace = TraceHeader {
            root: "1-5759e988-bd862e3fe1be46a994272793".to_owned(),
            parent: "53995c3f42cd8ad8".to_owned(),
            sampled: true,
        };
        let failed = Report {
            status: Some(Status::Error("Runtime.ExitError".to_owned())),
            trace: Some(trace),
            ..report()
        };
        expect!["REPORT RequestId: 8f2c1b9e-0000-4000-8000-000000000001\tDuration: 3.10 ms\tBilled Duration: 4 ms\tMemory Size: 2048 MB\tMax Memory Used: 95 MB\tStatus: error\tError Type: Runtime.ExitError\t\nXRAY TraceId: 1-5759e988-bd862e3fe1be46a994272793\tSegmentId: 53995c3f42cd8ad8\tSampled: true\t"]
            .assert_eq(&failed.to_string());
        let late = Report {
            status: Some(Status::Timeout),
            ..report()
        };
        assert!(late.to_string().ends_with("\tStatus: timeout\t"), "{late}");
    }
}
