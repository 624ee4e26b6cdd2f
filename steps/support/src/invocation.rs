//! One invocation: what it may still spend, what it spent, what it counted.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::{Instant, sleep};

use crate::BoxError;
use crate::emf::Metrics;
use crate::xray::{Trace, now};

/// How long before Lambda's timeout the calls to services end, so that the client still gets an answer: a function with
/// little CPU gets it in portions, one each 20 ms, and needs several of them to write a response.
const MARGIN: Duration = Duration::from_millis(500);

/// What a freeze takes from a limit in the background, at most.
const TICK: Duration = Duration::from_millis(10);

/// One invocation of the function.
pub struct Invocation<'a> {
    function_name: &'a str,
    /// None for work that nobody waits for.
    deadline: Option<Instant>,
    trace: Option<Trace<'a>>,
    pub(crate) metrics: Metrics,
}

impl<'a> Invocation<'a> {
    /// An invocation that Lambda ends at `deadline` (milliseconds since 1970-01-01 UTC).
    pub(crate) fn new(
        function_name: &'a str,
        deadline: u64,
        trace: Option<Trace<'a>>,
        cold_start: bool,
    ) -> Self {
        let end = UNIX_EPOCH + Duration::from_millis(deadline);
        let left = end.duration_since(SystemTime::now()).unwrap_or_default();
        let metrics = Metrics {
            cold_start,
            ..Metrics::default()
        };
        Self {
            function_name,
            deadline: Some(Instant::now() + left.saturating_sub(MARGIN)),
            trace,
            metrics,
        }
    }

    /// Work that no client waits for, see [`Telemetry::background`](crate::Telemetry::background).
    pub(crate) fn background(function_name: &'a str) -> Self {
        Self {
            function_name,
            deadline: None,
            trace: None,
            metrics: Metrics::default(),
        }
    }

    /// How long calls to services may still take; in the background [`Duration::MAX`].
    pub fn remaining(&self) -> Duration {
        self.deadline.map_or(Duration::MAX, |deadline| {
            deadline.saturating_duration_since(Instant::now())
        })
    }

    /// Calls a service: `work` is the phase `phase`, and ends with the invocation's deadline.
    ///
    /// # Errors
    ///
    /// What `work` failed with, or [`Elapsed`].
    pub async fn call<T, E: Into<BoxError>>(
        &mut self,
        phase: &'static str,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, BoxError> {
        self.call_within(self.remaining(), phase, work).await
    }

    /// Calls a service that gets no more than `limit`, nor more than the invocation has left. In the background the time that
    /// the environment is frozen does not count.
    ///
    /// # Errors
    ///
    /// What `work` failed with, or [`Elapsed`].
    pub async fn call_within<T, E: Into<BoxError>>(
        &mut self,
        limit: Duration,
        phase: &'static str,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, BoxError> {
        let start = self.start();
        let limit = limit.min(self.remaining());
        let may_freeze = self.deadline.is_none();
        let end = async {
            if may_freeze {
                run_for(limit).await;
            } else {
                sleep(limit).await;
            }
        };
        let result = tokio::select! {
            biased;
            result = work => result.map_err(Into::into),
            () = end => Err(Elapsed { phase, limit }.into()),
        };
        self.end(phase, start, result.is_err());
        result
    }

    /// Does `work`, which calls nobody, as the phase `phase`.
    pub fn measure<T, E>(
        &mut self,
        phase: &'static str,
        work: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let start = self.start();
        let result = work();
        self.end(phase, start, result.is_err());
        result
    }

    /// Sets the metric `CacheHit`.
    pub fn cache_hit(&mut self, hit: bool) {
        self.metrics.cache_hit = Some(hit);
    }

    /// Sets the metric `RowCount`.
    pub fn row_count(&mut self, rows: usize) {
        self.metrics.row_count = Some(rows);
    }

    /// Sends the trace, if sampled, and writes the metrics. `outcome` is what the client gets.
    pub fn finish<T, E>(self, outcome: &Result<T, E>) {
        if let Some(trace) = self.trace {
            trace.send(outcome.is_err());
        }
        if let Err(error) = self
            .metrics
            .write(self.function_name, (now() * 1000.0) as u64)
        {
            tracing::warn!(%error, "the metrics could not be written");
        }
    }

    /// The time, if anybody wants to know.
    fn start(&self) -> Option<f64> {
        self.trace.as_ref().map(|_| now())
    }

    fn end(&mut self, phase: &'static str, start: Option<f64>, fault: bool) {
        if let Some((trace, start)) = self.trace.as_mut().zip(start) {
            trace.phase(phase, start, fault);
        }
    }
}

/// Ends when the environment has run for `duration`. A timer may run on while the environment is frozen, and the answer to a
/// call that arrived meanwhile is read after the timer has fired: of many short timers a freeze ends one.
async fn run_for(duration: Duration) {
    let mut left = duration;
    while !left.is_zero() {
        let tick = left.min(TICK);
        sleep(tick).await;
        left -= tick;
    }
}

/// A service that did not answer in time.
#[derive(Debug)]
pub struct Elapsed {
    phase: &'static str,
    limit: Duration,
}

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} took longer than the {} ms it was given",
            self.phase,
            self.limit.as_millis()
        )
    }
}

impl std::error::Error for Elapsed {}
