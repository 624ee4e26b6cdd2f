//! How old an answer may be. A row is changed in PostgreSQL, and the function's clock is set forward: nothing here waits for
//! time to pass.

use std::time::{Duration, SystemTime};

use lab_bench::target::Target;
use lab_lambda::Environment;
use lab_services::{Counter, Counts};
use lab_workspace::BackingService;

use crate::support::Bench;

/// What the cache's entries live for.
const EXPIRY: Duration = Duration::from_secs(10);

/// The cache counts in whole milliseconds of a clock that it rounds down: what it says is left may be that much too long.
const CACHE_CLOCK: Duration = Duration::from_millis(1);

/// Beyond what is served without a question, within what is served and refreshed.
const STALE: Duration = Duration::from_secs(2);

/// The age from which on an answer is never served.
const TOO_OLD: Duration = Duration::from_secs(10);

/// The steps that keep the answer in their environment: a second request asks nobody.
async fn keepers(bench: &Bench) -> Vec<Target> {
    let mut keepers = Vec::new();
    for target in bench.stadium_targets() {
        let mut environment = bench.environment(&target).await;
        bench.get(&mut environment).await;
        bench.lab.services.settle().await;
        let before = bench.lab.services.counts();
        bench.get(&mut environment).await;
        if nothing_asked(&(bench.lab.services.counts() - before)) {
            keepers.push(target);
        }
        environment.shutdown().await;
    }
    keepers
}

fn nothing_asked(counts: &Counts) -> bool {
    counts.iter().all(|(_, count)| count == 0)
}

/// Those of them with a cache, which is what a refresh fills last.
async fn keepers_with_cache(bench: &Bench) -> Vec<Target> {
    let mut keepers = keepers(bench).await;
    keepers.retain(|target| target.services.contains(&BackingService::Cache));
    assert!(!keepers.is_empty());
    keepers
}

/// Changes a row, and empties the cache as the end of its entry's life would.
async fn change_a_row(bench: &Bench, by: i32) {
    let sql = format!("UPDATE stadiums SET capacity = capacity + {by} WHERE id = 1");
    bench.query(&sql).await;
    bench.lab.services.cache().flush().await.unwrap();
}

/// Until the environment, which is not frozen, has asked the database again.
async fn until_refreshed(bench: &Bench, environment: &mut Environment, old: &str) -> String {
    for _ in 0..1000 {
        let now = bench.get(environment).await;
        if now != old {
            return now;
        }
        tokio::task::yield_now().await;
    }
    old.to_owned()
}

/// Gets a stale answer, and freezes the environment while its refresh waits for the database, which then answers. The moment
/// of the freeze, and what was asked from the request on.
async fn freeze_in_refresh(
    bench: &Bench,
    name: &str,
    environment: &mut Environment,
    stale: &str,
) -> (SystemTime, Counts) {
    let services = &bench.lab.services;
    services.settle().await;
    let before = services.counts();
    services.database().suspend().await.unwrap();
    assert_eq!(bench.get(environment).await, stale, "{name}: stale");
    let asked = async {
        while (services.counts() - before)[Counter::CacheGets] == 0 {
            tokio::task::yield_now().await;
        }
    };
    let asked = tokio::time::timeout(Duration::from_secs(5), asked).await;
    asked.unwrap_or_else(|_| panic!("{name}: the refresh does not ask the cache"));
    environment.freeze();
    let frozen_at = SystemTime::now();
    services.database().resume().await.unwrap();
    services.settle().await;
    (frozen_at, services.counts() - before)
}

#[tokio::test]
async fn a_changed_row_is_served_when_its_time_has_come() {
    let bench = Bench::start().await;
    for target in bench.stadium_targets() {
        let mut environment = bench.environment(&target).await;
        let old = bench.get(&mut environment).await;
        let cache = bench.lab.services.cache();
        if let Some((key, _)) = cache.any().await.unwrap() {
            let left = cache.time_to_live(&key).await.unwrap();
            assert!(
                left.is_some_and(|left| left <= EXPIRY),
                "{}: {left:?}",
                target.name
            );
        }
        change_a_row(&bench, 1).await;
        bench.clock.advance(TOO_OLD).unwrap();
        let new = bench.get(&mut environment).await;
        assert_ne!(new, old, "{}: older than it promises", target.name);
        change_a_row(&bench, -1).await;
        environment.shutdown().await;
    }
}

