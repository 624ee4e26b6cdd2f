//! The database: connect with an IAM token, query, reconnect.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use support::log::causes;
use support::{BoxError, Invocation, rds};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;
use tracing::warn;

use crate::parameters::DatabaseSettings;
use crate::stadium::{Stadium, stadiums};

/// Drives a connection and ends when that is closed.
type Driver = JoinHandle<()>;

/// One connection, opened by the first request and reused by the next ones.
pub struct Database {
    tls: MakeRustlsConnect,
    /// Locked while the database answers: an environment handles one request at a time, so none waits for another.
    session: Mutex<Option<Session>>,
}

/// An open connection and the settings it was opened with.
struct Session {
    settings: DatabaseSettings,
    connection: AsyncPgConnection,
    driver: Driver,
}

impl Database {
    pub fn new(tls: MakeRustlsConnect) -> Self {
        Self {
            tls,
            session: Mutex::default(),
        }
    }

    /// All rows.
    pub async fn stadiums(
        &self,
        settings: &DatabaseSettings,
        invocation: &mut Invocation<'_>,
    ) -> Result<Vec<Stadium>, BoxError> {
        let mut place = self.session.lock().await;
        // A connection is taken out of its place and put back when it has answered: one that failed is never used again.
        if let Some(mut old) = place
            .take()
            .filter(|old| old.settings == *settings && !old.driver.is_finished())
        {
            // It may have died while the environment was frozen, and only the next query finds out, possibly by silence:
            // half of the time stays for a new one.
            let limit = invocation.remaining() / 2;
            match invocation
                .call_within(limit, "query", query(&mut old.connection))
                .await
            {
                Ok(stadiums) => {
                    *place = Some(old);
                    return Ok(stadiums);
                }
                Err(error) => warn!(cause = causes(&*error), "connecting to the database again"),
            }
        }
        let (mut connection, driver) = invocation
            .call("connect", connect(&self.tls, settings))
            .await?;
        let stadiums = invocation.call("query", query(&mut connection)).await?;
        *place = Some(Session {
            settings: settings.clone(),
            connection,
            driver,
        });
        Ok(stadiums)
    }
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
    let driver = tokio::spawn(async move {
        if let Err(error) = connection.await {
            warn!(cause = causes(&error), "the database connection ended");
        }
    });
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
