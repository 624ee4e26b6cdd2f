//! The faults: what goes wrong, when, and what DESIGN's rules promise then.

use lab_workspace::BackingService;

use crate::target::Target;

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

/// What a target must have for a fault to concern it.
enum Part {
    Service(BackingService),
    Extension,
    Upstreams,
}

const CACHE: &[Part] = &[Part::Service(BackingService::Cache)];
const DATABASE: &[Part] = &[Part::Service(BackingService::Database)];
const EXTENSION: &[Part] = &[Part::Extension];
const PARAMETERS: &[Part] = &[Part::Service(BackingService::Parameters)];
const UPSTREAMS: &[Part] = &[Part::Upstreams];
const PARAMETERS_AND_DATABASE: &[Part] = &[
    Part::Service(BackingService::Parameters),
    Part::Service(BackingService::Database),
];

/// The name in the matrix, when it strikes, what a target must have, and the status that its client is to get.
type Row = (&'static str, When, &'static [Part], u16);

macro_rules! faults {
    ($(#[doc = $doc:literal] $fault:ident: $name:literal, $when:ident, $parts:ident, $wanted:literal;)+) => {
        /// One thing that goes wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Fault { $(#[doc = $doc] $fault,)+ }

        impl Fault {
            /// All of them, in the order of the matrix.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$fault,)+];

            fn row(self) -> Row {
                match self { $(Self::$fault => ($name, When::$when, $parts, $wanted),)+ }
            }
        }
    };
}

faults! {
    /// The cache's process has ended.
    CacheDown: "cache down", Warm, CACHE, 200;
    /// The cache's process has ended when an environment starts.
    CacheDownCold: "cache down, cold", Cold, CACHE, 200;
    /// The cache takes half a second for each request.
    CacheSlow: "cache slow (500 ms a request)", Warm, CACHE, 200;
    /// The cache's process stands still and keeps its connections open.
    CacheHangs: "cache hangs", Warm, CACHE, 200;
    /// The cache stands still when an environment starts.
    CacheHangsCold: "cache hangs, cold", Cold, CACHE, 200;
    /// The cache was restarted between two invocations: the connection is dead and the list is gone.
    CacheRestarted: "cache restarted", Warm, CACHE, 200;
    /// Half a list under the key, for ever.
    CacheGarbage: "garbage in the cache, for ever", Warm, CACHE, 200;
    /// Half a list under the key, for as long as a list would be there.
    CacheGarbageWithExpiry: "garbage in the cache, for 10 s", Warm, CACHE, 200;
    /// PostgreSQL has ended.
    DatabaseDown: "PostgreSQL down", Warm, DATABASE, 503;
    /// PostgreSQL has ended when an environment starts.
    DatabaseDownCold: "PostgreSQL down, cold", Cold, DATABASE, 503;
    /// PostgreSQL has ended, and the list is still in the cache.
    DatabaseDownListCached: "PostgreSQL down, list in the cache", WarmListCached, CACHE, 200;
    /// PostgreSQL was restarted between two invocations.
    DatabaseRestarted: "PostgreSQL restarted", Warm, DATABASE, 200;
    /// PostgreSQL takes a tenth of a second for each request.
    DatabaseSlow: "PostgreSQL slow (100 ms a request)", Warm, DATABASE, 200;
    /// PostgreSQL's processes stand still and keep their connections open.
    DatabaseHangs: "PostgreSQL hangs", Warm, DATABASE, 503;
    /// PostgreSQL stands still when an environment starts.
    DatabaseHangsCold: "PostgreSQL hangs, cold", Cold, DATABASE, 503;
    /// The session was ended while the environment was frozen.
    SessionKilledWhileFrozen: "session killed while frozen", Warm, DATABASE, 200;
    /// A new connection is needed, and the token has expired when it arrives.
    TokenExpired: "IAM token expired, on connecting", Warm, DATABASE, 503;
    /// The parameter names an alias of the endpoint: the token is signed for another host.
    TokenForAnAlias: "IAM token for an alias of the endpoint", Cold, PARAMETERS_AND_DATABASE, 503;
    /// Parameter Store throttles the first invocation of an environment.
    ParametersThrottledCold: "Parameter Store throttles, cold", Cold, PARAMETERS, 503;
    /// Parameter Store throttles a later one.
    ParametersThrottledWarm: "Parameter Store throttles, warm", Warm, PARAMETERS, 200;
    /// A parameter does not exist.
    ParameterMissing: "parameter missing, cold", Cold, PARAMETERS, 503;
    /// Parameter Store takes a fifth of a second for each request.
    ParametersSlow: "Parameter Store slow (200 ms), cold", Cold, PARAMETERS, 200;
    /// Parameter Store takes longer than the function has.
    ParametersTooSlow: "Parameter Store does not answer, cold", Cold, PARAMETERS, 503;
    /// The extension says "not ready" to some requests after the first invocation has begun.
    ExtensionNotReady: "extension not ready for 30 requests", Cold, EXTENSION, 200;
    /// The extension takes half a second of CPU to start.
    ExtensionSlowStart: "extension slow to start (500 ms CPU)", Cold, EXTENSION, 200;
    /// The extension does not know the token that the function shows.
    ExtensionWrongToken: "extension has another token", Cold, EXTENSION, 503;
    /// The extension's process has ended between two invocations.
    ExtensionGone: "extension gone", Warm, EXTENSION, 500;
    /// A function's upstreams refuse connections.
    UpstreamsDown: "upstreams down", Warm, UPSTREAMS, 503;
    /// They take half a second longer for each request.
    UpstreamsSlow: "upstreams slow (500 ms longer)", Warm, UPSTREAMS, 200;
    /// They answer 503.
    UpstreamsFail: "upstreams answer 503", Warm, UPSTREAMS, 503;
    /// They take longer than the function has.
    UpstreamsTooSlow: "upstreams do not answer", Warm, UPSTREAMS, 503;
    /// An event that API Gateway does not send: the console's own test event.
    EventMalformed: "malformed event", Warm, DATABASE, 500;
}

impl Fault {
    /// Its name in the matrix.
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// When it strikes.
    pub fn when(self) -> When {
        self.row().1
    }

    /// True where it is made of the stadiums' own parameters, cache entry or event.
    fn is_of_the_stadiums(self) -> bool {
        matches!(
            self,
            Self::CacheGarbage
                | Self::CacheGarbageWithExpiry
                | Self::DatabaseDownListCached
                | Self::TokenForAnAlias
                | Self::ParameterMissing
                | Self::EventMalformed
        )
    }

    /// Whether a target can meet it at all.
    pub fn concerns(self, target: &Target) -> bool {
        if target.own.is_some() && self.is_of_the_stadiums() {
            return false;
        }
        let database = target.own.as_ref().and_then(|own| own.database.as_ref());
        let has_password = database.is_some_and(|database| database.password.is_some());
        if has_password && self == Self::TokenExpired {
            return false;
        }
        self.row().2.iter().all(|part| match part {
            Part::Service(service) => target.services.contains(service),
            Part::Extension => target.extension,
            Part::Upstreams => {
                let own = target.own.as_ref();
                own.is_some_and(|own| !own.upstreams.is_empty())
            }
        })
    }

    /// What the client is to get while it lasts: the list wherever something can still give it, else a 503 that the
    /// function itself has written. Only where the function never hears of the request does Lambda answer for it.
    /// `asks_each_time`: a warm request needs Parameter Store.
    pub fn wanted(self, asks_each_time: bool) -> u16 {
        if self == Self::ParametersThrottledWarm && asks_each_time {
            503
        } else {
            self.row().3
        }
    }

    /// How many failing invocations are right after the fault is over; `None` where values that were read during the
    /// fault are kept for minutes, by design.
    pub fn wanted_until_normal(self, target: &Target) -> Option<u32> {
        // The extension keeps what it has read for 300 s, and cannot know that it is wrong.
        (self != Self::TokenForAnAlias || !target.extension).then_some(0)
    }
}
