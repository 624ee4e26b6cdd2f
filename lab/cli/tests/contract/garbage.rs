//! Bytes that nobody parses must prove themselves. Half a list, which no step serves, is in `tests/faults.rs`.

use std::time::Duration;

use lab_bench::contract;
use lab_workspace::BackingService;

use crate::support::Bench;

/// Longer than any step keeps an answer in its environment.
const CACHED: Duration = Duration::from_secs(15);

#[tokio::test]
async fn one_changed_byte_in_a_body_that_is_passed_through_is_seen() {
    let bench = Bench::start().await;
    let cache = bench.lab.services.cache();
    let mut tried = 0;
    let has_cache = bench
        .stadium_targets()
        .into_iter()
        .filter(|target| target.services.contains(&BackingService::Cache));
    for target in has_cache {
        let mut environment = bench.environment(&target).await;
        let right = bench.get(&mut environment).await;
        let (key, stored) = cache
            .any()
            .await
            .unwrap()
            .expect("the step fills the cache");
        // The rows as they are: this step parses what it finds.
        let is_parsed = contract::check(&stored).is_ok();
        if !is_parsed {
            for position in [0, stored.len() / 2, stored.len() - 1] {
                let mut changed = stored.clone();
                changed[position] ^= 1;
                cache.set(&key, &changed).await.unwrap();
                bench.clock.advance(CACHED).unwrap();
                let name = &target.name;
                assert_eq!(
                    bench.get(&mut environment).await,
                    right,
                    "{name}: {position}"
                );
                let now = cache.get(&key).await.unwrap();
                assert_eq!(now.as_deref(), Some(&*stored), "{name}: replaced");
                tried += 1;
            }
        }
        environment.shutdown().await;
    }
    assert!(tried > 0);
}
