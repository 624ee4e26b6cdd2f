//! The arithmetic, limit by limit.

use super::{Limit, LimitKind};
use crate::facts::{Error, Facts};
use crate::format::{bytes, duration, usd};
use crate::schema::{Measurement, Network};

/// Names that steps 00 to 02 ask for in one call of `GetParameters` (their `parameters.rs`), each of which is charged with
/// higher throughput.
const NAMES_IN_A_CALL: f64 = 4.0;

/// A step as the arithmetic sees it.
pub(super) struct Step<'a> {
    pub facts: &'a Facts,
    /// How long one warm request keeps its environment, s.
    pub busy: f64,
    pub measurement: &'a Measurement,
    pub network: Option<&'a Network>,
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

    pub fn lambda(&self, concurrency: f64) -> Result<Vec<Limit>, Error> {
        let rule = self
            .facts
            .number("limits.rate_per_environment", "requests/s")?;
        let lift = "a higher concurrency quota: on request, no fee".to_owned();
        Ok(vec![
            Limit {
                kind: LimitKind::Concurrency,
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
                kind: LimitKind::RequestRate,
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

    pub fn parameter_store(&self) -> Result<Option<Limit>, Error> {
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
                kind: LimitKind::ParameterStore,
                per_second: quota / calls,
                because: format!(
                    "one request makes {}, and the whole account has {quota}/s",
                    several_of(calls, "call")
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
            kind: LimitKind::ParameterStore,
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

    pub fn database(&self) -> Result<Vec<Limit>, Error> {
        let mut limits = Vec::new();
        let sessions = self.warm("database.sessions");
        if sessions > 0.0 {
            let advice = self
                .facts
                .number("database.iam_connections", "connections/s")?;
            limits.push(Limit {
                kind: LimitKind::IamConnections,
                per_second: advice / sessions,
                because: format!(
                    "one request opens {}, and AWS advises at most {advice}/s with IAM (published for the \
                     database, not for the proxy)",
                    several_of(sessions, "connection")
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
                kind: LimitKind::DatabaseConnections,
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
                kind: LimitKind::DatabaseBandwidth,
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

    pub fn cache(&self) -> Result<Option<Limit>, Error> {
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
            kind: LimitKind::CacheBandwidth,
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

    pub fn http_api(&self) -> Result<Limit, Error> {
        let rate = self.facts.number("limits.http_api_rate", "requests/s")?;
        Ok(Limit {
            kind: LimitKind::HttpApi,
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

/// `1 call`, `4 calls`
fn several_of(count: f64, thing: &str) -> String {
    let end = if count.round() > 1.0 { "s" } else { "" };
    format!("{count:.0} {thing}{end}")
}
