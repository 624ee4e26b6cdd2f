//! What the services have seen. Counts are the lesson in numbers that do not depend on the machine.

use std::ops::{AddAssign, Index, Sub};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::{Link, Network};

macro_rules! counters {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
        /// One thing that is counted.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Counter { $($(#[doc = $doc])+ $variant,)+ }

        impl Counter {
            /// Every counter, in the order in which it is shown.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The counter's name: the service and the thing, for example `database.round_trips`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

counters! {
    /// TCP connections accepted by RDS Proxy.
    DatabaseConnections = "database.connections",
    /// TLS handshakes completed with it.
    DatabaseTlsHandshakes = "database.tls_handshakes",
    /// Sessions whose IAM token was accepted.
    DatabaseSessions = "database.sessions",
    /// Round trips: TCP, SSLRequest, TLS, startup and password, then one for each request.
    DatabaseRoundTrips = "database.round_trips",
    /// Requests of a session: each Sync, Flush or simple Query that a client waits for.
    DatabaseRequests = "database.requests",
    /// Statements run: each Execute or simple Query.
    DatabaseQueries = "database.queries",
    /// Prepared statements that were closed by a batch of their own. No client waits for that, unless it then leaves.
    DatabaseCloses = "database.closes",
    /// `SET` statements and calls of `set_config`.
    DatabaseSets = "database.sets",
    /// Sessions that RDS Proxy would have pinned to a database connection.
    DatabasePinned = "database.pinned",
    /// IAM tokens refused.
    DatabaseTokensRefused = "database.tokens_refused",
    /// Rows sent to clients.
    DatabaseRows = "database.rows",
    /// Bytes of sessions' messages from clients, before encryption.
    DatabaseBytesReceived = "database.bytes_received",
    /// Bytes of sessions' messages to clients, before encryption.
    DatabaseBytesSent = "database.bytes_sent",
    /// TCP connections accepted by the cache.
    CacheConnections = "cache.connections",
    /// TLS handshakes completed with it.
    CacheTlsHandshakes = "cache.tls_handshakes",
    /// Round trips: TCP and TLS, then one for each request.
    CacheRoundTrips = "cache.round_trips",
    /// Requests: commands that a client sent without waiting for an answer in between are one.
    CacheRequests = "cache.requests",
    /// Commands.
    CacheCommands = "cache.commands",
    /// `GET` commands.
    CacheGets = "cache.gets",
    /// `SET` commands.
    CacheSets = "cache.sets",
    /// `GET` commands that found a value.
    CacheHits = "cache.hits",
    /// `GET` commands that found none.
    CacheMisses = "cache.misses",
    /// Bytes of commands from clients, before encryption.
    CacheBytesReceived = "cache.bytes_received",
    /// Bytes of replies to clients, before encryption.
    CacheBytesSent = "cache.bytes_sent",
    /// TCP connections accepted by Parameter Store.
    ParametersConnections = "parameters.connections",
    /// TLS handshakes completed with it.
    ParametersTlsHandshakes = "parameters.tls_handshakes",
    /// Round trips: TCP and TLS, then one for each request.
    ParametersRoundTrips = "parameters.round_trips",
    /// Requests of any kind.
    ParametersRequests = "parameters.requests",
    /// `GetParameter` requests, throttled ones included.
    ParametersGetParameter = "parameters.get_parameter",
    /// `GetParameters` requests, throttled ones included.
    ParametersGetParameters = "parameters.get_parameters",
    /// `GetParametersByPath` requests, throttled ones included.
    ParametersGetParametersByPath = "parameters.get_parameters_by_path",
    /// Requests answered with `ThrottlingException`.
    ParametersThrottled = "parameters.throttled",
    /// Requests to a function's upstreams.
    UpstreamsRequests = "upstreams.requests",
    /// How long the upstreams delayed their answers, one after the other, µs.
    UpstreamsDelayUs = "upstreams.delay_us",
    /// Documents that the X-Ray daemon received.
    TracesDocuments = "traces.documents",
    /// Datagrams that the X-Ray daemon could not read.
    TracesMalformed = "traces.malformed",
}

const LENGTH: usize = Counter::ALL.len();

/// A reading of all counters; subtract an earlier one to know what happened in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts([u64; LENGTH]);

impl Counts {
    /// Every counter's name and value.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        Counter::ALL
            .iter()
            .map(|&counter| (counter.name(), self[counter]))
    }

    /// The time that these counts cost in `network`, had everything happened one after the other: requests that ran side
    /// by side are counted in full.
    pub fn waited(&self, network: &Network) -> Duration {
        let cost = |link: &Link, round_trips, requests, sessions| {
            link.round_trip * self[round_trips] as u32
                + link.service_time * self[requests] as u32
                + link.session_setup * self[sessions] as u32
        };
        cost(
            &network.database,
            Counter::DatabaseRoundTrips,
            Counter::DatabaseRequests,
            Counter::DatabaseSessions,
        ) + cost(
            &network.cache,
            Counter::CacheRoundTrips,
            Counter::CacheRequests,
            Counter::CacheTlsHandshakes,
        ) + cost(
            &network.parameters,
            Counter::ParametersRoundTrips,
            Counter::ParametersRequests,
            Counter::ParametersTlsHandshakes,
        )
    }
}

impl Index<Counter> for Counts {
    type Output = u64;

    fn index(&self, counter: Counter) -> &u64 {
        &self.0[counter as usize]
    }
}

/// Nothing was counted.
impl Default for Counts {
    fn default() -> Self {
        Self([0; LENGTH])
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        for (sum, count) in self.0.iter_mut().zip(other.0) {
            *sum += count;
        }
    }
}

impl Sub for Counts {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self(std::array::from_fn(|index| {
            self.0[index] - earlier.0[index]
        }))
    }
}

/// The counters themselves, shared by all services.
#[derive(Debug)]
pub(crate) struct Counters([AtomicU64; LENGTH]);

impl Default for Counters {
    fn default() -> Self {
        Self(std::array::from_fn(|_| AtomicU64::new(0)))
    }
}

impl Counters {
    pub fn add(&self, counter: Counter, amount: u64) {
        self.0[counter as usize].fetch_add(amount, Ordering::Relaxed);
    }

    pub fn read(&self) -> Counts {
        Counts(std::array::from_fn(|index| {
            self.0[index].load(Ordering::Relaxed)
        }))
    }
}
