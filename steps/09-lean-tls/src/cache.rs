//! The cache: connect, get, set.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncCommands as _, AsyncConnectionConfig, Client, ConnectionAddr, ExistenceCheck,
    IntoConnectionInfo as _, RedisError, SetExpiry, SetOptions,
};
use support::Invocation;
use support::log::causes;
use tokio::sync::Mutex;
use tracing::{error, warn};

use crate::parameters::CacheSettings;
use crate::stadium::Stadium;

const KEY: &str = "stadiums";

/// How long the rows stay in the cache, in seconds: no answer is older than this.
const EXPIRY: u64 = 10;

/// How long a request waits for the cache before it turns to the database.
const TIMEOUT: Duration = Duration::from_millis(250);

/// The same when a connection has to be opened: a TLS handshake, and the first one of a process, needs much more CPU.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// One connection, opened by the first request and reused by the next ones.
#[derive(Default)]
pub struct Cache {
    /// Locked while the cache answers: an environment handles one request at a time, so none waits for another.
    connection: Mutex<Option<Connection>>,
}

/// An open connection and the settings it was opened with.
struct Connection {
    settings: CacheSettings,
    redis: MultiplexedConnection,
}

/// What the cache knows.
pub enum Lookup {
    /// These rows.
    Hit(Vec<Stadium>),
    /// Nothing; and how it wants to be filled, unless it is off or out of reach.
    Miss(Option<Fill>),
}

/// How the key is set.
pub enum Fill {
    /// Unless another environment was faster (NX).
    Absent,
    /// Whatever is there.
    Garbage,
}

impl Cache {
    /// Asks the cache. It never fails a request: whatever is wrong with it goes to the log.
    pub async fn get(&self, settings: &CacheSettings, invocation: &mut Invocation<'_>) -> Lookup {
        if !settings.enabled {
            return Lookup::Miss(None);
        }
        let mut place = self.connection.lock().await;
        // A connection is taken out of its place and put back when it has answered: one that failed is never used again.
        let old = place.take().filter(|old| old.settings == *settings);
        let limit = old.as_ref().map_or(CONNECT_TIMEOUT, |_| TIMEOUT);
        // The database needs time, too.
        let limit = limit.min(invocation.remaining() / 2);
        let answer = ask(old, settings);
        let lookup = match invocation.call_within(limit, "cache_get", answer).await {
            Ok((connection, value)) => {
                *place = Some(connection);
                value.map_or(Lookup::Miss(Some(Fill::Absent)), |value| parse(&value))
            }
            Err(error) => {
                warn!(cause = causes(&*error), "no answer from the cache");
                Lookup::Miss(None)
            }
        };
        invocation.cache_hit(matches!(lookup, Lookup::Hit(_)));
        lookup
    }

    /// Stores `body`, the rows as JSON. It never fails a request: whatever is wrong goes to the log.
    pub async fn set(&self, fill: Fill, body: &str, invocation: &mut Invocation<'_>) {
        let mut place = self.connection.lock().await;
        let Some(mut old) = place.take() else { return };
        let mut options = SetOptions::default().with_expiration(SetExpiry::EX(EXPIRY));
        if matches!(fill, Fill::Absent) {
            options = options.conditional_set(ExistenceCheck::NX);
        }
        let set = old.redis.set_options(KEY, body, options);
        match invocation.call_within(TIMEOUT, "cache_set", set).await {
            Ok(()) => *place = Some(old),
            Err(error) => warn!(cause = causes(&*error), "the cache was not filled"),
        }
    }
}

/// The value, and the connection that it came by.
async fn ask(
    old: Option<Connection>,
    settings: &CacheSettings,
) -> Result<(Connection, Option<Vec<u8>>), RedisError> {
    let mut connection = match old {
        Some(old) => old,
        None => Connection::connect(settings.clone()).await?,
    };
    let value = match connection.redis.get(KEY).await {
        // Garbage of another type than a string.
        Err(error) if error.code() == Some("WRONGTYPE") => Some(Vec::new()),
        value => value?,
    };
    Ok((connection, value))
}

impl Connection {
    async fn connect(settings: CacheSettings) -> Result<Self, RedisError> {
        let address = ConnectionAddr::TcpTls {
            host: settings.endpoint.clone(),
            port: settings.port,
            insecure: false,
            tls_params: None,
        };
        // Small messages, sent at once: else the first command waits until the server has acknowledged the handshake.
        let tcp = redis::io::tcp::TcpSettings::default().set_nodelay(true);
        let info = address.into_connection_info()?.set_tcp_settings(tcp);
        // The invocation keeps the time.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(None);
        let redis = Client::open(info)?
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        Ok(Self { settings, redis })
    }
}

fn parse(value: &[u8]) -> Lookup {
    match serde_json::from_slice(value) {
        Ok(stadiums) => Lookup::Hit(stadiums),
        Err(error) => {
            error!(%error, "the cache holds garbage, replacing it");
            Lookup::Miss(Some(Fill::Garbage))
        }
    }
}
