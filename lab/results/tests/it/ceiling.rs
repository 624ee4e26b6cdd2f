//! The ceiling: the arithmetic on numbers that can be checked in the head, and its properties.

use crate::common::{facts, measurement, reference};
use lab_results::ceiling::{Limit, LimitKind, ceiling};
use lab_results::schema::Measurement;
use proptest::prelude::*;

/// A step that is busy for so long and asks for this.
fn step(busy_us: u64, warm: &[(&str, f64)], cold: &[(&str, f64)]) -> Measurement {
    let mut measurement = measurement(2, 1000);
    let counts = |counts: &[(&str, f64)]| {
        let owned = counts
            .iter()
            .map(|(name, count)| ((*name).to_owned(), *count));
        owned.collect()
    };
    for round in &mut measurement.rounds {
        round.warm_duration_us = vec![busy_us; round.warm_us.len()];
        round.counts_warm = counts(warm);
        round.counts_cold = counts(cold);
    }
    measurement
}

fn limits(measurement: &Measurement, concurrency: u64) -> Vec<Limit> {
    let network = crate::common::session("1", &[]).conditions.network;
    ceiling(measurement, network.as_ref(), &facts(), concurrency).unwrap()
}

fn of(limits: &[Limit], kind: LimitKind) -> Option<f64> {
    limits
        .iter()
        .find(|limit| limit.kind == kind)
        .map(|limit| limit.per_second)
}

fn close(value: Option<f64>, wanted: f64) {
    let value = value.expect("it is a limit");
    assert!(
        (value / wanted - 1.0).abs() < 1e-9,
        "{value} instead of {wanted}"
    );
}

#[test]
fn a_step_that_asks_for_everything_at_each_request_meets_every_limit() {
    let warm = [
        ("parameters.get_parameters", 1.0),
        ("database.sessions", 1.0),
        ("database.pinned", 1.0),
        ("database.requests", 6.0),
    ];
    let limits = limits(&step(50_000, &warm, &warm), 10);
    close(of(&limits, LimitKind::ParameterStore), 40.0);
    close(of(&limits, LimitKind::RequestRate), 100.0);
    close(of(&limits, LimitKind::Concurrency), 200.0);
    close(of(&limits, LimitKind::IamConnections), 200.0);
    let sign_ins = limits
        .iter()
        .find(|limit| limit.kind == LimitKind::IamConnections);
    // What nobody publishes is told beside what AWS advises.
    let because = &sign_ins.unwrap().because;
    assert!(
        because.contains("300000 invocations a day, 3.5/s"),
        "{because}"
    );
    // 450 pinned connections, 50 ms each.
    close(of(&limits, LimitKind::DatabaseConnections), 9000.0);
    close(of(&limits, LimitKind::HttpApi), 10_000.0);
    assert_eq!(of(&limits, LimitKind::CacheBandwidth), None);
    assert_eq!(limits[0].kind, LimitKind::ParameterStore);
    // Four names a call, $0.05 for 10,000.
    assert_eq!(limits[0].usd_per_million, Some(20.0));
    assert_eq!(limits[0].lifted_per_second, Some(1000.0));
    assert!(
        limits[0].lift.contains("$20.00 for a million requests"),
        "{}",
        limits[0].lift
    );
}

#[test]
fn a_step_that_keeps_what_it_got_is_limited_by_what_it_still_asks_for() {
    let warm = [("database.requests", 2.0), ("database.bytes_sent", 4000.0)];
    let cold = [("parameters.get_parameter", 4.0)];
    let limits = limits(&step(4000, &warm, &cold), 1000);
    close(of(&limits, LimitKind::RequestRate), 10_000.0);
    close(of(&limits, LimitKind::Concurrency), 250_000.0);
    // 40/s, four calls an environment each 300 s: 3,000 environments of 10 requests/s.
    close(of(&limits, LimitKind::ParameterStore), 30_000.0);
    // Two round trips of 1 ms.
    close(of(&limits, LimitKind::DatabaseConnections), 225_000.0);
    // 32 MB/s.
    close(of(&limits, LimitKind::DatabaseBandwidth), 8000.0);
    assert_eq!(of(&limits, LimitKind::IamConnections), None);
}

#[test]
fn the_cache_is_limited_by_what_its_node_may_send() {
    let limits = limits(&step(1500, &[("cache.bytes_sent", 8000.0)], &[]), 1000);
    close(of(&limits, LimitKind::CacheBandwidth), 1000.0);
    assert_eq!(limits[0].kind, LimitKind::CacheBandwidth);
    assert_eq!(of(&limits, LimitKind::ParameterStore), None);
}

#[test]
fn every_step_of_the_reference_has_a_ceiling_and_says_why() {
    let reference = reference();
    let session = reference.newest_with(Some("region"), &["00-unoptimized", "07-memory"]);
    let session = session.expect("the reference holds the ladder");
    let facts = facts();
    let network = session.conditions.network.as_ref();
    let limits = |measurement| ceiling(measurement, network, &facts, 1000).unwrap();
    for (name, measurement) in &session.measurements {
        let limits = limits(measurement);
        assert!(limits.len() >= 3, "{name}: {limits:?}");
        assert!(limits.is_sorted_by(|one, other| one.per_second <= other.per_second));
        for limit in &limits {
            assert!(
                !limit.because.is_empty() && !limit.lift.is_empty(),
                "{name}: {limit:?}"
            );
        }
    }
    let first = |name: &str| limits(&session.measurements[name])[0].kind;
    // What the sample's first steps are about.
    assert_eq!(first("00-unoptimized"), LimitKind::ParameterStore);
    assert_ne!(first("03-parameters-extension"), LimitKind::ParameterStore);
}

proptest! {
    #[test]
    fn more_concurrency_never_lowers_a_limit_and_lambda_binds_as_the_slower_of_two(
        busy_us in 100..500_000_u64,
        concurrency in 1..10_000_u64,
    ) {
        // There both are the limit, and rounding decides.
        prop_assume!(busy_us != 100_000);
        let step = step(busy_us, &[("parameters.get_parameter", 2.0)], &[]);
        let (few, many) = (limits(&step, concurrency), limits(&step, concurrency + 1));
        for limit in &few {
            prop_assert!(of(&many, limit.kind).is_none_or(|many| limit.per_second <= many));
        }
        let lambda = of(&few, LimitKind::Concurrency).unwrap().min(of(&few, LimitKind::RequestRate).unwrap());
        // Little's law: that rate keeps no more environments busy than there are.
        prop_assert!(lambda * (busy_us as f64 / 1e6) <= concurrency as f64 * (1.0 + 1e-9));
        // A request that takes less than 100 ms is limited by the rule, a longer one by its time.
        let is_the_rule = (lambda / (concurrency as f64 * 10.0) - 1.0).abs() < 1e-9;
        prop_assert_eq!(is_the_rule, busy_us <= 100_000);
    }
}
