//! The database: connect with an IAM token, query, reconnect.

use support::log::causes;
use support::{BoxError, Invocation, rds};
use tokio::sync::Mutex;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;
use tracing::warn;

use crate::parameters::DatabaseSettings;
use crate::stadium::Stadium;

const QUERY: &str = "SELECT id, name, capacity, location, surface, roof, team, year_opened, created_at, updated_at \
    FROM stadiums ORDER BY id";

/// One connection, opened by the first request and reused by the next ones.
pub struct Database {
    settings: DatabaseSettings,
    tls: MakeRustlsConnect,
    /// Locked while the database answers: an environment handles one request at a time, so none waits for another.
    session: Mutex<Option<Client>>,
}

impl Database {
    pub fn new(settings: DatabaseSettings, tls: MakeRustlsConnect) -> Self {
        Self {
            settings,
            tls,
            session: Mutex::default(),
        }
    }

    /// All rows.
    pub async fn stadiums(
        &self,
        invocation: &mut Invocation<'_>,
    ) -> Result<Vec<Stadium>, BoxError> {
        let mut place = self.session.lock().await;
        // A connection is taken out of its place and put back when it has answered: one that failed is never used again.
        if let Some(old) = place.take().filter(|old| !old.is_closed()) {
            // It may have died while the environment was frozen, and only the next query finds out, possibly by silence:
            // half of the time stays for a new one.
            let limit = invocation.remaining() / 2;
            match invocation.call_within(limit, "query", query(&old)).await {
                Ok(stadiums) => {
                    *place = Some(old);
                    return Ok(stadiums);
                }
                Err(error) => warn!(cause = causes(&*error), "connecting to the database again"),
            }
        }
        let client = invocation
            .call("connect", connect(&self.tls, &self.settings))
            .await?;
        let stadiums = invocation.call("query", query(&client)).await?;
        *place = Some(client);
        Ok(stadiums)
    }
}

async fn connect(tls: &MakeRustlsConnect, settings: &DatabaseSettings) -> Result<Client, BoxError> {
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
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            warn!(cause = causes(&error), "the database connection ended");
        }
    });
    Ok(client)
}

async fn query(client: &Client) -> Result<Vec<Stadium>, tokio_postgres::Error> {
    client
        .query(QUERY, &[])
        .await?
        .iter()
        .map(Stadium::try_from)
        .collect()
}
