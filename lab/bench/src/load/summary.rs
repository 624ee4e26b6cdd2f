//! Samples put together.

use std::collections::BTreeMap;
use std::time::Duration;

use lab_results::load::{Latency, Loaded, SATURATED_PERCENT, Series};
use lab_results::stats::percentile;

use super::send::{Sample, Seen};
use super::strategy::{Metric, Strategy, Threshold};

/// What can be said of a load from its samples alone; what else is known goes on top.
pub fn summary(strategy: &Strategy, seen: &Seen) -> Loaded {
    let samples = &seen.samples;
    let right = || samples.iter().filter(|sample| sample.wrong.is_none());
    let threshold = strategy.apdex_threshold;
    let within = |limit: Duration| right().filter(|sample| sample.latency <= limit).count() as u64;
    let satisfied = within(threshold);
    let mut errors = BTreeMap::new();
    for wrong in samples.iter().filter_map(|sample| sample.wrong.clone()) {
        *errors.entry(wrong).or_default() += 1;
    }
    let failed = samples.iter().filter(|sample| sample.wrong.is_some());
    let first_error = failed.map(|sample| sample.due).min();
    let latencies = |samples: Vec<&Sample>| {
        Latency::of(&samples.iter().map(|it| us(it.latency)).collect::<Vec<_>>())
    };
    let answered = samples.iter().filter(|sample| sample.status.is_some());
    let mut late: Vec<f64> = samples.iter().map(|it| us(it.late) as f64).collect();
    late.sort_by(f64::total_cmp);
    Loaded {
        memory_mb: None,
        memory_overridden: false,
        sending_s: strategy.duration().as_secs_f64(),
        offered: samples.len() as u64,
        served: right().count() as u64,
        satisfied,
        tolerated: within(4 * threshold) - satisfied,
        first_error_s: first_error.map(|due| due.as_secs_f64()),
        errors,
        logged: BTreeMap::new(),
        counts: BTreeMap::new(),
        cold_starts: None,
        environments: None,
        latency: latencies(right().collect()),
        latency_of_all: latencies(answered.collect()),
        late_p99_us: percentile(&late, 0.99).unwrap_or_default() as u64,
        saturated_from_s: saturated_from(&seen.busy_percent),
        series: series(strategy, seen),
    }
}

fn series(strategy: &Strategy, seen: &Seen) -> Series {
    let second_of = |time: Duration| time.as_secs() as usize;
    let arrived = |sample: &Sample| second_of(sample.due + sample.latency);
    let last = seen.samples.iter().map(|it| arrived(it) + 1).max();
    let sending = strategy.duration().as_secs_f64().ceil() as usize;
    let seconds = last.unwrap_or_default().max(sending);
    let zeros = || vec![0_u32; seconds];
    let (mut offered, mut served, mut failed, mut cold_starts) =
        (zeros(), zeros(), zeros(), zeros());
    let mut latencies: Vec<Vec<f64>> = vec![Vec::new(); seconds];
    for sample in &seen.samples {
        offered[second_of(sample.due).min(seconds - 1)] += 1;
        let second = arrived(sample);
        cold_starts[second] += u32::from(sample.cold);
        if sample.wrong.is_none() {
            served[second] += 1;
            latencies[second].push(us(sample.latency) as f64);
        } else {
            failed[second] += 1;
        }
    }
    let p95_us = latencies.into_iter().map(|mut samples| {
        samples.sort_by(f64::total_cmp);
        percentile(&samples, 0.95).unwrap_or_default() as u64
    });
    Series {
        p95_us: p95_us.collect(),
        offered,
        served,
        failed,
        cold_starts,
        busy_percent: seen.busy_percent.clone(),
    }
}

/// What does not hold of what the strategy ensures.
pub fn broken(thresholds: &[Threshold], samples: &[Sample]) -> Vec<String> {
    let answered = samples.iter().filter(|sample| sample.status.is_some());
    let mut ms: Vec<f64> = answered.map(|it| it.latency.as_secs_f64() * 1e3).collect();
    ms.sort_by(f64::total_cmp);
    let failed = samples.iter().filter(|it| it.wrong.is_some()).count() as f64;
    let value = |metric| match metric {
        Metric::Percentile(thousandths) => percentile(&ms, f64::from(thousandths) / 1e3),
        Metric::Min => ms.first().copied(),
        Metric::Max => ms.last().copied(),
        Metric::Mean => lab_results::stats::mean(&ms),
        Metric::Failed => Some(failed),
        Metric::ErrorRate => Some(100.0 * failed / samples.len().max(1) as f64),
    };
    let check = |threshold: &Threshold| match value(threshold.metric) {
        Some(value) => threshold.broken_by(value),
        None => Some(format!(
            "{} has no value: nothing answered",
            threshold.metric
        )),
    };
    thresholds.iter().filter_map(check).collect()
}

