//! What can be told of a measured step, each with the one way in which it is written.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::value::{Error as ValueError, StrDeserializer};

use crate::format::{bytes, duration, per_second, usd};
use crate::interval::{Estimate, Interval};
use crate::price::Prices;
use crate::schema::{Measurement, Metric, UPSTREAMS_DELAY};

/// Something that is told of a step; a page of the book names it as serde does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quantity {
    /// Memory size.
    #[serde(rename = "memory-size")]
    Memory,
    /// The architecture that it is deployed on.
    Architecture,
    /// Median of paced warm invocations.
    P50,
    /// Their 95th percentile.
    P95,
    /// Their 99th percentile with its interval: few of them are slower.
    P99,
    /// Median of their REPORT durations.
    DurationP50,
    /// How many of them there are.
    Samples,
    /// Median of the closed loop.
    Closed,
    /// Its 99th percentile with its interval.
    ClosedP99,
    /// Its rate.
    PerSecond,
    /// Modelled network of a warm invocation.
    Network,
    /// Delay of its upstreams' answers.
    Upstreams,
    /// CPU time of a warm invocation.
    Cpu,
    /// Time that the CPU limit throttled it.
    Throttled,
    /// What of the median is neither network nor upstreams nor CPU time.
    Rest,
    /// Init phase.
    Init,
    /// First invocation.
    First,
    /// Both.
    Cold,
    /// Memory used.
    #[serde(rename = "memory")]
    Used,
    /// Size of the executable.
    Binary,
    /// Size of the package.
    Zip,
    /// What a million warm requests cost in Lambda.
    Cost,
}

impl Quantity {
    /// By the name that a page of the book gives it.
    pub fn named(name: &str) -> Option<Self> {
        Self::deserialize(StrDeserializer::<ValueError>::new(name)).ok()
    }

    /// The text of a cell; none where it was not measured.
    pub fn of(self, measurement: &Measurement, prices: &Prices) -> Option<String> {
        let p50 = |metric| measurement.median(metric).map(duration);
        let summary = |metric| measurement.summary(metric);
        let mean = |value: fn(&crate::schema::Round) -> Option<f64>| measurement.mean(value);
        match self {
            Self::Memory => Some(measurement.memory_mb.to_string()),
            Self::Architecture => Some(measurement.architecture.clone()),
            Self::P50 => p50(Metric::Warm),
            Self::P95 => summary(Metric::Warm).map(|summary| duration(summary.p95)),
            Self::P99 => measurement.estimate(Metric::Warm, 0.99).map(estimated),
            Self::DurationP50 => p50(Metric::WarmDuration),
            Self::Samples => summary(Metric::Warm).map(|summary| summary.count.to_string()),
            Self::Closed => p50(Metric::Closed),
            Self::ClosedP99 => measurement.estimate(Metric::Closed, 0.99).map(estimated),
            // Without a closed loop the rate is 0.
            Self::PerSecond => measurement
                .median(Metric::PerSecond)
                .filter(|rate| *rate > 0.0)
                .map(per_second),
            Self::Network => mean(|round| round.warm_network_us).map(duration),
            Self::Upstreams => {
                let delay = mean(|round| round.counts_warm.get(UPSTREAMS_DELAY).copied());
                delay.map(duration)
            }
            Self::Cpu => mean(|round| round.warm_cpu_us).map(duration),
            Self::Throttled => mean(|round| round.warm_throttled_us).map(duration),
            Self::Rest => {
                let rest = measurement.median(Metric::Warm)? - measurement.explained_us()?;
                Some(signed(rest))
            }
            Self::Init => p50(Metric::Init),
            Self::First => p50(Metric::First),
            Self::Cold => p50(Metric::Cold),
            Self::Used => measurement.max_memory_mib().map(|mib| format!("{mib} MB")),
            Self::Binary => measurement.binary_bytes.map(bytes),
            Self::Zip => Some(bytes(measurement.zip_bytes)),
            Self::Cost => prices
                .million_of(measurement)
                .map(|cost| usd(cost.lambda())),
        }
    }
}

/// `22.9 ms [21.4 ms, 29.3 ms]`.
fn estimated(Estimate { value, interval }: Estimate) -> String {
    let value = duration(value);
    match interval {
        Some(Interval { low, high }) => format!("{value} [{}, {}]", duration(low), duration(high)),
        None => format!("about {value}"),
    }
}

/// Requests that ran side by side are explained twice: the rest may be negative.
fn signed(us: f64) -> String {
    if us < 0.0 {
        format!("-{}", duration(-us))
    } else {
        duration(us)
    }
}

/// The counted things that the steps differ in, and their headings.
pub const COUNTED: [(&str, &[&str]); 6] = [
    (
        "SSM calls",
        &["parameters.get_parameter", "parameters.get_parameters"],
    ),
    (
        "TLS handshakes",
        &[
            "parameters.tls_handshakes",
            "database.tls_handshakes",
            "cache.tls_handshakes",
        ],
    ),
    ("SETs", &["database.sets"]),
    ("SSM round trips", &["parameters.round_trips"]),
    ("database", &["database.round_trips"]),
    ("cache", &["cache.round_trips"]),
];

/// The same of a function's own upstreams, which steps have none of.
pub const UPSTREAMS: (&str, &[&str]) = ("upstreams", &["upstreams.requests"]);

/// The sum of some counters, of a first (cold) and of a later invocation: `7 / 2`.
pub(super) fn counted(measurement: &Measurement, counters: &[&str]) -> String {
    let sum = |counts: &BTreeMap<String, f64>| {
        let found = counters.iter().filter_map(|counter| counts.get(*counter));
        count(found.fold(0.0, |sum, count| sum + count))
    };
    let (cold, warm) = (measurement.counts_cold(), measurement.counts_warm());
    format!("{} / {}", sum(&cold), sum(&warm))
}

/// `1 call`, `4 calls`, `0.5 calls`.
pub fn several_of(number: f64, thing: &str) -> String {
    let number = count(number);
    let end = if number == "1" { "" } else { "s" };
    format!("{number} {thing}{end}")
}

/// Whole numbers without decimals: a mean over invocations need not be one.
pub fn count(value: f64) -> String {
    if (value - value.round()).abs() < 0.05 {
        format!("{value:.0}")
    } else {
        format!("{value:.1}")
    }
}
