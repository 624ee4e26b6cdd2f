//! RDS Proxy before a real PostgreSQL, seen by the client that the steps use.

use std::time::{Duration, Instant};

use lab_services::{Counter, Counts, Link, Network};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use crate::client::{config, connect};
use crate::lab::shared;

const ADMIN: &str = "stadiums_admin";

/// What each of these counters should have grown by; all other counters of the database must not be looked at.
fn assert_counts(counts: &Counts, expected: &[(Counter, u64)]) {
    for &(counter, value) in expected {
        assert_eq!(counts[counter], value, "{}", counter.name());
    }
}

/// Waits until the proxy has seen the client leave and has its session back.
async fn leave(client: Client, task: tokio::task::JoinHandle<()>) {
    drop(client);
    task.await.unwrap();
}

#[tokio::test]
async fn a_session_is_counted_message_by_message() {
    let lab = shared().await;
    let before = lab.counts();
    let (client, task) = connect(&lab, &config(&lab, ADMIN)).await.unwrap();
    let connected = lab.counts() - before;
    assert_counts(
        &connected,
        &[
            (Counter::DatabaseConnections, 1),
            (Counter::DatabaseTlsHandshakes, 1),
            (Counter::DatabaseSessions, 1),
            // TCP, SSLRequest, TLS, startup, password
            (Counter::DatabaseRoundTrips, 5),
            (Counter::DatabaseRequests, 0),
            (Counter::DatabaseQueries, 0),
            (Counter::DatabaseTokensRefused, 0),
        ],
    );

    let before = lab.counts();
    let rows = client
        .query("SELECT generate_series(1, 32)", &[])
        .await
        .unwrap();
    assert_eq!(rows.len(), 32);
    // The rows hold the statement; the last of them closes it, and nobody waits for that. The next request comes after it.
    drop(rows);
    client
        .batch_execute("SET statement_timeout = 1000; SET TIME ZONE 'UTC'")
        .await
        .unwrap();
    let queried = lab.counts() - before;
    assert_counts(
        &queried,
        &[
            // Parse and Describe, Bind and Execute, the simple query
            (Counter::DatabaseRoundTrips, 3),
            (Counter::DatabaseRequests, 3),
            (Counter::DatabaseCloses, 1),
            (Counter::DatabaseQueries, 2),
            (Counter::DatabaseRows, 32),
            (Counter::DatabaseSets, 2),
            (Counter::DatabasePinned, 1),
            (Counter::DatabaseConnections, 0),
        ],
    );
    leave(client, task).await;
}

#[tokio::test]
async fn the_next_client_gets_the_session_as_good_as_new() {
    let lab = shared().await;
    let config = config(&lab, ADMIN);
    let (first, task) = connect(&lab, &config).await.unwrap();
    first
        .batch_execute("SET statement_timeout = 1234; CREATE TEMP TABLE mine (a int)")
        .await
        .unwrap();
    let process = |client: Client| async move {
        let id: i32 = client
            .query_one("SELECT pg_backend_pid()", &[])
            .await
            .unwrap()
            .get(0);
        (client, id)
    };
    let (first, first_process) = process(first).await;
    leave(first, task).await;
    let processes = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'stadiums_admin' AND state = 'idle' AND query = 'DISCARD ALL'";
    while lab.services.database().query(processes).await.unwrap()[0][0].as_deref() != Some("1") {
        tokio::task::yield_now().await;
    }

    let (second, _) = connect(&lab, &config).await.unwrap();
    let (second, second_process) = process(second).await;
    assert_eq!(
        second_process, first_process,
        "RDS Proxy keeps its database connections"
    );
    let timeout: String = second
        .query_one("SHOW statement_timeout", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(timeout, "0");
    assert_eq!(
        second
            .batch_execute("SELECT * FROM mine")
            .await
            .unwrap_err()
            .code(),
        Some(&SqlState::UNDEFINED_TABLE)
    );
}

#[tokio::test]
async fn a_session_with_an_open_transaction_is_not_given_to_the_next_client() {
    let lab = shared().await;
    let config = config(&lab, ADMIN);
    let (first, task) = connect(&lab, &config).await.unwrap();
    first.batch_execute("CREATE TABLE t (a int)").await.unwrap();
    first
        .batch_execute("BEGIN; INSERT INTO t VALUES (1)")
        .await
        .unwrap();
    leave(first, task).await;
    let (second, _) = connect(&lab, &config).await.unwrap();
    let count: i64 = second
        .query_one("SELECT count(*) FROM t", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(count, 0);
}

#[tokio::test]
async fn a_terminated_session_breaks_off_and_a_new_one_works() {
    let lab = shared().await;
    let config = config(&lab, ADMIN);
    let (client, task) = connect(&lab, &config).await.unwrap();
    assert_eq!(
        lab.services.database().terminate_sessions().await.unwrap(),
        1
    );
    task.await.unwrap();
    assert!(client.is_closed());
    let (client, _) = connect(&lab, &config).await.unwrap();
    client.batch_execute("SELECT 1").await.unwrap();
}

#[tokio::test]
async fn a_stopped_database_is_reported_and_comes_back_with_its_data() {
    let lab = shared().await;
    let config = config(&lab, ADMIN);
    let (client, task) = connect(&lab, &config).await.unwrap();
    client
        .batch_execute("CREATE TABLE t AS SELECT 7 AS a")
        .await
        .unwrap();
    lab.services.database().stop().await.unwrap();
    task.await.unwrap();
    let error = connect(&lab, &config).await.err().unwrap();
    assert_eq!(error.code(), Some(&SqlState::CONNECTION_FAILURE));
    lab.services.database().restart().await.unwrap();
    let (client, _) = connect(&lab, &config).await.unwrap();
    let value: i32 = client
        .query_one("SELECT a FROM t", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(value, 7);
}

#[tokio::test]
async fn distance_service_and_session_time_are_paid_as_counted() {
    let ms = Duration::from_millis;
    let link = Link {
        round_trip: ms(2),
        service_time: ms(5),
        session_setup: ms(20),
    };
    let lab = shared().await;
    lab.services.set_network(&Network {
        database: link,
        ..Network::default()
    });
    let config = config(&lab, ADMIN);
    let before = lab.counts();
    let start = Instant::now();
    let (client, _) = connect(&lab, &config).await.unwrap();
    client.query("SELECT 1", &[]).await.unwrap();
    let took = start.elapsed();
    // 5 round trips and the set-up for the session, 2 requests for the query
    let waited = lab.services.waited(&(lab.counts() - before));
    assert_eq!(waited, ms(7 * 2 + 2 * 5 + 20));
    assert!(took >= waited, "{took:?}");
}
