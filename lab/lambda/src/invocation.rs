//! One invocation, and what it and the init phase cost.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use crate::{Failure, Report};

/// What the init phase cost.
#[derive(Debug, Clone, Copy)]
pub struct InitReport {
    /// From the first instruction of the first process until all of them asked for their first event; the launching of
    /// processes by the lab itself is not part of it.
    pub duration: Duration,
    /// CPU time of all processes.
    pub cpu: Duration,
}

/// What an invocation came to.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The function's response. The invocation may have failed behind it, which [`Report::status`] says.
    Response(Bytes),
    /// The function or its runtime reported an error.
    Error {
        /// AWS's error type.
        kind: String,
        /// `{"errorType":…,"errorMessage":…}`
        payload: Bytes,
    },
    /// The invocation ended before its time, without an answer.
    Failed(Failure),
}

/// One invocation, as the platform saw it.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// What it came to.
    pub outcome: Outcome,
    /// From handing out the event to the last byte of the answer: what a caller waits for. `None` without an answer.
    pub latency: Option<Duration>,
    /// The REPORT line.
    pub report: Report,
}

impl Invocation {
    /// The payload that the caller of Lambda's Invoke API gets.
    pub fn payload(&self) -> Bytes {
        match &self.outcome {
            Outcome::Response(payload) | Outcome::Error { payload, .. } => payload.clone(),
            Outcome::Failed(failure) => failure.payload(&self.report.request_id),
        }
    }

    /// True when that payload comes with `X-Amz-Function-Error: Unhandled`; the status code is 200 either way.
    pub fn function_error(&self) -> bool {
        !matches!(self.outcome, Outcome::Response(_))
    }
}

/// CPU figures of an environment since its start.
#[derive(Debug, Clone, Copy, Default)]
pub struct CpuUsage {
    /// CPU time used by all processes.
    pub used: Duration,
    /// Time that they stood still for lack of quota; zero where nothing is limited.
    pub throttled: Duration,
}

/// Milliseconds since 1970-01-01 UTC, the clock of deadlines.
pub(crate) fn epoch_ms() -> u64 {
    u128_to_u64(
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_millis(),
    )
}

pub(crate) fn u128_to_u64(number: u128) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// A random version 4 UUID, the form of a request id.
pub(crate) fn uuid() -> String {
    let random = fastrand::u128(..);
    let random = random & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{random:032x}");
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}
