//! What became of steps under a load: requests that arrive whether or not the last ones were answered.
//!
//! A request's latency counts from the moment at which it was due, so that a service that falls behind cannot hide it
//! (no coordinated omission).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::conditions::Conditions;
use crate::stats;

/// From this share of busy CPUs on, a machine's numbers are no longer the step's, percent.
pub const SATURATED_PERCENT: u8 = 95;

/// One strategy, applied to one step after the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// When, where and how. The machine sent the requests, and in the lab answered them as well.
    pub conditions: Conditions,
    /// The strategy's name: its file's.
    pub strategy: String,
    /// The strategy in words.
    pub phases: String,
    /// The way that the requests took, in words.
    pub through: String,
    /// Answers within this time satisfy, ms.
    pub apdex_threshold_ms: f64,
    /// Environments that the account may have; absent outside the lab.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u32>,
    /// By the step's folder name, by the path of a file, or by URL.
    pub steps: BTreeMap<String, Loaded>,
}

/// One step under load.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Loaded {
    /// Memory size, MB as AWS writes it (MiB); absent where nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_mb: Option<u32>,
    /// The size was given by hand and is not the manifest's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub memory_overridden: bool,
    /// How long requests were sent, s.
    pub sending_s: f64,
    /// Requests sent.
    pub offered: u64,
    /// Right answers.
    pub served: u64,
    /// Answers within the Apdex threshold, right ones.
    pub satisfied: u64,
    /// Right answers within four times the threshold, not counting those.
    pub tolerated: u64,
    /// When the first request that failed was due, s; absent without failures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_error_s: Option<f64>,
    /// What clients got instead of the right answer, and how often.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub errors: BTreeMap<String, u64>,
    /// What the function wrote to its log meanwhile, warnings and errors, and how often.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub logged: BTreeMap<String, u64>,
    /// What was asked of the backing services, by name; zeros left out; absent outside the lab.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub counts: BTreeMap<String, u64>,
    /// Requests that waited for an init phase; absent where nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cold_starts: Option<u64>,
    /// Environments started; absent outside the lab.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environments: Option<u64>,
    /// Latency of the right answers; absent without any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
    /// Latency of all answers, which is what other load generators give; absent without any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_of_all: Option<Latency>,
    /// How late requests were sent: the 99th percentile, microseconds. It is in the latencies.
    pub late_p99_us: u64,
    /// The second from which this machine's CPUs were busy and the numbers are no longer the step's; absent without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saturated_from_s: Option<u32>,
    /// Second by second.
    pub series: Series,
}

/// How latencies are distributed, microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Latency {
    /// Smallest.
    pub min_us: u64,
    /// Mean.
    pub mean_us: f64,
    /// Median.
    pub p50_us: u64,
    /// 95th percentile.
    pub p95_us: u64,
    /// 99th percentile.
    pub p99_us: u64,
    /// Largest.
    pub max_us: u64,
}

/// What happened in each second; all lists have the same length, and go on until the last answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Series {
    /// Requests that were due.
    pub offered: Vec<u32>,
    /// Right answers that arrived.
    pub served: Vec<u32>,
    /// Wrong ones that arrived.
    pub failed: Vec<u32>,
    /// Cold starts among the answers that arrived; empty where nobody knows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cold_starts: Vec<u32>,
    /// 95th percentile of the right answers that arrived, microseconds; 0 without any.
    pub p95_us: Vec<u64>,
    /// How busy this machine's CPUs were, percent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub busy_percent: Vec<u8>,
}

impl Load {
    /// Whether another load was put on under the same conditions.
    pub fn is_like(&self, other: &Self) -> bool {
        let quota = |load: &Self| (load.concurrency, load.conditions.method.parameter_quota);
        (&self.strategy, &self.phases) == (&other.strategy, &other.phases)
            && self.conditions.profile() == other.conditions.profile()
            && quota(self) == quota(other)
    }
}

impl Loaded {
    /// Requests sent a second, on average.
    pub fn offered_per_second(&self) -> f64 {
        self.offered as f64 / self.sending_s
    }

    /// Right answers a second, on average over the time in which requests were sent.
    pub fn served_per_second(&self) -> f64 {
        self.served as f64 / self.sending_s
    }

    /// The most right answers of any one second.
    pub fn served_at_most(&self) -> u32 {
        self.series.served.iter().copied().max().unwrap_or_default()
    }

    /// Requests without the right answer.
    pub fn failed(&self) -> u64 {
        self.offered - self.served
    }

    /// Apdex, 0 to 1: whoever got no right answer is as frustrated as whoever waited too long.
    pub fn apdex(&self) -> f64 {
        (self.satisfied as f64 + self.tolerated as f64 / 2.0) / (self.offered.max(1)) as f64
    }

    /// Apdex in the words of its specification.
    pub fn apdex_in_words(&self) -> &'static str {
        match self.apdex() {
            score if score >= 0.94 => "excellent",
            score if score >= 0.85 => "good",
            score if score >= 0.70 => "fair",
            score if score >= 0.49 => "poor",
            _ => "unacceptable",
        }
    }

    /// What makes these numbers nonsense.
    pub(crate) fn problem(&self) -> Option<String> {
        let Series {
            offered,
            served,
            failed,
            p95_us,
            ..
        } = &self.series;
        let lengths = [served.len(), failed.len(), p95_us.len()];
        if lengths.iter().any(|it| *it != offered.len()) {
            return Some("its series differ in length".to_owned());
        }
        if !(self.sending_s > 0.0 && self.sending_s.is_finite()) {
            return Some("requests were sent for no time".to_owned());
        }
        let errors: u64 = self.errors.values().sum();
        (self.served + errors != self.offered || self.satisfied + self.tolerated > self.served)
            .then(|| "its counts do not add up".to_owned())
    }
}

impl Latency {
    /// Of samples in microseconds; none without samples.
    pub fn of(samples_us: &[u64]) -> Option<Self> {
        let mut sorted: Vec<f64> = samples_us.iter().map(|us| *us as f64).collect();
        sorted.sort_by(f64::total_cmp);
        let at = |share| Some(stats::percentile(&sorted, share)?.round() as u64);
        Some(Self {
            min_us: at(0.0)?,
            mean_us: stats::mean(&sorted)?,
            p50_us: at(0.5)?,
            p95_us: at(0.95)?,
            p99_us: at(0.99)?,
            max_us: at(1.0)?,
        })
    }
}
