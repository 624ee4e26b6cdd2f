//! The whole way from a measurement to the file and the tables.

use std::time::Duration;

use lab_bench::measure::{Extent, Prepared, measure};
use lab_workspace::progress::Progress;

use crate::support::Bench;

#[tokio::test]
async fn a_measurement_has_every_sample_and_count_that_was_asked_for() {
    let bench = Bench::start().await;
    let extent = Extent {
        warm_up: 0,
        rounds: 2,
        paced: 3,
        gap: Duration::from_millis(1),
        closed: 4,
        closed_time: Duration::from_secs(5),
        seed: 0,
    };
    let mut prepared = Vec::new();
    for name in ["02", "05"] {
        let target = bench.target(name);
        let executable = target.executable(&bench.workspace).await.unwrap();
        let mut target = Prepared::new(&bench.lab, &target, &executable).unwrap();
        assert_eq!(
            target.check(&bench.lab).await.unwrap(),
            None,
            "{name} keeps the contract"
        );
        prepared.push(target);
    }
    let mut progress = Progress::start("measuring");
    let measurements = measure(&bench.lab, &prepared, &extent, &mut progress)
        .await
        .unwrap();
    assert_eq!(
        measurements.keys().collect::<Vec<_>>(),
        ["02-reuse-connections", "05-elasticache"]
    );
    for (name, measurement) in &measurements {
        assert_eq!(measurement.rounds.len(), 2, "{name}");
        assert!(
            measurement.zip_bytes > 0 && Some(measurement.zip_bytes) < measurement.binary_bytes,
            "{name}"
        );
        for round in &measurement.rounds {
            assert_eq!(
                (
                    round.warm_us.len(),
                    round.warm_duration_us.len(),
                    round.closed_us.len()
                ),
                (3, 3, 4),
                "{name}"
            );
            assert!(
                round.init_us > 0 && round.first_us > 0 && round.max_memory_mib > 0,
                "{name}: {round:?}"
            );
            assert!(
                round.warm_cpu_us.is_some_and(|cpu| cpu > 0.0),
                "{name}: {round:?}"
            );
        }
    }
    let round = &measurements["02-reuse-connections"].rounds[0];
    assert_eq!(
        round.counts_warm.get("parameters.get_parameters"),
        Some(&1.0),
        "asked at every request: {round:?}"
    );
    let round = &measurements["05-elasticache"].rounds[0];
    assert_eq!(
        round.counts_cold.get("cache.misses"),
        Some(&1.0),
        "a cold start finds the cache empty: {round:?}"
    );
    assert_eq!(round.counts_warm.get("cache.hits"), Some(&1.0), "{round:?}");
}
