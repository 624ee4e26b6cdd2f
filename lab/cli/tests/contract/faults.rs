//! What a step does when a neighbour fails, with the fault in the real service.

use lab::contract;
use lab::workspace::Neighbour;

use crate::support::Bench;

#[tokio::test]
async fn a_connection_that_died_while_frozen_is_replaced_without_an_error() {
    let bench = Bench::start().await;
    for target in bench.stadium_targets() {
        let mut environment = bench.environment(&target).await;
        bench.get(&mut environment).await;
        environment.freeze();
        bench
            .lab
            .services
            .database()
            .terminate_sessions()
            .await
            .unwrap();
        // With an empty cache the next invocation has to go to the database.
        bench.lab.before_cold_start(&target).await.unwrap();
        let body = bench.get(&mut environment).await;
        contract::check(&body).unwrap_or_else(|error| panic!("{}: {error:#}", target.name));
        environment.shutdown().await;
    }
}

#[tokio::test]
async fn a_database_that_is_down_is_a_503_that_leaks_nothing_and_passes() {
    let bench = Bench::start().await;
    for target in bench.stadium_targets() {
        let mut environment = bench.environment(&target).await;
        bench.lab.services.database().stop().await.unwrap();
        let (status, body) = bench.answer(&mut environment).await;
        assert_eq!(status, 503, "{}: {body}", target.name);
        let error: serde_json::Value = serde_json::from_str(&body).unwrap();
        let message = error["error"].as_str().unwrap();
        assert!(
            !message.contains("127.0.0.1") && !message.contains("stadiums_reader"),
            "{}: {message}",
            target.name
        );
        bench.lab.services.database().restart().await.unwrap();
        let body = bench.get(&mut environment).await;
        contract::check(&body).unwrap_or_else(|error| panic!("{}: {error:#}", target.name));
        environment.shutdown().await;
    }
}

#[tokio::test]
async fn an_expired_token_is_refused_and_the_next_one_is_not() {
    let bench = Bench::start().await;
    for target in bench.stadium_targets() {
        let mut environment = bench.environment(&target).await;
        // For the proxy it is an hour later than for the function: every token has expired on arrival.
        bench
            .lab
            .services
            .database()
            .set_clock_ahead(std::time::Duration::from_hours(1));
        let before = bench.lab.services.counts();
        let (status, _) = bench.answer(&mut environment).await;
        let seen = bench.lab.services.counts() - before;
        assert_eq!(status, 503, "{}", target.name);
        assert!(
            seen[lab_services::Counter::DatabaseTokensRefused] > 0,
            "{}",
            target.name
        );
        bench
            .lab
            .services
            .database()
            .set_clock_ahead(std::time::Duration::ZERO);
        bench.get(&mut environment).await;
        environment.shutdown().await;
    }
}

#[tokio::test]
async fn without_its_cache_a_step_serves_from_the_database() {
    let bench = Bench::start().await;
    let cached = bench
        .stadium_targets()
        .into_iter()
        .filter(|target| target.services.contains(&Neighbour::Cache));
    for target in cached {
        let mut environment = bench.environment(&target).await;
        bench.get(&mut environment).await;
        bench.lab.services.cache().stop().await.unwrap();
        contract::check(&bench.get(&mut environment).await).unwrap();
        bench.lab.services.cache().restart().await.unwrap();
        contract::check(&bench.get(&mut environment).await).unwrap();

        let filled = bench.lab.services.cache().get("stadiums").await.unwrap();
        contract::check(
            std::str::from_utf8(&filled.expect("the miss filled the cache again")).unwrap(),
        )
        .unwrap();
        environment.shutdown().await;
    }
}

#[tokio::test]
async fn garbage_in_the_cache_is_not_served_and_is_replaced() {
    let bench = Bench::start().await;
    let cached = bench
        .stadium_targets()
        .into_iter()
        .filter(|target| target.services.contains(&Neighbour::Cache));
    for target in cached {
        let mut environment = bench.environment(&target).await;
        // Without a time to live: it would stay for ever if nothing replaced it.
        bench
            .lab
            .services
            .cache()
            .set("stadiums", b"[{\"id\":")
            .await
            .unwrap();
        contract::check(&bench.get(&mut environment).await).unwrap();
        let replaced = bench
            .lab
            .services
            .cache()
            .get("stadiums")
            .await
            .unwrap()
            .unwrap();
        contract::check(std::str::from_utf8(&replaced).unwrap()).unwrap();
        let expiry = bench
            .lab
            .services
            .cache()
            .time_to_live("stadiums")
            .await
            .unwrap();
        assert!(
            expiry.is_some(),
            "{}: what replaces it expires",
            target.name
        );
        environment.shutdown().await;
    }
}

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
        .filter(|target| target.services.contains(&Neighbour::Cache));
    for target in cached {
        let before = bench.lab.services.counts();
        let mut environment = bench.environment(&target).await;
        contract::check(&bench.get(&mut environment).await).unwrap();
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
