//! Percentiles, summaries and comparisons.

#![expect(clippy::float_cmp, reason = "the expected values are exact")]

use crate::common::{measurement, session};
use lab_results::interval::{Verdict, compare, estimate};
use lab_results::schema::Metric;
use lab_results::stats::{Summary, percentile};
use proptest::prelude::*;

#[test]
fn percentiles_are_those_of_numpy() {
    // numpy.percentile([1, 2, 3, 4, 10], [0, 25, 50, 90, 99, 100])
    let sorted = [1.0, 2.0, 3.0, 4.0, 10.0];
    let shares = [0.0, 0.25, 0.5, 0.9, 0.99, 1.0];
    let expected = [1.0, 2.0, 3.0, 7.6, 9.76, 10.0];
    for (share, expected) in shares.into_iter().zip(expected) {
        assert!(
            (percentile(&sorted, share).unwrap() - expected).abs() < 1e-9,
            "{share}"
        );
    }
    assert_eq!(percentile(&[], 0.5), None);
}

#[test]
fn a_summary_pools_the_rounds() {
    let summary = measurement(2, 1500).summary(Metric::Warm).unwrap();
    assert_eq!(
        (summary.count, summary.min, summary.max),
        (6, 1500.0, 2410.0)
    );
    assert!((summary.p50 - 1545.0).abs() < 1e-9, "{summary:?}");
    assert_eq!(Summary::of(&[]), None);
}

#[test]
fn what_is_explained_is_the_network_and_the_cpu() {
    let mut measurement = measurement(2, 1500);
    assert_eq!(measurement.explained_us(), Some(1020.5));
    measurement.rounds[1].warm_cpu_us = None;
    assert_eq!(measurement.explained_us(), None);
}

#[test]
fn counts_are_means_over_the_rounds_also_of_what_only_some_saw() {
    let mut measurement = measurement(2, 1500);
    measurement.rounds[0]
        .counts_warm
        .insert("database.queries".to_owned(), 1.0);
    let counts = measurement.counts_warm();
    assert_eq!(
        (counts["cache.round_trips"], counts["database.queries"]),
        (1.0, 0.5)
    );
    assert_eq!(measurement.counts_cold()["database.round_trips"], 7.0);
}

#[test]
fn a_comparison_says_how_many_times_better_the_later_step_is() {
    let mut session = session("1", &[]);
    session
        .measurements
        .insert("slow".to_owned(), measurement(12, 30_000));
    session
        .measurements
        .insert("fast".to_owned(), measurement(12, 1000));
    for round in &mut session.measurements.get_mut("fast").unwrap().rounds {
        round.closed_per_second *= 4.0;
    }
    let warm = session.compare("slow", "fast", Metric::Warm).unwrap();
    assert!((27.0..29.0).contains(&warm.ratio), "{warm:?}");
    assert_eq!(warm.verdict(), Some(Verdict::Faster));
    let back = session.compare("fast", "slow", Metric::Warm).unwrap();
    assert_eq!(back.verdict(), Some(Verdict::Slower));
    let rate = session.compare("slow", "fast", Metric::PerSecond).unwrap();
    assert_eq!((rate.ratio, rate.verdict()), (4.0, Some(Verdict::Faster)));
    let init = session.compare("slow", "fast", Metric::Init).unwrap();
    assert_eq!(init.verdict(), Some(Verdict::NoMeasurableChange));
    assert_eq!(session.compare("slow", "absent", Metric::Warm), None);
}

#[test]
fn too_few_or_unpaired_rounds_give_a_ratio_without_interval() {
    let rounds = |count: usize| vec![vec![10.0, 12.0]; count];
    let nine = compare(&rounds(9), &rounds(9), &[9]).unwrap();
    assert_eq!(
        (nine.ratio, nine.interval, nine.verdict()),
        (1.0, None, None)
    );
    assert_eq!(
        compare(&rounds(10), &rounds(11), &[10]).unwrap().interval,
        None
    );
    assert!(
        compare(&rounds(10), &rounds(10), &[10])
            .unwrap()
            .interval
            .is_some()
    );
    assert!(compare(&rounds(10), &vec![vec![]; 10], &[10]).is_none());
    assert!(compare(&rounds(10), &vec![vec![0.0]; 10], &[10]).is_none());
    assert!(estimate(&rounds(9), &[9], 0.5).unwrap().interval.is_none());
}

#[test]
fn rounds_are_paired() {
    // The machine's drift differs tenfold from round to round, the ratio never: only pairs see it.
    let rounds = |factor: f64| -> Vec<Vec<f64>> {
        (1..=12)
            .map(|drift| vec![factor * f64::from(drift * drift)])
            .collect()
    };
    let interval = compare(&rounds(2.0), &rounds(1.0), &[12])
        .unwrap()
        .interval
        .unwrap();
    assert_eq!((interval.low, interval.high), (2.0, 2.0));
}

proptest! {
    #[test]
    fn percentiles_are_ordered_and_within_the_samples(samples in prop::collection::vec(0.0..1e9_f64, 1..200)) {
        let s = Summary::of(&samples).unwrap();
        for pair in [s.min, s.p50, s.p90, s.p95, s.p99, s.max].windows(2) {
            prop_assert!(pair[0] <= pair[1], "{s:?}");
        }
        prop_assert!(samples.contains(&s.min) && samples.contains(&s.max));
        prop_assert_eq!(s.count, samples.len());
    }

    #[test]
    fn the_pooled_median_is_that_of_the_samples_and_lies_in_its_interval(
        rounds in prop::collection::vec(prop::collection::vec(1.0..1e6_f64, 1..20), 10..14),
    ) {
        let estimate = estimate(&rounds, &[rounds.len()], 0.5).unwrap();
        prop_assert_eq!(estimate.value, Summary::of(&rounds.concat()).unwrap().p50);
        let interval = estimate.interval.unwrap();
        prop_assert!(interval.low <= interval.high);
        let all = rounds.concat();
        prop_assert!(all.iter().any(|&sample| sample <= interval.low) && all.iter().any(|&sample| sample >= interval.high));
    }
}
