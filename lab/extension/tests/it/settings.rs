//! The extension's environment variables, as a function sees what they do.

use std::sync::Arc;
use std::time::Duration;

use lab_services::{Counter, Link, Network};

use crate::environment::{Environment, get};
use crate::lab::shared;

const CACHE_SIZE: &str = "PARAMETERS_SECRETS_EXTENSION_CACHE_SIZE";
const CACHE_ENABLED: &str = "PARAMETERS_SECRETS_EXTENSION_CACHE_ENABLED";
const LOG_LEVEL: &str = "PARAMETERS_SECRETS_EXTENSION_LOG_LEVEL";
const MAX_CONNECTIONS: &str = "PARAMETERS_SECRETS_EXTENSION_MAX_CONNECTIONS";
const PORT: &str = "PARAMETERS_SECRETS_EXTENSION_HTTP_PORT";
const TIMEOUT: &str = "SSM_PARAMETER_STORE_TIMEOUT_MILLIS";
const TIME_TO_LIVE: &str = "SSM_PARAMETER_STORE_TTL";

/// Parameter Store answers after a time that no test waits for.
fn slow() -> Network {
    Network {
        parameters: Link {
            service_time: Duration::from_hours(1),
            ..Link::default()
        },
        ..Network::default()
    }
}

#[tokio::test]
async fn size_time_and_switch_of_the_cache_decide_who_is_asked_again() {
    let mut lab = shared().await;
    for name in ["a", "b"] {
        lab.services.parameters().put(&format!("/{name}"), name);
    }
    // Asked for a, a, b, a: how often each variable lets Parameter Store be asked.
    for (variables, requests) in [
        (&[][..], 2),
        (&[(TIME_TO_LIVE, "300")], 2),
        (&[(TIME_TO_LIVE, "0")], 4),
        (&[(CACHE_SIZE, "1")], 3),
        (&[(CACHE_SIZE, "0")], 4),
        (&[(CACHE_ENABLED, "true")], 2),
        (&[(CACHE_ENABLED, "FALSE")], 4),
    ] {
        let before = lab.counts();
        let mut environment = Environment::beside(lab, variables).await;
        environment.invoke().await;
        for name in ["a", "a", "b", "a"] {
            assert_eq!(environment.value(&format!("%2F{name}")).await, name);
        }
        let counts = environment.counts() - before;
        assert_eq!(
            (
                counts[Counter::ParametersGetParameter],
                counts[Counter::ParametersConnections]
            ),
            (requests, 1),
            "{variables:?}"
        );
        lab = environment.end().await.2;
    }
}

#[tokio::test]
async fn at_most_three_requests_are_under_way_or_as_many_as_it_is_told() {
    let mut lab = shared().await;
    lab.services.set_network(&slow());
    for (variables, connections) in [
        (&[][..], 3),
        (&[(MAX_CONNECTIONS, "1")], 1),
        (&[(MAX_CONNECTIONS, "4")], 4),
    ] {
        // What the environment before this one began, is counted as its own.
        lab.services.settle().await;
        let before = lab.counts();
        let mut environment = Environment::beside(lab, variables).await;
        environment.invoke().await;
        let environment = Arc::new(environment);
        let ask = |number| {
            let environment = Arc::clone(&environment);
            tokio::spawn(async move { environment.get(&format!("name=%2F{number}")).await })
        };
        let answers = (0..6).map(ask).collect::<Vec<_>>();
        let counts = || environment.counts() - before;
        while counts()[Counter::ParametersRequests] < connections {
            tokio::task::yield_now().await;
        }
        // One more request of the function and its answer: what the extension could have done by now, it has.
        get(environment.endpoint, "/elsewhere", None).await;
        environment.services.settle().await;
        assert_eq!(counts()[Counter::ParametersConnections], connections);
        assert!(answers.iter().all(|answer| !answer.is_finished()));
        for answer in answers {
            answer.abort();
            let _ = answer.await;
        }
        let environment = Arc::into_inner(environment).expect("all have ended");
        lab = environment.end().await.2;
    }
}

