//! The database: connect with an IAM token, query, close.

use support::{BoxError, Invocation, rds};
use tokio::task::JoinHandle;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::parameters::DatabaseSettings;
use crate::stadium::Stadium;

const QUERY: &str = "SELECT id, name, capacity, location, surface, roof, team, year_opened, created_at, updated_at \
    FROM stadiums ORDER BY id";

/// Drives a connection and ends when that is closed.
type Driver = JoinHandle<Result<(), tokio_postgres::Error>>;

/// All rows.
pub async fn stadiums(
    tls: &MakeRustlsConnect,
    settings: &DatabaseSettings,
    invocation: &mut Invocation<'_>,
) -> Result<Vec<Stadium>, BoxError> {
    let (client, driver) = invocation.call("connect", connect(tls, settings)).await?;
    let stadiums = invocation.call("query", query(&client)).await?;
    drop(client);
    // Closed before the answer, or the environment would be frozen first. How it goes changes nothing for the client.
    let _ = tokio::time::timeout(invocation.remaining(), driver).await;
    Ok(stadiums)
}

async fn connect(
    tls: &MakeRustlsConnect,
    settings: &DatabaseSettings,
) -> Result<(Client, Driver), BoxError> {
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
    Ok((client, tokio::spawn(connection)))
}

async fn query(client: &Client) -> Result<Vec<Stadium>, tokio_postgres::Error> {
    client
        .query(QUERY, &[])
        .await?
        .iter()
        .map(Stadium::try_from)
        .collect()
}
