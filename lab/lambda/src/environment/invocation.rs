//! One invocation, and what it and the init phase cost.

use std::time::Duration;

use bytes::Bytes;

use super::failure::Failure;
use crate::report::Report;
use crate::runtime_api::ReportedError;

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
    Error(ReportedError),
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

impl Outcome {
    /// The payload that the caller of Lambda's Invoke API gets.
    pub fn payload(&self, request_id: &str) -> Bytes {
        match self {
            Self::Response(payload) | Self::Error(ReportedError { payload, .. }) => payload.clone(),
            Self::Failed(failure) => failure.payload(request_id),
        }
    }

    /// True when that payload comes with `X-Amz-Function-Error: Unhandled`; the status code is 200 either way.
    pub fn is_function_error(&self) -> bool {
        !matches!(self, Self::Response(_))
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