#[tokio::test]
async fn a_request_that_takes_longer_than_the_timeout_is_an_error() {
    let mut environment = Environment::start(&[(TIMEOUT, "1")]).await;
    environment.invoke().await;
    environment.services.set_network(&slow());
    let (status, body) = environment.get("name=%2Fa").await;
    assert_eq!(status, 500);
    assert!(body.contains("did not answer within 1ms"), "{body}");
    assert!(environment.shut_down().await.success());
}

#[tokio::test]
async fn without_an_inherited_socket_it_listens_on_its_port() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = free.local_addr().unwrap();
    drop(free);
    let port = endpoint.port().to_string();
    let lab = shared().await;
    let mut environment = Environment::at(endpoint, lab, &[(PORT, &port)]).await;
    environment.invoke().await;
    environment.services.parameters().put("/a", "1");
    assert_eq!(environment.value("%2Fa").await, "1");
    assert!(environment.shut_down().await.success());
}

#[tokio::test]
async fn each_log_level_has_its_lines() {
    let mut lab = shared().await;
    lab.services.parameters().put("/a", "1");
    for (level, expected) in [
        (None, &["INFO ready", "WARN /systemsmanager"][..]),
        (
            Some("DEBUG"),
            &[
                "INFO ready",
                "DEBUG /a: not cached",
                "DEBUG /a: cached",
                "WARN /systemsmanager",
            ],
        ),
        (Some("info"), &["INFO ready", "WARN /systemsmanager"]),
        (Some("WARN"), &["WARN /systemsmanager"]),
        (Some("ERROR"), &[]),
        (Some("NONE"), &[]),
    ] {
        let level = level.map(|level| (LOG_LEVEL, level));
        let mut environment = Environment::beside(lab, level.as_slice()).await;
        environment.invoke().await;
        environment.value("%2Fa").await;
        environment.value("%2Fa").await;
        let path = "/systemsmanager/parameters/get?name=%2Fa";
        assert_eq!(get(environment.endpoint, path, None).await.0, 401);
        let (status, lines, same) = environment.end().await;
        assert!(status.success());
        assert_lines(&lines, expected);
        lab = same;
    }
}

#[tokio::test]
async fn what_ends_the_extension_is_an_error_unless_nothing_is_to_be_logged() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = taken.local_addr().unwrap();
    let port = endpoint.port().to_string();
    let mut lab = shared().await;
    for (level, expected) in [
        ("ERROR", &["ERROR cannot listen on 127.0.0.1"][..]),
        ("NONE", &[]),
    ] {
        let variables = [(PORT, port.as_str()), (LOG_LEVEL, level)];
        let environment = Environment::at(endpoint, lab, &variables).await;
        let (status, lines, same) = environment.end().await;
        assert!(!status.success());
        assert_lines(&lines, expected);
        lab = same;
    }
}

/// The lines begin as the real extension's do, and go on as expected.
fn assert_lines(lines: &[String], expected: &[&str]) {
    assert_eq!(lines.len(), expected.len(), "{lines:?}");
    for (line, expected) in lines.iter().zip(expected) {
        let begin = format!("[AWS Parameters and Secrets Lambda Extension] {expected}");
        assert!(line.starts_with(&begin), "{line}");
    }
}

#[tokio::test]
async fn a_version_or_a_label_and_decryption_are_passed_on_and_kept_apart() {
    let mut environment = Environment::start(&[]).await;
    environment.invoke().await;
    environment.services.parameters().put("/a", "1");
    for query in ["", "&withDecryption=false", "&withDecryption=true"] {
        // The second time from the cache.
        for _ in 0..2 {
            assert_eq!(environment.value(&format!("%2Fa{query}")).await, "1");
        }
    }
    assert_eq!(environment.counts()[Counter::ParametersGetParameter], 2);
    for selector in ["label=live", "version=1"] {
        let (status, body) = environment.get(&format!("name=%2Fa&{selector}")).await;
        assert_eq!(status, 400, "{selector}");
        assert!(body.contains("ParameterNotFound"), "{body}");
    }
    assert!(environment.shut_down().await.success());
}
