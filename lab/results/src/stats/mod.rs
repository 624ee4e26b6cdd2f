//! Percentiles and summaries.
//!
//! Percentiles interpolate linearly between the two nearest samples (Hyndman and Fan's type 7, the default of R and
//! `NumPy`), so that anybody can check them. No sample is left out as an outlier: a slow invocation happened.

pub mod interval;
pub mod scale;

use std::collections::BTreeMap;

use crate::interval::{Comparison, Estimate};
use crate::schema::{Measurement, Metric, Round, Session, UPSTREAMS_DELAY};

/// How a set of samples is distributed, in the samples' unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// Number of samples.
    pub count: usize,
    /// Smallest.
    pub min: f64,
    /// Median.
    pub p50: f64,
    /// 90th percentile.
    pub p90: f64,
    /// 95th percentile.
    pub p95: f64,
    /// 99th percentile.
    pub p99: f64,
    /// Largest.
    pub max: f64,
}

impl Summary {
    /// Summarises the samples; none without samples.
    pub fn of(samples: &[f64]) -> Option<Self> {
        let mut sorted = samples.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |share| percentile(&sorted, share);
        Some(Self {
            count: sorted.len(),
            min: *sorted.first()?,
            p50: at(0.50)?,
            p90: at(0.90)?,
            p95: at(0.95)?,
            p99: at(0.99)?,
            max: *sorted.last()?,
        })
    }
}

/// The value below which `share` (0 to 1) of the ascending samples lie; none without samples.
pub fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    let rank = sorted.len().checked_sub(1)? as f64 * share.clamp(0.0, 1.0);
    let below = sorted[rank.floor() as usize];
    let above = sorted[rank.ceil() as usize];
    Some(interpolate(below, above, rank.fract()))
}

/// Between `below` and `above`, never outside of them: `below + (above - below) * part` may round past `above`.
pub(crate) fn interpolate(below: f64, above: f64, part: f64) -> f64 {
    (below + (above - below) * part).min(above)
}

/// The arithmetic mean; none without samples.
pub fn mean(samples: &[f64]) -> Option<f64> {
    (!samples.is_empty()).then(|| samples.iter().sum::<f64>() / samples.len() as f64)
}

impl Measurement {
    /// The samples of one metric, round by round.
    pub fn rounds_of(&self, metric: Metric) -> Vec<Vec<f64>> {
        self.rounds
            .iter()
            .map(|round| round.samples(metric))
            .collect()
    }

    /// All rounds pooled.
    pub fn summary(&self, metric: Metric) -> Option<Summary> {
        Summary::of(&self.rounds_of(metric).concat())
    }

    /// The pooled median.
    pub fn median(&self, metric: Metric) -> Option<f64> {
        interval::median(&self.rounds_of(metric))
    }

    /// The medians of the first and of the last third of each environment's warm invocations, µs; none where these are fewer
    /// than three.
    pub fn first_and_last_third(&self) -> Option<(f64, f64)> {
        let rounds = self.rounds_of(Metric::Warm);
        let third = |of: fn(&[f64], usize) -> &[f64]| {
            let thirds = rounds
                .iter()
                .map(|round| of(round, round.len() / 3).to_vec());
            interval::median(&thirds.collect::<Vec<_>>())
        };
        let first = third(|round, third| &round[..third])?;
        let last = third(|round, third| &round[round.len() - third..])?;
        Some((first, last))
    }

    /// The value below which `share` (0 to 1) of the samples lie, with its interval: thousands of times the work of
    /// [`Measurement::median`].
    pub fn estimate(&self, metric: Metric, share: f64) -> Option<Estimate> {
        interval::estimate(&self.rounds_of(metric), &self.sessions(), share)
    }

    /// How many rounds each start of everything has.
    pub fn sessions(&self) -> Vec<usize> {
        let together = self
            .rounds
            .chunk_by(|one, next| one.session == next.session);
        together.map(<[Round]>::len).collect()
    }

    /// The mean over the rounds of a value that each round has; none where a round lacks it.
    pub fn mean(&self, value: impl Fn(&Round) -> Option<f64>) -> Option<f64> {
        let values: Option<Vec<f64>> = self.rounds.iter().map(value).collect();
        mean(&values?)
    }

    /// What explains a paced warm invocation, microseconds: the delays that it waited for, those of upstreams too, and its own
    /// CPU time. What
    /// the median has above this is hidden elsewhere: throttling, wake-ups, a backing service's real work.
    pub fn explained_us(&self) -> Option<f64> {
        self.mean(|round| {
            let upstreams = round.counts_warm.get(UPSTREAMS_DELAY);
            Some(round.warm_network_us? + round.warm_cpu_us? + upstreams.unwrap_or(&0.0))
        })
    }

    /// The largest Max Memory Used, MiB.
    pub fn max_memory_mib(&self) -> Option<u32> {
        self.rounds.iter().map(|round| round.max_memory_mib).max()
    }

    /// Mean counts of init and the first invocation, by name.
    pub fn counts_cold(&self) -> BTreeMap<String, f64> {
        self.mean_counts(|round| &round.counts_cold)
    }

    /// Mean counts of a paced warm invocation, by name.
    pub fn counts_warm(&self) -> BTreeMap<String, f64> {
        self.mean_counts(|round| &round.counts_warm)
    }

    fn mean_counts(
        &self,
        counts: impl Fn(&Round) -> &BTreeMap<String, f64>,
    ) -> BTreeMap<String, f64> {
        let mut sums: BTreeMap<String, f64> = BTreeMap::new();
        for (name, count) in self.rounds.iter().flat_map(counts) {
            *sums.entry(name.clone()).or_default() += count / self.rounds.len() as f64;
        }
        sums
    }
}

impl Session {
    /// How many times better `after` is than `before`, with the interval; none if one was not measured in this session.
    pub fn compare(&self, before: &str, after: &str, metric: Metric) -> Option<Comparison> {
        let [numerator, denominator] = self.sides(before, after, metric)?;
        let sessions = self.measurements.get(before)?.sessions();
        interval::compare(&numerator, &denominator, &sessions)
    }

    /// The same without the interval.
    pub fn ratio(&self, before: &str, after: &str, metric: Metric) -> Option<f64> {
        let [numerator, denominator] = self.sides(before, after, metric)?;
        interval::ratio(&numerator, &denominator)
    }

    fn sides(&self, before: &str, after: &str, metric: Metric) -> Option<[Vec<Vec<f64>>; 2]> {
        let before = self.measurements.get(before)?.rounds_of(metric);
        let after = self.measurements.get(after)?.rounds_of(metric);
        Some(match metric {
            Metric::PerSecond => [after, before],
            _ => [before, after],
        })
    }
}
