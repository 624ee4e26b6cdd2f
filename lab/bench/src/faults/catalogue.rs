//! The faults: what goes wrong, when, and what DESIGN's rules promise then.

use crate::target::Target;
use lab_workspace::BackingService;

/// One thing that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The cache's process has ended.
    CacheDown,
    /// The cache takes half a second for each request.
    CacheSlow,
    /// The cache's process stands still and keeps its connections open.
    CacheHangs,
    /// The cache was restarted between two invocations: the connection is dead and the list is gone.
    CacheRestarted,
    /// Half a list under the key, for ever.
    CacheGarbage,
    /// Half a list under the key, for as long as a list would be there.
    CacheGarbageWithExpiry,
    /// PostgreSQL has ended.
    DatabaseDown,
    /// PostgreSQL has ended, and the list is still in the cache.
    DatabaseDownListCached,
    /// PostgreSQL was restarted between two invocations.
    DatabaseRestarted,
    /// PostgreSQL takes a tenth of a second for each request.
    DatabaseSlow,
    /// PostgreSQL's processes stand still and keep their connections open.
    DatabaseHangs,
    /// The session was ended while the environment was frozen.
    SessionKilledWhileFrozen,
    /// A new connection is needed, and the token has expired when it arrives.
    TokenExpired,
    /// The parameter names an alias of the endpoint: the token is signed for another host.
    TokenForAnAlias,
    /// Parameter Store throttles the first invocation of an environment.
    ParametersThrottledCold,
    /// Parameter Store throttles a later one.
    ParametersThrottledWarm,
    /// A parameter does not exist.
    ParameterMissing,
    /// Parameter Store takes a fifth of a second for each request.
    ParametersSlow,
    /// Parameter Store takes longer than the function has.
    ParametersTooSlow,
    /// The extension says "not ready" to some requests after the first invocation has begun.
    ExtensionNotReady,
    /// The extension takes half a second of CPU to start.
    ExtensionSlowStart,
    /// The extension does not know the token that the function shows.
    ExtensionWrongToken,
    /// The extension's process has ended between two invocations.
    ExtensionGone,
    /// An event that API Gateway does not send: the console's own test event.
    EventMalformed,
}

/// Whether a fault meets an environment's first invocation or a later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// There is no environment yet.
    Cold,
    /// The environment has answered before, is frozen, and the cache is empty.
    Warm,
    /// The same, with the list in the cache.
    WarmListCached,
}

impl Fault {
    /// All of them, in the order of the matrix.
    pub const ALL: [Self; 24] = [
        Self::CacheDown,
        Self::CacheSlow,
        Self::CacheHangs,
        Self::CacheRestarted,
        Self::CacheGarbage,
        Self::CacheGarbageWithExpiry,
        Self::DatabaseDown,
        Self::DatabaseDownListCached,
        Self::DatabaseRestarted,
        Self::DatabaseSlow,
        Self::DatabaseHangs,
        Self::SessionKilledWhileFrozen,
        Self::TokenExpired,
        Self::TokenForAnAlias,
        Self::ParametersThrottledCold,
        Self::ParametersThrottledWarm,
        Self::ParameterMissing,
        Self::ParametersSlow,
        Self::ParametersTooSlow,
        Self::ExtensionNotReady,
        Self::ExtensionSlowStart,
        Self::ExtensionWrongToken,
        Self::ExtensionGone,
        Self::EventMalformed,
    ];

    /// Its name in the matrix.
    pub fn name(self) -> &'static str {
        match self {
            Self::CacheDown => "cache down",
            Self::CacheSlow => "cache slow (500 ms a request)",
            Self::CacheHangs => "cache hangs",
            Self::CacheRestarted => "cache restarted",
            Self::CacheGarbage => "garbage in the cache, for ever",
            Self::CacheGarbageWithExpiry => "garbage in the cache, for 10 s",
            Self::DatabaseDown => "PostgreSQL down",
            Self::DatabaseDownListCached => "PostgreSQL down, list in the cache",
            Self::DatabaseRestarted => "PostgreSQL restarted",
            Self::DatabaseSlow => "PostgreSQL slow (100 ms a request)",
            Self::DatabaseHangs => "PostgreSQL hangs",
            Self::SessionKilledWhileFrozen => "session killed while frozen",
            Self::TokenExpired => "IAM token expired, on connecting",
            Self::TokenForAnAlias => "IAM token for an alias of the endpoint",
            Self::ParametersThrottledCold => "Parameter Store throttles, cold",
            Self::ParametersThrottledWarm => "Parameter Store throttles, warm",
            Self::ParameterMissing => "parameter missing, cold",
            Self::ParametersSlow => "Parameter Store slow (200 ms), cold",
            Self::ParametersTooSlow => "Parameter Store does not answer, cold",
            Self::ExtensionNotReady => "extension not ready for 30 requests",
            Self::ExtensionSlowStart => "extension slow to start (500 ms CPU)",
            Self::ExtensionWrongToken => "extension has another token",
            Self::ExtensionGone => "extension gone",
            Self::EventMalformed => "malformed event",
        }
    }

    /// When it strikes.
    pub fn when(self) -> When {
        match self {
            Self::TokenForAnAlias
            | Self::ParametersThrottledCold
            | Self::ParameterMissing
            | Self::ParametersSlow
            | Self::ParametersTooSlow
            | Self::ExtensionNotReady
            | Self::ExtensionSlowStart
            | Self::ExtensionWrongToken => When::Cold,
            Self::DatabaseDownListCached => When::WarmListCached,
            _ => When::Warm,
        }
    }

    /// Whether a target can meet it at all.
    pub fn concerns(self, target: &Target) -> bool {
        let has = |service| target.services.contains(&service);
        match self {
            Self::CacheDown
            | Self::CacheSlow
            | Self::CacheHangs
            | Self::CacheRestarted
            | Self::CacheGarbage
            | Self::CacheGarbageWithExpiry
            | Self::DatabaseDownListCached => has(BackingService::Cache),
            Self::ExtensionNotReady
            | Self::ExtensionSlowStart
            | Self::ExtensionWrongToken
            | Self::ExtensionGone => target.extension,
            Self::ParametersThrottledCold
            | Self::ParametersThrottledWarm
            | Self::ParameterMissing
            | Self::ParametersSlow
            | Self::ParametersTooSlow => has(BackingService::Parameters),
            Self::TokenForAnAlias => {
                has(BackingService::Parameters) && has(BackingService::Database)
            }
            _ => has(BackingService::Database),
        }
    }

    /// What the client is to get while it lasts: the list wherever something can still give it, else a 503 that the
    /// function itself has written. Only where the function never hears of the request does Lambda answer for it.
    /// `asks_each_time`: a warm request needs Parameter Store.
    pub fn wanted(self, asks_each_time: bool) -> u16 {
        match self {
            Self::DatabaseDown
            | Self::DatabaseHangs
            | Self::TokenExpired
            | Self::TokenForAnAlias
            | Self::ParametersThrottledCold
            | Self::ParameterMissing
            | Self::ParametersTooSlow
            | Self::ExtensionWrongToken => 503,
            Self::ParametersThrottledWarm if asks_each_time => 503,
            Self::ExtensionGone | Self::EventMalformed => 500,
            _ => 200,
        }
    }

    /// How many failing invocations are right after the fault is over; `None` where values that were read during the
    /// fault are kept for minutes, by design.
    pub fn wanted_until_normal(self, target: &Target) -> Option<u32> {
        // The extension keeps what it has read for 300 s, and cannot know that it is wrong.
        (self != Self::TokenForAnAlias || !target.extension).then_some(0)
    }
}