#[tokio::test]
async fn a_kept_answer_is_served_then_served_and_refreshed() {
    let bench = Bench::start().await;
    let keepers = keepers(&bench).await;
    assert!(!keepers.is_empty());
    for target in keepers {
        let name = &target.name;
        let mut environment = bench.environment(&target).await;
        let old = bench.get(&mut environment).await;
        change_a_row(&bench, 1).await;
        bench.lab.services.settle().await;

        let before = bench.lab.services.counts();
        assert_eq!(bench.get(&mut environment).await, old, "{name}: fresh");
        let asked = bench.lab.services.counts() - before;
        assert!(nothing_asked(&asked), "{name}: {asked:?}");

        bench.clock.advance(STALE).unwrap();
        let before = bench.lab.services.counts();
        assert_eq!(bench.get(&mut environment).await, old, "{name}: stale");
        let new = until_refreshed(&bench, &mut environment, &old).await;
        assert_ne!(new, old, "{name}: refreshed beside the answer");
        bench.lab.services.settle().await;
        let asked = bench.lab.services.counts() - before;
        assert_eq!(asked[Counter::DatabaseQueries], 1, "{name}: one refresh");
        change_a_row(&bench, -1).await;
        environment.shutdown().await;
    }
}

/// Services that are away for seconds are noticed by the log only.
#[tokio::test]
async fn a_kept_answer_bridges_a_short_outage_and_no_longer_one() {
    let bench = Bench::start().await;
    for target in keepers(&bench).await {
        let name = &target.name;
        let mut environment = bench.environment(&target).await;
        let old = bench.get(&mut environment).await;
        bench.lab.services.cache().flush().await.unwrap();
        bench.lab.services.database().stop().await.unwrap();
        bench.clock.advance(STALE).unwrap();
        for _ in 0..3 {
            assert_eq!(bench.get(&mut environment).await, old, "{name}");
        }
        bench.clock.advance(TOO_OLD).unwrap();
        assert_eq!(bench.status(&mut environment).await, 503, "{name}");
        bench.lab.services.database().restart().await.unwrap();
        assert_eq!(bench.get(&mut environment).await, old, "{name}: well again");
        environment.shutdown().await;
    }
}

/// A refresh waits for the cache no longer than a request does, then it asks the database.
#[tokio::test]
async fn a_refresh_gives_up_a_cache_that_hangs() {
    let bench = Bench::start().await;
    let cache = bench.lab.services.cache();
    for target in keepers_with_cache(&bench).await {
        let name = &target.name;
        let mut environment = bench.environment(&target).await;
        let old = bench.get(&mut environment).await;
        change_a_row(&bench, 1).await;
        cache.suspend().await.unwrap();
        bench.clock.advance(STALE).unwrap();
        let refreshed = async { while bench.get(&mut environment).await == old {} };
        let refreshed = tokio::time::timeout(Duration::from_secs(5), refreshed).await;
        refreshed.unwrap_or_else(|_| panic!("{name}: the refresh waits for the cache"));
        cache.resume().await.unwrap();
        change_a_row(&bench, -1).await;
        environment.shutdown().await;
    }
}

/// A refresh is begun inside an invocation and goes on in the next one. In between it stands still, though its services
/// have answered.
#[tokio::test]
async fn a_frozen_environment_refreshes_nothing() {
    let bench = Bench::start().await;
    for target in keepers_with_cache(&bench).await {
        let name = &target.name;
        let mut environment = bench.environment(&target).await;
        let old = bench.get(&mut environment).await;
        change_a_row(&bench, 1).await;
        bench.clock.advance(STALE).unwrap();
        let (_, frozen) = freeze_in_refresh(&bench, name, &mut environment, &old).await;
        assert_eq!(frozen[Counter::CacheSets], 0, "{name}: {frozen:?}");

        // It wakes up, and is not frozen again.
        let new = until_refreshed(&bench, &mut environment, &old).await;
        assert_ne!(new, old, "{name}: the refresh went on");
        change_a_row(&bench, -1).await;
        environment.shutdown().await;
    }
}

/// What a frozen refresh puts into the cache is as old as its question, however late it comes: its end is counted from there.
#[tokio::test]
async fn an_entry_that_comes_late_ends_in_time() {
    let bench = Bench::start().await;
    let services = &bench.lab.services;
    for target in keepers_with_cache(&bench).await {
        let name = &target.name;
        let mut environment = bench.environment(&target).await;
        let answer = bench.get(&mut environment).await;
        services.cache().flush().await.unwrap();
        bench.clock.advance(STALE).unwrap();
        let (asked_before, _) = freeze_in_refresh(&bench, name, &mut environment, &answer).await;

        // It wakes up, and is not frozen again.
        let mut entry = None;
        for _ in 0..1000 {
            assert_eq!(bench.get(&mut environment).await, answer, "{name}");
            entry = services.cache().any().await.unwrap();
            if entry.is_some() {
                break;
            }
        }
        let (key, _) = entry.unwrap_or_else(|| panic!("{name}: the refresh filled nothing"));
        let now = SystemTime::now();
        let left = services.cache().time_to_live(&key).await.unwrap();
        let late = (now + left.unwrap()).duration_since(asked_before + EXPIRY + CACHE_CLOCK);
        assert!(late.is_err(), "{name}: {late:?} too late");
        environment.shutdown().await;
    }
}
