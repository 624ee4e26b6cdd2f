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
