//! The ceiling: at how many requests a second each limit of AWS would bite, computed from what was measured of a step and
//! from the facts.
//!
//! No laptop can send ten thousand requests a second through ten thousand environments. It can measure how long one request
//! keeps an environment busy and what it asks of whom; the rest is division. What the arithmetic cannot know is said in
//! [`Limit::because`]: that the neighbours stay as fast under load as they are alone, above all.

use serde::Serialize;

use crate::facts::{Error, Facts};
use crate::format::{bytes, duration, usd};
use crate::schema::{Measurement, Metric, Network};
use crate::stats;

/// Names that steps 00 to 02 ask for in one call of `GetParameters` (their `parameters.rs`), each of which is charged with
/// higher throughput.
const NAMES_IN_A_CALL: f64 = 4.0;

/// What can be the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The account's environments are all busy.
    Concurrency,
    /// The requests that Lambda allows for each unit of concurrency.
    RequestRate,
    /// Parameter Store's quota.
    ParameterStore,
    /// New connections that authenticate by IAM.
    IamConnections,
    /// The database's connections.
    DatabaseConnections,
    /// What the database's instance can send.
    DatabaseBandwidth,
    /// What the cache's node can send.
    CacheBandwidth,
    /// API Gateway's own throttle.
    HttpApi,
}

impl Kind {
    /// All of them, in the order of a table.
    pub const ALL: [Self; 8] = [
        Self::Concurrency,
        Self::RequestRate,
        Self::ParameterStore,
        Self::IamConnections,
        Self::DatabaseConnections,
        Self::DatabaseBandwidth,
        Self::CacheBandwidth,
        Self::HttpApi,
    ];

    /// A few words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Concurrency => "environments",
            Self::RequestRate => "10/s each",
            Self::ParameterStore => "Parameter Store",
            Self::IamConnections => "IAM connects",
            Self::DatabaseConnections => "connections",
            Self::DatabaseBandwidth => "DB network",
            Self::CacheBandwidth => "cache network",
            Self::HttpApi => "HTTP API",
        }
    }
}

/// One limit of one step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Limit {
    /// What it is.
    pub kind: Kind,
    /// Requests per second at which it bites.
    pub per_second: f64,
    /// The arithmetic, in words.
    pub because: String,
    /// How it is lifted and what that costs, in words.
    pub lift: String,
    /// Requests per second once it is lifted as far as that goes; absent where it is then no limit of this kind any more, or
    /// where nobody says how far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifted_per_second: Option<f64>,
    /// What lifting it adds to a million requests, USD; absent where the price is by the hour or unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usd_per_million: Option<f64>,
}

/// A step as the arithmetic sees it.
struct Step<'a> {
    facts: &'a Facts,
    /// How long one warm request keeps its environment, s.
    busy: f64,
    measurement: &'a Measurement,
    network: Option<&'a Network>,
}

/// Every limit that a step can meet in an account of this concurrency, the first one first; empty without warm samples.
pub fn ceiling(
    measurement: &Measurement,
    network: Option<&Network>,
    facts: &Facts,
    concurrency: u64,
) -> Result<Vec<Limit>, Error> {
    let durations = measurement.rounds_of(Metric::WarmDuration).concat();
    let Some(mean_us) = stats::mean(&durations) else {
        return Ok(Vec::new());
    };
    let step = Step {
        facts,
        busy: mean_us / 1e6,
        measurement,
        network,
    };
    let mut limits = step.lambda(concurrency as f64)?;
    limits.extend(step.parameter_store()?);
    limits.extend(step.database()?);
    limits.extend(step.cache()?);
    limits.push(step.http_api()?);
    limits.sort_by(|one, other| one.per_second.total_cmp(&other.per_second));
    Ok(limits)
}

