//! Who gets a session from RDS Proxy, and who is told why not.

use lab_services::Counter;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_postgres::NoTls;
use tokio_postgres::error::SqlState;

use crate::client::{config, connect};
use crate::lab::{Lab, shared};

const ADMIN: &str = "stadiums_admin";

async fn refused(lab: &Lab, config: &tokio_postgres::Config) -> tokio_postgres::error::DbError {
    let Err(error) = connect(lab, config).await else {
        panic!("RDS Proxy must refuse");
    };
    let told = error.as_db_error();
    told.unwrap_or_else(|| panic!("{error}")).clone()
}

#[tokio::test]
async fn who_may_not_log_in_is_told_why() {
    let lab = shared().await;
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
    assert_eq!(lab.counts()[Counter::DatabaseTokensRefused], 1);

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
    let error = refused(&lab, &with_options).await;
    assert_eq!(
        (error.code(), error.message()),
        (
            &SqlState::FEATURE_NOT_SUPPORTED,
            "RDS Proxy currently doesn't support command-line options"
        )
    );
    assert_eq!(lab.counts()[Counter::DatabaseSessions], 0);

    let mut plain = config(&lab, ADMIN);
    plain.ssl_mode(tokio_postgres::config::SslMode::Disable);
    let error = plain.connect(NoTls).await.err().unwrap();
    assert_eq!(
        error.code(),
        Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
    );
}

#[tokio::test]
async fn the_admin_can_make_a_reader_who_logs_in_by_token() {
    let lab = shared().await;
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
}

#[tokio::test]
async fn strange_clients_do_not_disturb_others() {
    let lab = shared().await;
    let endpoint = lab.services.database().endpoint();
    let answer = async |bytes: &[u8]| {
        let mut stream = TcpStream::connect(endpoint).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        // The proxy may close before it has read everything.
        let _ = stream.read_to_end(&mut answer).await;
        answer
    };
    assert_eq!(answer(b"GET / HTTP/1.1\r\n\r\n").await, b"");
    assert_eq!(answer(&[0, 0, 0, 8]).await, b"");
    // A request to cancel a query
    assert_eq!(
        answer(&[0, 0, 0, 16, 4, 210, 22, 46, 0, 0, 0, 1, 0, 0, 0, 1]).await,
        b""
    );
    // Kerberos encryption is declined, TLS is accepted.
    let ask_both = [[0, 0, 0, 8, 4, 210, 22, 48], [0, 0, 0, 8, 4, 210, 22, 47]].concat();
    assert_eq!(answer(&ask_both).await, b"NS");
    let (client, _) = connect(&lab, &config(&lab, ADMIN)).await.unwrap();
    client.batch_execute("SELECT 1").await.unwrap();
    assert_eq!(lab.counts()[Counter::DatabaseConnections], 5);
}
