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
use tokio::time::timeout;
use tracing::{error, warn};

use crate::body::Body;
use crate::kept::Moment;
use crate::parameters::CacheSettings;

/// Not the key of the rows: an earlier version of this function may still be filling that one.
const KEY: &str = "stadiums:body";

/// How old the body may become in the cache.
const EXPIRY: Duration = Duration::from_secs(10);

/// How long a request waits for the cache before it turns to the database.
const PATIENCE: Duration = Duration::from_millis(250);

/// The same when a connection has to be opened: a TLS handshake, and the first one of a process, needs much more CPU.
const PATIENCE_TO_CONNECT: Duration = Duration::from_secs(1);

/// One connection, opened in init and kept for all requests.
#[derive(Default)]
pub struct Cache {
    kept: Mutex<Option<Kept>>,
}

/// An open connection and the settings it was opened with.
struct Kept {
    settings: CacheSettings,
    connection: MultiplexedConnection,
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
    /// Opens the connection before there is a request. It fails nobody: a request opens it if need be.
    pub async fn connect_ahead(&self, settings: &CacheSettings, patience: Duration) {
        if !settings.enabled {
            return;
        }
        match timeout(patience, Kept::connect(settings.clone())).await {
            Ok(Ok(connection)) => *self.kept.lock().await = Some(connection),
            Ok(Err(error)) => warn!(cause = causes(&error), "no connection to the cache yet"),
            Err(error) => warn!(cause = causes(&error), "no connection to the cache yet"),
        }
    }

    /// Asks the cache. It never fails a request: whatever is wrong with it goes to the log.
    pub async fn get(&self, settings: &CacheSettings, invocation: &mut Invocation<'_>) -> Lookup {
        if !settings.enabled {
            return Lookup::Unavailable;
        }
        let mut kept = self.kept.lock().await;
        // A connection is taken out of its place and put back when it has answered: one that failed is never met again.
        let old = kept.take().filter(|old| old.settings == *settings);
        let patience = old.as_ref().map_or(PATIENCE_TO_CONNECT, |_| PATIENCE);
        // The database needs time, too.
        let patience = patience.min(invocation.remaining() / 2);
        let answer = ask(old, settings);
        let lookup = match invocation.call_within(patience, "cache_get", answer).await {
            Ok((connection, value)) => {
                *kept = Some(connection);
                value.map_or(Lookup::Miss, open)
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
        let mut kept = self.kept.lock().await;
        let Some(mut old) = kept.take() else { return };
        // Not a time to live but the moment of its end, with the value or not at all: a frozen environment may send this
        // an hour late, and the cache then deletes it at once.
        let mut fill = redis::pipe();
        fill.atomic()
            .set(KEY, body.seal())
            .pexpire_at(KEY, asked_at.plus(EXPIRY));
        let set = fill.exec_async(&mut old.connection);
        match invocation.call_within(PATIENCE, "cache_set", set).await {
            Ok(()) => *kept = Some(old),
            Err(error) => warn!(cause = causes(&*error), "the cache was not filled"),
        }
    }
}

/// The value, and the connection that it came by.
async fn ask(
    kept: Option<Kept>,
    settings: &CacheSettings,
) -> Result<(Kept, Option<Vec<u8>>), RedisError> {
    let mut kept = match kept {
        Some(kept) => kept,
        None => Kept::connect(settings.clone()).await?,
    };
    let value = match kept.connection.get(KEY).await {
        // Garbage of another type than a string.
        Err(error) if error.code() == Some("WRONGTYPE") => Some(Vec::new()),
        value => value?,
    };
    Ok((kept, value))
}

impl Kept {
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
        let connection = Client::open(info)?
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        Ok(Self {
            settings,
            connection,
        })
    }
}

fn open(value: Vec<u8>) -> Lookup {
    match Body::open(value) {
        Ok(body) => Lookup::Hit(body),
        Err(error) => {
            error!(error, "the cache holds garbage, replacing it");
            Lookup::Miss
        }
    }
}
