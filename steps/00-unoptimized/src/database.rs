//! The database: connect with an IAM token, query, close.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use support::{BoxError, Invocation, rds};
use tokio::task::JoinHandle;
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::parameters::DatabaseSettings;
use crate::stadium::{Stadium, stadiums};

/// Drives a connection and ends when that is closed.
type Driver = JoinHandle<Result<(), tokio_postgres::Error>>;

/// All rows.
pub async fn stadiums(
    tls: &MakeRustlsConnect,
    settings: &DatabaseSettings,
    invocation: &mut Invocation<'_>,
) -> Result<Vec<Stadium>, BoxError> {
    let (mut connection, driver) = invocation.call("connect", connect(tls, settings)).await?;
    let stadiums = invocation.call("query", query(&mut connection)).await?;
    drop(connection);
    // Closed before the answer, or the environment would be frozen first. How it goes changes nothing for the client.
    let _ = tokio::time::timeout(invocation.remaining(), driver).await;
    Ok(stadiums)
}

async fn connect(
    tls: &MakeRustlsConnect,
    settings: &DatabaseSettings,
) -> Result<(AsyncPgConnection, Driver), BoxError> {
    let token = rds::token(&settings.endpoint, settings.port, &settings.user)?;
    let (client, connection) = Config::new()
        .host(&settings.endpoint)
        .port(settings.port)
        .dbname(&settings.name)
        .user(&settings.user)
        .password(token)
        .ssl_mode(SslMode::Require)
        .connect(tls.clone())
        .await?;
    let driver = tokio::spawn(connection);
    // Diesel sets up its session here: the time zone and the encoding.
    Ok((AsyncPgConnection::try_from(client).await?, driver))
}

async fn query(connection: &mut AsyncPgConnection) -> QueryResult<Vec<Stadium>> {
    stadiums::table
        .order(stadiums::id)
        .select(Stadium::as_select())
        .load(connection)
        .await
}
