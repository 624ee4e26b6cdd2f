//! What makes RDS Proxy pin a session, seen by a client: docs.aws.amazon.com, "Avoiding pinning an RDS Proxy".

use lab_services::Counter;
use tokio_postgres::Client;

use crate::client::{config, connect};
use crate::lab::{Lab, shared};

const ADMIN: &str = "stadiums_admin";

async fn session(lab: &Lab) -> Client {
    connect(lab, &config(lab, ADMIN)).await.unwrap().0
}

fn pinned(lab: &Lab) -> u64 {
    lab.counts()[Counter::DatabasePinned]
}

#[tokio::test]
async fn a_statement_of_the_list_pins_its_session_once() {
    let lab = shared().await;
    for (number, sql) in (1..).zip([
        "SET TIME ZONE 'UTC'",
        "DISCARD TEMP",
        "CREATE TEMP TABLE t (a int)",
    ]) {
        let client = session(&lab).await;
        client.batch_execute("SELECT 1").await.unwrap();
        assert_eq!(pinned(&lab), number - 1, "before {sql}");
        for _ in 0..2 {
            // The answer does not matter: a second table of the same name is an error, for example.
            let _ = client.batch_execute(sql).await;
            assert_eq!(pinned(&lab), number, "{sql}");
        }
    }
}

#[tokio::test]
async fn what_a_driver_does_by_itself_does_not_pin() {
    let lab = shared().await;
    let mut client = session(&lab).await;
    // Prepared by the protocol's Parse message, and used again.
    let statement = client.prepare("SELECT $1::int4").await.unwrap();
    for value in [1, 2] {
        client.query(&statement, &[&value]).await.unwrap();
    }
    client.query_typed("SELECT 1", &[]).await.unwrap();
    let transaction = client.transaction().await.unwrap();
    transaction
        .batch_execute("SELECT pg_advisory_xact_lock(1), pg_try_advisory_xact_lock(2)")
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(pinned(&lab), 0);
    // The text counts in whatever message it comes.
    client
        .query("SELECT pg_advisory_lock(1)", &[])
        .await
        .unwrap();
    assert_eq!(pinned(&lab), 1);
}
