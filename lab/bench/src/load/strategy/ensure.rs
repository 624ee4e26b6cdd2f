//! `ensure`: what must hold at the end, by Artillery's names.

use std::fmt;

/// What can be held to a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// `http.response_time.p95` and its like: latency of all answers, ms. The share is in thousandths.
    Percentile(u16),
    /// `http.response_time.min`
    Min,
    /// `http.response_time.max`
    Max,
    /// `http.response_time.mean`
    Mean,
    /// `vusers.failed`: requests without the right answer.
    Failed,
    /// `maxErrorRate`: their share, in percent.
    ErrorRate,
}

const NAMES: [(&str, Metric); 12] = [
    ("http.response_time.min", Metric::Min),
    ("http.response_time.max", Metric::Max),
    ("http.response_time.mean", Metric::Mean),
    ("http.response_time.median", Metric::Percentile(500)),
    ("http.response_time.p50", Metric::Percentile(500)),
    ("http.response_time.p75", Metric::Percentile(750)),
    ("http.response_time.p90", Metric::Percentile(900)),
    ("http.response_time.p95", Metric::Percentile(950)),
    ("http.response_time.p99", Metric::Percentile(990)),
    ("http.response_time.p999", Metric::Percentile(999)),
    ("vusers.failed", Metric::Failed),
    ("maxErrorRate", Metric::ErrorRate),
];

/// The metric of a name, or the names that there are. Artillery's older short names (`p95`) are taken as well.
pub fn of_name(name: &str) -> Result<Metric, String> {
    let known = |wanted: &str| NAMES.iter().find(|(it, _)| *it == wanted);
    known(name)
        .or_else(|| known(&format!("http.response_time.{name}")))
        .map(|(_, metric)| *metric)
        .ok_or_else(|| {
            let names: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
            format!(
                "{name} cannot be ensured by the lab. It knows {}",
                names.join(", ")
            )
        })
}

impl fmt::Display for Metric {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = NAMES.iter().rev().find(|(_, metric)| metric == self);
        formatter.write_str(named.map_or("", |(name, _)| name))
    }
}

/// One thing that must hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Threshold {
    /// What.
    pub metric: Metric,
    /// A latency and a count must be below this; `maxErrorRate` may be this.
    pub limit: f64,
}

impl Threshold {
    /// Why a value does not hold; nothing where it does.
    pub fn broken_by(&self, value: f64) -> Option<String> {
        // As Artillery's own check: `maxErrorRate` holds where it is equal, everything else does not.
        let (holds, wanted) = match self.metric {
            Metric::ErrorRate => (value <= self.limit, "at most"),
            _ => (value < self.limit, "less than"),
        };
        let unit = match self.metric {
            Metric::Failed => "",
            Metric::ErrorRate => " %",
            _ => " ms",
        };
        (!holds).then(|| {
            format!(
                "{} is {value:.1}{unit}, and the strategy wants {wanted} {}{unit}",
                self.metric, self.limit
            )
        })
    }
}
