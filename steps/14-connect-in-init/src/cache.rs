//! The cache: connect, get, set.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncCommands as _, AsyncConnectionConfig, Client, ConnectionAddr, IntoConnectionInfo as _,
    RedisError,
};
use support::Invocation;
use support::log::causes;
use tokio::sync::Mutex;
use tracing::{error, warn};

use crate::body::Body;
use crate::parameters::CacheSettings;
use crate::response_cache::Moment;

/// Not the key of the rows: an earlier version of this function may still be filling that one.
const KEY: &str = "stadiums:body";

/// How old the body may become in the cache.
const EXPIRY: Duration = Duration::from_secs(10);

/// How long a request waits for the cache before it turns to the database.
const TIMEOUT: Duration = Duration::from_millis(250);

/// The same when a connection has to be opened: a TLS handshake, and the first one of a process, needs much more CPU.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// One connection, opened in init and reused by all requests.
pub struct Cache {
    settings: CacheSettings,
    /// Locked while the cache answers: an environment handles one request at a time, so none waits for another.
    connection: Mutex<Option<MultiplexedConnection>>,
}

/// What the cache knows.
pub enum Lookup {
    /// This body.
    Hit(Body),
    /// Nothing that can be served; it wants to be filled.
    Miss,
    /// It is off or out of reach.
    Unavailable,
}

impl Cache {
    pub fn new(settings: CacheSettings) -> Self {
        Self {
            settings,
            connection: Mutex::default(),
        }
    }

    /// Asks the cache. It never fails a request: whatever is wrong with it goes to the log.
    pub async fn get(&self, invocation: &mut Invocation<'_>) -> Lookup {
        if !self.settings.enabled {
            return Lookup::Unavailable;
        }
        let mut place = self.connection.lock().await;
        // A connection is taken out of its place and put back when it has answered: one that failed is never used again.
        let old = place.take();
        let limit = old.as_ref().map_or(CONNECT_TIMEOUT, |_| TIMEOUT);
        // The database needs time, too.
        let limit = limit.min(invocation.remaining() / 2);
        let answer = ask(old, &self.settings);
        let lookup = match invocation.call_within(limit, "cache_get", answer).await {
            Ok((connection, value)) => {
                *place = Some(connection);
                value.map_or(Lookup::Miss, check)
            }
            Err(error) => {
                warn!(cause = causes(&*error), "no answer from the cache");
                Lookup::Unavailable
            }
        };
        invocation.cache_hit(matches!(lookup, Lookup::Hit(_)));
        lookup
    }

    /// Stores `body`, which was asked for at `asked_at`. It never fails a request: whatever is wrong goes to the log.
    pub async fn set(&self, body: &Body, asked_at: Moment, invocation: &mut Invocation<'_>) {
        let mut place = self.connection.lock().await;
        let Some(mut old) = place.take() else { return };
        // In one transaction, and with the moment of its end instead of a time to live: a frozen environment may send this
        // an hour late, and the cache then deletes it at once.
        let mut fill = redis::pipe();
        fill.atomic()
            .set(KEY, body.with_checksum())
            .pexpire_at(KEY, asked_at.plus(EXPIRY));
        let set = fill.exec_async(&mut old);
        match invocation.call_within(TIMEOUT, "cache_set", set).await {
            Ok(()) => *place = Some(old),
            Err(error) => warn!(cause = causes(&*error), "the cache was not filled"),
        }
    }
}

/// The value, and the connection that it came by.
async fn ask(
    old: Option<MultiplexedConnection>,
    settings: &CacheSettings,
) -> Result<(MultiplexedConnection, Option<Vec<u8>>), RedisError> {
    let mut connection = match old {
        Some(old) => old,
        None => connect(settings).await?,
    };
    let value = match connection.get(KEY).await {
        // Garbage of another type than a string.
        Err(error) if error.code() == Some("WRONGTYPE") => Some(Vec::new()),
        value => value?,
    };
    Ok((connection, value))
}

async fn connect(settings: &CacheSettings) -> Result<MultiplexedConnection, RedisError> {
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
    Client::open(info)?
        .get_multiplexed_async_connection_with_config(&config)
        .await
}

fn check(value: Vec<u8>) -> Lookup {
    match Body::checked(value) {
        Ok(body) => Lookup::Hit(body),
        Err(error) => {
            error!(error, "the cache holds garbage, replacing it");
            Lookup::Miss
        }
    }
}
