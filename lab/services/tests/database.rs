//! The RDS Proxy front before a real PostgreSQL, seen by the client that the steps use.

mod common;

use lab_services::{Counter, Counts};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls};

use common::client::{config, connect};
use common::{Lab, start};

const ADMIN: &str = "stadiums_admin";

/// What each of these counters should have grown by; all other counters of the database must not be looked at.
fn assert_counts(counts: &Counts, expected: &[(Counter, u64)]) {
    for &(counter, value) in expected {
        assert_eq!(counts[counter], value, "{}", counter.name());
    }
}

async fn refused(lab: &Lab, config: &tokio_postgres::Config) -> tokio_postgres::error::DbError {
    let Err(error) = connect(lab, config).await else {
        panic!("the front must refuse");
    };
    let told = error.as_db_error();
    told.unwrap_or_else(|| panic!("{error}")).clone()
}

/// Waits until the front has seen the client leave and has its session back.
async fn leave(client: Client, task: tokio::task::JoinHandle<()>) {
    drop(client);
    task.await.unwrap();
}

#[tokio::test]
async fn a_session_is_counted_message_by_message() {
    let lab = start().await;
    let before = lab.services.counts();
    let (client, task) = connect(&lab, &config(&lab, ADMIN)).await.unwrap();
    let connected = lab.services.counts() - before;
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

    let before = lab.services.counts();
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
    let queried = lab.services.counts() - before;
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
    lab.services.stop().await;
}

#[tokio::test]
async fn the_next_client_gets_the_session_as_good_as_new() {
    let lab = start().await;
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
    let processes = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'stadiums_admin' AND query = 'DISCARD ALL'";
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
    lab.services.stop().await;
}

#[tokio::test]
async fn a_session_with_an_open_transaction_is_not_given_to_the_next_client() {
    let lab = start().await;
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
    lab.services.stop().await;
}

#[tokio::test]
async fn who_may_not_log_in_is_told_why() {
    let lab = start().await;
    let mut wrong = config(&lab, ADMIN);
    wrong.password("a password");
    let error = refused(&lab, &wrong).await;
    assert_eq!(
        (error.severity(), error.code()),
        ("FATAL", &SqlState::INVALID_PASSWORD)
    );
    assert!(
        error
            .message()
            .contains("IAM authentication failed for the role stadiums_admin"),
        "{error}"
    );
    assert_eq!(lab.services.counts()[Counter::DatabaseTokensRefused], 1);

    // A token for somebody else.
    let mut wrong = config(&lab, ADMIN);
    wrong.user("stadiums_reader");
    assert_eq!(
        refused(&lab, &wrong).await.code(),
        &SqlState::INVALID_PASSWORD
    );

    // Users with a good token, but without rds_iam, or who do not exist.
    lab.services
        .database()
        .query("CREATE ROLE plain LOGIN")
        .await
        .unwrap();
    let error = refused(&lab, &config(&lab, "plain")).await;
    assert_eq!(error.code(), &SqlState::INVALID_PASSWORD);
    assert!(
        error.detail().unwrap().contains("GRANT rds_iam TO plain"),
        "{error}"
    );
    assert_eq!(
        refused(&lab, &config(&lab, "postgres")).await.code(),
        &SqlState::INVALID_PASSWORD
    );
    assert_eq!(
        refused(&lab, &config(&lab, "nobody")).await.code(),
        &SqlState::INVALID_AUTHORIZATION_SPECIFICATION
    );

    let mut elsewhere = config(&lab, ADMIN);
    elsewhere.dbname("elsewhere");
    assert_eq!(
        refused(&lab, &elsewhere).await.code(),
        &SqlState::UNDEFINED_DATABASE
    );

    let mut with_options = config(&lab, ADMIN);
    with_options.options("-c statement_timeout=1000");
    assert_eq!(
        refused(&lab, &with_options).await.code(),
        &SqlState::FEATURE_NOT_SUPPORTED
    );
    assert_eq!(lab.services.counts()[Counter::DatabaseSessions], 0);

    let mut plain = config(&lab, ADMIN);
    plain.ssl_mode(tokio_postgres::config::SslMode::Disable);
    let error = plain.connect(NoTls).await.err().unwrap();
    assert_eq!(
        error.code(),
        Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
    );
    lab.services.stop().await;
}

#[tokio::test]
async fn a_terminated_session_breaks_off_and_a_new_one_works() {
    let lab = start().await;
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
    lab.services.stop().await;
}

#[tokio::test]
async fn a_stopped_database_is_reported_and_comes_back_with_its_data() {
    let lab = start().await;
    let config = config(&lab, ADMIN);
    let (client, task) = connect(&lab, &config).await.unwrap();
    client
        .batch_execute("CREATE TABLE t AS SELECT 7 AS a")
        .await
        .unwrap();
    lab.services.database().stop().await.unwrap();
    task.await.unwrap();
    assert_eq!(
        refused(&lab, &config).await.code(),
        &SqlState::CONNECTION_FAILURE
    );
    lab.services.database().restart().await.unwrap();
    let (client, _) = connect(&lab, &config).await.unwrap();
    let value: i32 = client
        .query_one("SELECT a FROM t", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(value, 7);
    lab.services.stop().await;
}

#[tokio::test]
async fn the_admin_can_make_a_reader_who_logs_in_by_token() {
    let lab = start().await;
    let (admin, _) = connect(&lab, &config(&lab, ADMIN)).await.unwrap();
    let sql = "CREATE ROLE stadiums_reader LOGIN; GRANT rds_iam TO stadiums_reader; CREATE TABLE t AS SELECT 1 AS a; \
               GRANT SELECT ON t TO stadiums_reader";
    admin.batch_execute(sql).await.unwrap();
    let (reader, _) = connect(&lab, &config(&lab, "stadiums_reader"))
        .await
        .unwrap();
    reader.batch_execute("SELECT a FROM t").await.unwrap();
    let error = reader.batch_execute("DELETE FROM t").await.unwrap_err();
    assert_eq!(error.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE));
    lab.services.stop().await;
}
