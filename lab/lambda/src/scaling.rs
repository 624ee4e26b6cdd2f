//! When the service starts another environment, and when it refuses: the rules of "Understanding Lambda function scaling"
//! over instants that the caller gives.

use std::fmt;
use std::time::{Duration, Instant};

/// The limits of one function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scaling {
    /// Environments that the account may have in one Region. The lab has one function at a time, so all are its own.
    pub account_concurrency: u32,
    /// The function's reserved concurrency: it may have as many environments and no more.
    pub reserved: Option<u32>,
    /// By as many environments the function may grow in [`Scaling::grow_within`]; what is unused does not add up.
    pub grow_by: u32,
    /// The window of [`Scaling::grow_by`].
    pub grow_within: Duration,
    /// Requests per second for each unit of concurrency that the function may have.
    pub rate_per_environment: u32,
    /// After this time an idle environment is taken away.
    pub idle: Duration,
}

impl Scaling {
    /// The most environments that the function may have at a time.
    pub fn concurrency(&self) -> u32 {
        self.reserved.unwrap_or(self.account_concurrency)
    }
}

/// Why a request is throttled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ThrottleReason {
    /// The account's environments are all busy.
    Concurrency,
    /// The function's reserved environments are all busy.
    ReservedConcurrency,
    /// The account's environments have all had their requests of this second.
    Rate,
    /// The function's reserved environments have all had theirs.
    ReservedRate,
    /// No environment is idle, and the function has grown by all that it may in the window. AWS's pages name no reason of
    /// its own for this; it is told as [`ThrottleReason::Concurrency`].
    Growth,
}

/// The `Reason` of AWS's `TooManyRequestsException` (Invoke, Lambda API reference).
impl fmt::Display for ThrottleReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Concurrency | Self::Growth => "ConcurrentInvocationLimitExceeded",
            Self::ReservedConcurrency => "ReservedFunctionConcurrentInvocationLimitExceeded",
            Self::Rate => "FunctionInvocationRateLimitExceeded",
            Self::ReservedRate => "ReservedFunctionInvocationRateLimitExceeded",
        })
    }
}

/// A token bucket that is full at first and refills continuously, stored as the instant at which it is full again.
#[derive(Debug)]
struct Bucket {
    /// The time in which one token comes back; `None` where there are no tokens at all.
    interval: Option<Duration>,
    /// The time in which an empty bucket fills.
    window: Duration,
    full_at: Option<Instant>,
}

impl Bucket {
    fn new(tokens: u32, window: Duration) -> Self {
        Self {
            interval: window.checked_div(tokens),
            window,
            full_at: None,
        }
    }

    /// The instant at which the bucket is full again once a token has been taken; `None` when there is no token.
    fn taken(&self, now: Instant) -> Option<Instant> {
        let full_at = self.full_at.map_or(now, |full_at| full_at.max(now)) + self.interval?;
        (full_at - now <= self.window).then_some(full_at)
    }
}

/// The environments of one function, as far as scaling is concerned: `T` is an environment, or stands for one.
#[derive(Debug)]
pub struct Pool<T> {
    scaling: Scaling,
    busy: u32,
    /// The last used last, each with the instant since when it is idle.
    idle: Vec<(Instant, T)>,
    growth: Bucket,
    rate: Bucket,
}

impl<T> Pool<T> {
    /// A pool without environments.
    pub fn new(scaling: Scaling) -> Self {
        let per_second = scaling
            .concurrency()
            .saturating_mul(scaling.rate_per_environment);
        Self {
            busy: 0,
            idle: Vec::new(),
            growth: Bucket::new(scaling.grow_by, scaling.grow_within),
            rate: Bucket::new(per_second, Duration::from_secs(1)),
            scaling,
        }
    }

    /// A place for one request: the environment that was used last among the idle ones, or `None` for a new one. Give the
    /// place back with [`Pool::release`].
    pub fn acquire(&mut self, now: Instant) -> Result<Option<T>, ThrottleReason> {
        let reserved = self.scaling.reserved.is_some();
        if self.busy >= self.scaling.concurrency() {
            return Err(if reserved {
                ThrottleReason::ReservedConcurrency
            } else {
                ThrottleReason::Concurrency
            });
        }
        let rate = self.rate.taken(now).ok_or(if reserved {
            ThrottleReason::ReservedRate
        } else {
            ThrottleReason::Rate
        })?;
        if self.idle.is_empty() {
            self.growth.full_at = Some(self.growth.taken(now).ok_or(ThrottleReason::Growth)?);
        }
        self.rate.full_at = Some(rate);
        self.busy += 1;
        Ok(self.idle.pop().map(|(_, environment)| environment))
    }

    /// Gives a place back, with the environment if it can be used again.
    pub fn release(&mut self, now: Instant, environment: Option<T>) {
        self.busy -= 1;
        self.idle
            .extend(environment.map(|environment| (now, environment)));
    }

    /// Takes out the environments that have been idle for too long.
    pub fn take_expired(&mut self, now: Instant) -> Vec<T> {
        let expired = self.idle.partition_point(|(since, _)| {
            now.saturating_duration_since(*since) >= self.scaling.idle
        });
        self.idle
            .drain(..expired)
            .map(|(_, environment)| environment)
            .collect()
    }

    /// Takes out all idle environments.
    pub fn take_idle(&mut self) -> Vec<T> {
        std::mem::take(&mut self.idle)
            .into_iter()
            .map(|(_, environment)| environment)
            .collect()
    }

    /// The idle environments.
    pub fn idle(&self) -> impl Iterator<Item = &T> {
        self.idle.iter().map(|(_, environment)| environment)
    }

    /// How many environments handle a request now.
    pub fn busy(&self) -> u32 {
        self.busy
    }
}

#[cfg(test)]
mod tests;
