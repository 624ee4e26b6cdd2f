//! The arithmetic, limit by limit.

use super::{Limit, LimitKind};
use crate::facts::{Error, Facts};
use crate::format::{bytes, duration, usd};
use crate::schema::{Measurement, Network};
use crate::view::quantity::several_of;

/// Names that steps 00 to 02 ask for in one call of `GetParameters` (their `parameters.rs`), each of which is charged with
/// higher throughput.
const NAMES_IN_A_CALL: f64 = 4.0;

const SECONDS_A_DAY: f64 = 86_400.0;

/// A step as the arithmetic sees it.
pub(super) struct Step<'a> {
    pub facts: &'a Facts,
    /// How long one warm request keeps its environment, s.
    pub busy: f64,
    pub measurement: &'a Measurement,
    pub network: Option<&'a Network>,
}

/// One that is lifted without a fee, and nobody says how far.
fn limit(kind: LimitKind, per_second: f64, because: String, lift: impl Into<String>) -> Limit {
    Limit {
        kind,
        per_second,
        because,
        lift: lift.into(),
        lifted_per_second: None,
        usd_per_million: Some(0.0),
    }
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

    fn fact(&self, key: &str, unit: &str) -> Result<f64, Error> {
        self.facts.number(key, unit)
    }

    pub fn lambda(&self, concurrency: f64) -> Result<[Limit; 2], Error> {
        let rule = self.fact("limits.rate_per_environment", "requests/s")?;
        let lift = "a higher concurrency quota: on request, no fee";
        let busy = duration(self.busy * 1e6);
        let by_time = format!("{concurrency} environments, each busy for {busy} a request");
        let by_rule = format!(
            "Lambda allows {rule} requests/s for each of {concurrency} units of concurrency, however fast it answers"
        );
        let per_second = concurrency / self.busy;
        Ok([
            limit(LimitKind::Concurrency, per_second, by_time, lift),
            limit(LimitKind::RequestRate, concurrency * rule, by_rule, lift),
        ])
    }

    pub fn parameter_store(&self) -> Result<Option<Limit>, Error> {
        let quota = self.fact("parameter_store.quota", "requests/s")?;
        let interaction = "prices.parameter_store.interaction";
        let interaction = self.fact(interaction, "USD/10000 interactions")? / 1e4;
        let single = self.warm("parameters.get_parameter");
        let several = self.warm("parameters.get_parameters");
        let calls = single + several;
        let key = if several > 0.0 {
            "parameter_store.quota_higher_get_parameters"
        } else {
            "parameter_store.quota_higher_get_parameter"
        };
        let higher = self.fact(key, "requests/s")?;
        let lift = |charged| {
            let charged = usd(charged);
            format!("higher throughput: {higher}/s, {charged} for a million requests")
        };
        if calls > 0.0 {
            let charged = (single + several * NAMES_IN_A_CALL) * interaction * 1e6;
            let made = several_of(calls, "call");
            let because = format!("one request makes {made}, and the whole account has {quota}/s");
            let lift = lift(charged) + "; or keep the values";
            return Ok(Some(Limit {
                lifted_per_second: Some(higher / calls),
                usd_per_million: Some(charged),
                ..limit(LimitKind::ParameterStore, quota / calls, because, lift)
            }));
        }
        let at_start =
            self.cold("parameters.get_parameter") + self.cold("parameters.get_parameters");
        if at_start == 0.0 {
            return Ok(None);
        }
        let kept = self.facts.duration("extension.time_to_live")?.as_secs_f64();
        // Requests per second that one environment can serve: by Lambda's rule, and by its time.
        let rule = self.fact("limits.rate_per_environment", "requests/s")?;
        let each = rule.min(1.0 / self.busy);
        let environments = quota * kept / at_start;
        let charged = at_start / (kept * each) * interaction * 1e6;
        let because = format!(
            "{at_start:.0} calls an environment each {kept} s: {quota}/s are enough for {environments:.0} environments, \
             and for {:.1} cold starts a second",
            quota / at_start
        );
        let per_second = environments * each;
        Ok(Some(Limit {
            lifted_per_second: Some(per_second * higher / quota),
            usd_per_million: Some(charged),
            ..limit(
                LimitKind::ParameterStore,
                per_second,
                because,
                lift(charged),
            )
        }))
    }

    pub fn database(&self) -> Result<Vec<Limit>, Error> {
        let mut limits = Vec::new();
        let sessions = self.warm("database.sessions");
        if sessions > 0.0 {
            let advice = self.fact("database.iam_connections", "connections/s")?;
            let refused = self.fact("published.iam_sign_ins.refused_at", "invocations/day")?;
            let because = format!(
                "one request opens {}, and AWS advises at most {advice}/s with IAM (published for the \
                 database, where the same token again does not count; RDS Proxy's own limit is not published, and was met \
                 at {refused:.0} invocations a day, {:.1}/s on average)",
                several_of(sessions, "connection"),
                refused / SECONDS_A_DAY
            );
            let lift = "keep the connection: no fee";
            limits.push(limit(
                LimitKind::IamConnections,
                advice / sessions,
                because,
                lift,
            ));
        }
        let (held, why) = self.connection_held();
        if held > 0.0 {
            let connections = self.fact("database.connections", "connections")?;
            let most = self.fact("database.connections_most", "connections")?;
            let taken = duration(held * 1e6);
            let because = format!(
                "{connections} connections behind the proxy, each taken for {taken} a request: {why}"
            );
            let lift = format!(
                "a larger instance class: connections grow with its memory, up to {most}; or a cache"
            );
            limits.push(Limit {
                lifted_per_second: Some(most / held),
                usd_per_million: None,
                ..limit(
                    LimitKind::DatabaseConnections,
                    connections / held,
                    because,
                    lift,
                )
            });
        }
        let sent = self.warm("database.bytes_sent");
        if sent > 0.0 {
            let bandwidth = self.fact("database.bandwidth", "Mbit/s")?;
            let (per_second, because) = network("an instance", sent, bandwidth);
            let lift = "a larger instance class; or a cache";
            limits.push(Limit {
                usd_per_million: None,
                ..limit(LimitKind::DatabaseBandwidth, per_second, because, lift)
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
        let bandwidth = self.fact("cache.bandwidth", "Mbit/s")?;
        let ecpu = "prices.elasticache.valkey_serverless_ecpu";
        let ecpu = self.fact(ecpu, "USD/million ECPU")?;
        let per_ecpu = self.fact("cache.bytes_per_ecpu", "bytes/ECPU")?;
        let charged = (sent / per_ecpu).max(1.0) * ecpu;
        let (per_second, because) = network("a node", sent, bandwidth);
        let lift = format!(
            "ElastiCache Serverless: {} for a million requests, and its storage by the hour; or a larger node",
            usd(charged)
        );
        Ok(Some(Limit {
            usd_per_million: Some(charged),
            ..limit(LimitKind::CacheBandwidth, per_second, because, lift)
        }))
    }

    pub fn http_api(&self) -> Result<Limit, Error> {
        let rate = self.fact("limits.http_api_rate", "requests/s")?;
        let because = format!("API Gateway passes on {rate}/s, all APIs of the account together");
        let lift = "a higher quota: on request, no fee; or a function URL";
        Ok(limit(LimitKind::HttpApi, rate, because, lift))
    }
}

/// The rate at which so many bytes a request fill a bandwidth in Mbit/s, and why.
fn network(whose: &str, sent: f64, bandwidth: f64) -> (f64, String) {
    let bytes_per_second = bandwidth * 1e6 / 8.0;
    let because = format!(
        "{} a request from {whose} that may send {} a second for ever; it bursts above that while it has credits",
        bytes(sent as u64),
        bytes(bytes_per_second as u64)
    );
    (bytes_per_second / sent, because)
}
