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

/// One connection, opened by the first request and kept for the next ones.
pub struct Database {
    tls: MakeRustlsConnect,
    kept: Mutex<Option<Kept>>,
}

/// An open connection and the settings it was opened with.
struct Kept {
    settings: DatabaseSettings,
    client: Client,
}

impl Database {
    pub fn new(tls: MakeRustlsConnect) -> Self {
        Self {
            tls,
            kept: Mutex::default(),
        }
    }

    /// All rows.
    pub async fn stadiums(
        &self,
        settings: &DatabaseSettings,
        invocation: &mut Invocation<'_>,
    ) -> Result<Vec<Stadium>, BoxError> {
        let mut kept = self.kept.lock().await;
        // A connection is taken out of its place and put back when it has answered: one that failed is never met again.
        if let Some(old) = kept
            .take()
            .filter(|old| old.settings == *settings && !old.client.is_closed())
        {
            // It may have died while the environment was frozen, and only the next query finds out, possibly by silence:
            // half of the time stays for a new one.
            let patience = invocation.remaining() / 2;
            match invocation
                .call_within(patience, "query", query(&old.client))
                .await
            {
                Ok(stadiums) => {
                    *kept = Some(old);
                    return Ok(stadiums);
                }
                Err(error) => warn!(cause = causes(&*error), "connecting to the database again"),
            }
        }
        let client = invocation
            .call("connect", connect(&self.tls, settings))
            .await?;
        let stadiums = invocation.call("query", query(&client)).await?;
        *kept = Some(Kept {
            settings: settings.clone(),
            client,
        });
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
    tokio::spawn(connection);
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
