//! What a parameter can do to a step. What a service's failure does is in `tests/faults.rs`.

use lab_bench::contract;
use lab_workspace::BackingService;

use crate::support::Bench;

#[tokio::test]
async fn the_cache_can_be_switched_off_by_its_parameter() {
    let bench = Bench::start().await;
    bench
        .lab
        .services
        .parameters()
        .put("/stadiums/cache/enabled", "false");
    let cached = bench
        .stadium_targets()
        .into_iter()
        .filter(|target| target.services.contains(&BackingService::Cache));
    for target in cached {
        let before = bench.lab.services.counts();
        let mut environment = bench.environment(&target).await;
        contract::check(bench.get(&mut environment).await.as_bytes()).unwrap();
        let seen = bench.lab.services.counts() - before;
        assert_eq!(
            seen[lab_services::Counter::CacheConnections],
            0,
            "{}",
            target.name
        );
        environment.shutdown().await;
    }
}
