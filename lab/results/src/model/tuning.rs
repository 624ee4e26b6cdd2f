//! One step at several memory sizes: which one to choose.
//!
//! The arithmetic is AWS Lambda Power Tuning's (github.com/alexcasalboni/aws-lambda-power-tuning), so that its users find
//! the numbers that they know: a trimmed mean, billed milliseconds rounded up, three strategies. Two things differ. Cold and
//! warm invocations are kept apart, and the price of a GB-second is that of `data/facts.toml`, where Power Tuning rounds it.

mod link;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use link::{comparison_link, link};

use crate::conditions::Conditions;
use crate::price::{Prices, billed_ms};
use crate::schema::{Measurement, Metric, Round};
use crate::stats::mean;

/// Share of the samples that are left out at each end: Power Tuning's `discardTopBottom`.
pub const DISCARDED: f64 = 0.2;

/// The sizes that are tried unless others are asked for, MB: those around the sample's two (256 and 1024), one whole vCPU
/// (1769), and the smallest and largest that any new account may use.
pub const SIZES: [u32; 6] = [128, 256, 512, 1024, 1769, 3008];

/// A step, measured at several memory sizes in turns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tuning {
    /// The step's folder, or the path of a measured file.
    pub step: String,
    /// The memory size of its manifest, MB.
    pub memory_mb: u32,
    /// Under what conditions.
    pub conditions: Conditions,
    /// One measurement a size, ascending. There is no closed loop in them.
    pub sizes: Vec<Measurement>,
    /// The sizes at which it does not answer, MB, and what came instead.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub failed: BTreeMap<u32, String>,
}

/// Whether an environment had to start for the invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Temperature {
    /// It had: init is a part of the duration, and billed.
    Cold,
    /// It had not.
    Warm,
}

/// What Power Tuning says about one size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Memory size, MB.
    pub memory_mb: u32,
    /// Trimmed mean of the durations, ms; not trimmed for cold starts, as Power Tuning does with `onlyColdStarts`.
    pub duration_ms: f64,
    /// One invocation's duration charge, USD; the request fee is not in it.
    pub cost: f64,
}

/// A tuning that cannot be summed up.
#[derive(Debug, thiserror::Error)]
#[error("{0} has no price or no sample")]
pub struct Unpriced(
    /// The step.
    pub String,
);

/// What is wanted of a size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Strategy {
    /// The cheapest.
    Cost,
    /// The fastest.
    Speed,
    /// The smallest weighted sum of cost and time, each as a part of its largest value. The weight (0 to 1) is the cost's.
    Balanced(f64),
}

impl Tuning {
    /// Each size as Power Tuning would sum it up.
    pub fn points(
        &self,
        temperature: Temperature,
        prices: &Prices,
    ) -> Result<Vec<Point>, Unpriced> {
        let sizes = self.sizes.iter();
        let points: Option<_> = sizes.map(|it| point(it, temperature, prices)).collect();
        points.ok_or_else(|| Unpriced(self.step.clone()))
    }

    /// What all invocations of all sizes would have cost on Lambda, USD, without the request fee.
    pub fn total_cost(&self, prices: &Prices) -> Option<f64> {
        let each = self.sizes.iter().map(|size| {
            let invocations = [Temperature::Cold, Temperature::Warm].into_iter();
            let invocations = invocations.flat_map(|it| durations_us(&size.rounds, it));
            let ms: f64 = invocations.map(billed_ms).sum();
            Some(ms * prices.millisecond(size.memory_mb, &size.architecture)?)
        });
        each.sum()
    }
}

fn point(size: &Measurement, temperature: Temperature, prices: &Prices) -> Option<Point> {
    let durations = durations_us(&size.rounds, temperature);
    let billed: Vec<f64> = durations.iter().map(|us| billed_ms(*us)).collect();
    let discarded = match temperature {
        Temperature::Cold => 0.0,
        Temperature::Warm => DISCARDED,
    };
    let millisecond = prices.millisecond(size.memory_mb, &size.architecture)?;
    Some(Point {
        memory_mb: size.memory_mb,
        duration_ms: trimmed_mean(&durations, discarded)? / 1e3,
        cost: trimmed_mean(&billed, discarded)?.ceil() * millisecond,
    })
}

fn durations_us(rounds: &[Round], temperature: Temperature) -> Vec<f64> {
    let each = rounds.iter().map(|round| match temperature {
        Temperature::Cold => vec![(round.init_us + round.first_duration_us) as f64],
        Temperature::Warm => round.samples(Metric::WarmDuration),
    });
    each.flatten().collect()
}

/// The mean without `share` of the samples at each end, whole samples only.
pub fn trimmed_mean(samples: &[f64], share: f64) -> Option<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let discarded = (sorted.len() as f64 * share) as usize;
    mean(sorted.get(discarded..sorted.len() - discarded)?)
}

/// The size that a strategy chooses. Of equally cheap ones the fastest, of equally fast ones the cheapest.
pub fn choose(points: &[Point], strategy: Strategy) -> Option<Point> {
    let largest = |value: fn(&Point) -> f64| points.iter().map(value).fold(0.0, f64::max);
    let (dearest, slowest) = (largest(|it| it.cost), largest(|it| it.duration_ms));
    let key = |&Point {
                   cost, duration_ms, ..
               }: &Point| match strategy {
        Strategy::Cost => (cost, duration_ms),
        Strategy::Speed => (duration_ms, cost),
        Strategy::Balanced(weight) => {
            let sum = weight * cost / dearest + (1.0 - weight) * duration_ms / slowest;
            (sum, cost)
        }
    };
    points.iter().copied().min_by(|a, b| {
        let (a, b) = (key(a), key(b));
        a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fifth_goes_at_each_end_in_whole_samples() {
        let samples = [100.0, 1.0, 2.0, 3.0, 4.0];
        assert_eq!(trimmed_mean(&samples, 0.2), Some(3.0));
        assert_eq!(
            trimmed_mean(&samples[..4], 0.2),
            mean(&samples[..4]),
            "0.8 of a sample is none"
        );
        assert_eq!(trimmed_mean(&[], 0.2), None);
    }

    #[test]
    fn each_strategy_chooses_its_size_and_ties_go_to_the_better_one() {
        let point = |memory_mb, duration_ms, cost| Point {
            memory_mb,
            duration_ms,
            cost,
        };
        let points = [
            point(128, 40.0, 84.0),
            point(256, 20.0, 84.0),
            point(512, 10.0, 90.0),
            point(1024, 10.0, 180.0),
        ];
        let chosen = |strategy| choose(&points, strategy).unwrap().memory_mb;
        assert_eq!(chosen(Strategy::Cost), 256, "as cheap as 128, and faster");
        assert_eq!(chosen(Strategy::Speed), 512, "as fast as 1024, and cheaper");
        // Sums: 128 0.73, 256 0.48, 512 0.375, 1024 0.625.
        assert_eq!(chosen(Strategy::Balanced(0.5)), 512);
        assert_eq!(chosen(Strategy::Balanced(1.0)), 128, "the cost alone");
        assert_eq!(choose(&[], Strategy::Cost), None);
    }
}
