//! What the log tells of a failure, also of one that no client notices.

use std::time::Duration;

use lab_services::Counter;

use crate::support::{Bench, log, until_logged};

/// Longer than any step keeps an answer in its environment.
const TOO_OLD: Duration = Duration::from_secs(15);

/// Requests that the extension rejects: for each of three calls at a time more than are usual while it starts.
const NOT_READY_REQUESTS: &str = "400";

#[tokio::test]
async fn a_session_that_ends_between_two_requests_is_logged_with_its_cause() {
    let bench = Bench::start().await;
    let mut tried = 0;
    for target in bench.stadium_targets() {
        let (mut environment, lines) = bench.logged_environment(&target).await;
        bench.get(&mut environment).await;
        let before = bench.lab.services.counts();
        bench.get(&mut environment).await;
        let asked = bench.lab.services.counts() - before;
        if asked[Counter::DatabaseConnections] == 0 {
            // An answer to something that nobody waits for, such as a statement that was closed, would take the cause with it.
            bench.lab.services.settle().await;
            let database = bench.lab.services.database();
            assert!(database.terminate_sessions().await.unwrap() > 0);
            let line = until_logged(&lines, "the database connection ended").await;
            assert_eq!(line["level"], "WARN", "{}: {line}", target.name);
            let cause = line["cause"].as_str().unwrap();
            assert!(
                cause.contains("administrator command"),
                "{}: {line}",
                target.name
            );
            tried += 1;
        }
        environment.shutdown().await;
    }
    assert!(tried > 0);
}

#[tokio::test]
async fn an_extension_that_is_not_ready_for_long_is_logged_with_its_reason() {
    let bench = Bench::start().await;
    let targets = bench.stadium_targets().into_iter();
    for target in targets.filter(|target| target.extension) {
        let not_ready = (
            "LAB_EXTENSION_NOT_READY_REQUESTS".to_owned(),
            NOT_READY_REQUESTS.to_owned(),
        );
        let (mut environment, lines) = bench
            .logged_environment_of(&target, |function| {
                let extension = &mut function.extensions[0];
                extension.variables.push(not_ready);
            })
            .await;
        bench.get(&mut environment).await;
        let line = until_logged(&lines, "the extension is not ready").await;
        assert_eq!(line["level"], "WARN", "{}: {line}", target.name);
        let cause = line["cause"].as_str().unwrap();
        assert!(
            cause.starts_with("not ready to serve"),
            "{}: {line}",
            target.name
        );
        environment.shutdown().await;
    }
}

#[tokio::test]
async fn the_cause_of_a_503_is_logged_once() {
    let bench = Bench::start().await;
    for target in bench.stadium_targets() {
        let (mut environment, lines) = bench.logged_environment(&target).await;
        bench.get(&mut environment).await;
        bench.lab.services.cache().flush().await.unwrap();
        bench.lab.services.database().stop().await.unwrap();
        bench.clock.advance(TOO_OLD).unwrap();
        assert_eq!(bench.status(&mut environment).await, 503, "{}", target.name);
        until_logged(&lines, "the database cannot be read").await;
        environment.shutdown().await;
        let errors = log(&lines).filter(|line| line["level"] == "ERROR");
        assert_eq!(errors.count(), 1, "{}: {lines:?}", target.name);
        bench.lab.services.database().restart().await.unwrap();
    }
}