impl Step<'_> {
    fn warm(&self, counter: &str) -> f64 {
        let counts = self.measurement.counts_warm();
        counts.get(counter).copied().unwrap_or_default()
    }

    fn cold(&self, counter: &str) -> f64 {
        let counts = self.measurement.counts_cold();
        counts.get(counter).copied().unwrap_or_default()
    }

    /// Requests per second that one environment can serve: by its time, and by Lambda's rule.
    fn per_environment(&self) -> Result<f64, Error> {
        let rule = self
            .facts
            .number("limits.rate_per_environment", "requests/s")?;
        Ok(rule.min(1.0 / self.busy))
    }

    fn lambda(&self, concurrency: f64) -> Result<Vec<Limit>, Error> {
        let rule = self
            .facts
            .number("limits.rate_per_environment", "requests/s")?;
        let lift = "a higher concurrency quota: on request, no fee".to_owned();
        Ok(vec![
            Limit {
                kind: Kind::Concurrency,
                per_second: concurrency / self.busy,
                because: format!(
                    "{concurrency} environments, each busy for {} a request",
                    duration(self.busy * 1e6)
                ),
                lift: lift.clone(),
                lifted_per_second: None,
                usd_per_million: Some(0.0),
            },
            Limit {
                kind: Kind::RequestRate,
                per_second: concurrency * rule,
                because: format!(
                    "Lambda allows {rule} requests/s for each of {concurrency} units of concurrency, however fast it answers"
                ),
                lift,
                lifted_per_second: None,
                usd_per_million: Some(0.0),
            },
        ])
    }

    fn parameter_store(&self) -> Result<Option<Limit>, Error> {
        let quota = self.facts.number("parameter_store.quota", "requests/s")?;
        let interaction = self.facts.number(
            "prices.parameter_store.interaction",
            "USD/10000 interactions",
        )? / 1e4;
        let single = self.warm("parameters.get_parameter");
        let several = self.warm("parameters.get_parameters");
        let calls = single + several;
        if calls > 0.0 {
            let key = if several > 0.0 {
                "parameter_store.quota_higher_get_parameters"
            } else {
                "parameter_store.quota_higher_get_parameter"
            };
            let higher = self.facts.number(key, "requests/s")?;
            let charged = (single + several * NAMES_IN_A_CALL) * interaction * 1e6;
            return Ok(Some(Limit {
                kind: Kind::ParameterStore,
                per_second: quota / calls,
                because: format!(
                    "one request makes {calls:.0} call(s), and the whole account has {quota}/s"
                ),
                lift: format!(
                    "higher throughput: {higher}/s, {} for a million requests; or keep the values",
                    usd(charged)
                ),
                lifted_per_second: Some(higher / calls),
                usd_per_million: Some(charged),
            }));
        }
        let at_start =
            self.cold("parameters.get_parameter") + self.cold("parameters.get_parameters");
        if at_start == 0.0 {
            return Ok(None);
        }
        let kept = self.facts.duration("extension.time_to_live")?.as_secs_f64();
        let higher = self
            .facts
            .number("parameter_store.quota_higher_get_parameter", "requests/s")?;
        let each = self.per_environment()?;
        let environments = quota * kept / at_start;
        let charged = at_start / (kept * each) * interaction * 1e6;
        Ok(Some(Limit {
            kind: Kind::ParameterStore,
            per_second: environments * each,
            because: format!(
                "{at_start:.0} calls an environment each {kept} s: {quota}/s are enough for {environments:.0} environments, \
                 and for {:.1} cold starts a second",
                quota / at_start
            ),
            lift: format!(
                "higher throughput: {higher}/s, {} for a million requests",
                usd(charged)
            ),
            lifted_per_second: Some(environments * each * higher / quota),
            usd_per_million: Some(charged),
        }))
    }

    fn database(&self) -> Result<Vec<Limit>, Error> {
        let mut limits = Vec::new();
        let sessions = self.warm("database.sessions");
        if sessions > 0.0 {
            let advice = self
                .facts
                .number("database.iam_connections", "connections/s")?;
            limits.push(Limit {
                kind: Kind::IamConnections,
                per_second: advice / sessions,
                because: format!(
                    "one request opens {sessions:.0} connection(s), and AWS advises at most {advice}/s with IAM (published for the \
                     database, not for the proxy)"
                ),
                lift: "keep the connection: no fee".to_owned(),
                lifted_per_second: None,
                usd_per_million: Some(0.0),
            });
        }
        let (held, why) = self.connection_held();
        if held > 0.0 {
            let connections = self.facts.number("database.connections", "connections")?;
            let most = self
                .facts
                .number("database.connections_most", "connections")?;
            limits.push(Limit {
                kind: Kind::DatabaseConnections,
                per_second: connections / held,
                because: format!(
                    "{connections} connections behind the proxy, each taken for {} a request: {why}",
                    duration(held * 1e6)
                ),
                lift: format!(
                    "a larger instance class: connections grow with its memory, up to {most}; or a cache"
                ),
                lifted_per_second: Some(most / held),
                usd_per_million: None,
            });
        }
        let sent = self.warm("database.bytes_sent");
        if sent > 0.0 {
            let bandwidth = self.facts.number("database.bandwidth", "Mbit/s")?;
            limits.push(Limit {
                kind: Kind::DatabaseBandwidth,
                per_second: bytes_per_second(bandwidth) / sent,
                because: network_in_words("an instance", sent, bandwidth),
                lift: "a larger instance class; or a cache".to_owned(),
                lifted_per_second: None,
                usd_per_million: None,
            });
        }
        Ok(limits)
    }

    /// How long a request holds one of the database's own connections, s, and why.
    fn connection_held(&self) -> (f64, &'static str) {
        if self.warm("database.pinned") > 0.0 {
            let why = "its session is pinned, at most for the whole request";
            return (self.busy, why);
        }
        let exchange = self.network.map_or(0.0, |network| {
            (network.database.round_trip() + network.database.service()).as_secs_f64()
        });
        let why = "the proxy shares it between requests, so at least its round trips";
        (self.warm("database.requests") * exchange, why)
    }

    fn cache(&self) -> Result<Option<Limit>, Error> {
        let sent = self.warm("cache.bytes_sent");
        if sent == 0.0 {
            return Ok(None);
        }
        let bandwidth = self.facts.number("cache.bandwidth", "Mbit/s")?;
        let ecpu = self.facts.number(
            "prices.elasticache.valkey_serverless_ecpu",
            "USD/million ECPU",
        )?;
        let per_ecpu = self.facts.number("cache.bytes_per_ecpu", "bytes/ECPU")?;
        let charged = (sent / per_ecpu).max(1.0) * ecpu;
        Ok(Some(Limit {
            kind: Kind::CacheBandwidth,
            per_second: bytes_per_second(bandwidth) / sent,
            because: network_in_words("a node", sent, bandwidth),
            lift: format!(
                "ElastiCache Serverless: {} for a million requests, and its storage by the hour; or a larger node",
                usd(charged)
            ),
            lifted_per_second: None,
            usd_per_million: Some(charged),
        }))
    }

    fn http_api(&self) -> Result<Limit, Error> {
        let rate = self.facts.number("limits.http_api_rate", "requests/s")?;
        Ok(Limit {
            kind: Kind::HttpApi,
            per_second: rate,
            because: format!("API Gateway passes on {rate}/s, all APIs of the account together"),
            lift: "a higher quota: on request, no fee; or a function URL".to_owned(),
            lifted_per_second: None,
            usd_per_million: Some(0.0),
        })
    }
}

/// From Mbit/s.
fn bytes_per_second(bandwidth: f64) -> f64 {
    bandwidth * 1e6 / 8.0
}

fn network_in_words(whose: &str, sent: f64, bandwidth: f64) -> String {
    format!(
        "{} a request from {whose} that may send {} a second for ever; it bursts above that while it has credits",
        bytes(sent as u64),
        bytes(bytes_per_second(bandwidth) as u64)
    )
}