/// The first second in which this machine was the limit.
fn saturated_from(busy_percent: &[u8]) -> Option<u32> {
    let first = busy_percent
        .iter()
        .position(|percent| *percent >= SATURATED_PERCENT)?;
    u32::try_from(first).ok()
}

fn us(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, proptest};

    fn strategy() -> Strategy {
        let text = "config:\n  phases:\n    - duration: 3\n      arrivalRate: 2\n  apdex:\n    threshold: 100\n\
                    scenarios:\n  - flow:\n      - get:\n          url: /\n";
        Strategy::parse(text, Path::new("test.yml")).unwrap()
    }

    fn sample(due_ms: u64, latency_ms: u64, wrong: Option<&str>) -> Sample {
        Sample {
            due: Duration::from_millis(due_ms),
            late: Duration::ZERO,
            latency: Duration::from_millis(latency_ms),
            status: Some(if wrong.is_some() { 503 } else { 200 }),
            wrong: wrong.map(str::to_owned),
            cold: false,
        }
    }

    fn of(samples: Vec<Sample>) -> Loaded {
        let seen = Seen {
            samples,
            busy_percent: vec![20, 99],
        };
        summary(&strategy(), &seen)
    }

    #[test]
    fn an_answer_counts_in_the_second_in_which_it_arrives() {
        let loaded = of(vec![
            sample(0, 50, None),
            sample(900, 400, None),
            sample(1500, 5, Some("503: throttled")),
            sample(2500, 2000, None),
        ]);
        assert_eq!(loaded.series.offered, [2, 1, 1, 0, 0]);
        assert_eq!(loaded.series.served, [1, 1, 0, 0, 1]);
        assert_eq!(loaded.series.failed, [0, 1, 0, 0, 0]);
        assert_eq!(loaded.first_error_s, Some(1.5));
        assert_eq!(loaded.errors["503: throttled"], 1);
        assert_eq!((loaded.satisfied, loaded.tolerated), (1, 1));
        assert!((loaded.apdex() - 1.5 / 4.0).abs() < 1e-9);
        // The wrong answer was fast, and is in the second of these alone.
        assert_eq!(loaded.latency.unwrap().min_us, 50_000);
        assert_eq!(loaded.latency_of_all.unwrap().min_us, 5000);
        assert_eq!(loaded.saturated_from_s, Some(1));
    }

    #[test]
    fn thresholds_hold_or_not() {
        let samples = [sample(0, 50, None), sample(1, 250, Some("no"))];
        let threshold = |metric, limit| Threshold { metric, limit };
        let told = broken(
            &[
                threshold(Metric::Max, 251.0),
                threshold(Metric::Max, 250.0),
                threshold(Metric::Mean, 150.0),
                threshold(Metric::Failed, 1.0),
                threshold(Metric::ErrorRate, 50.0),
            ],
            &samples,
        );
        assert_eq!(told.len(), 3, "{told:?}");
        assert_eq!(broken(&[threshold(Metric::Max, 1.0)], &[]).len(), 1);
    }

    proptest! {
        #[test]
        fn everything_that_is_offered_is_served_or_failed(
            raw in prop::collection::vec((0..3000_u64, 0..10_000_u64, any::<bool>()), 0..200)
        ) {
            let wrong = |is: bool| is.then_some("wrong");
            let samples: Vec<Sample> = raw.iter().map(|(due, took, is)| sample(*due, *took, wrong(*is))).collect();
            let loaded = of(samples);
            let sum = |series: &[u32]| series.iter().copied().map(u64::from).sum::<u64>();
            prop_assert_eq!(sum(&loaded.series.offered), loaded.offered);
            prop_assert_eq!(sum(&loaded.series.served), loaded.served);
            prop_assert_eq!(sum(&loaded.series.failed), loaded.failed());
            prop_assert_eq!(loaded.errors.values().sum::<u64>(), loaded.failed());
            prop_assert!((0.0..=1.0).contains(&loaded.apdex()));
        }
    }
}
