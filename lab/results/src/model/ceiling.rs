//! The ceiling: at how many requests a second each limit of AWS would bite, computed from what was measured of a step and
//! from the facts.
//!
//! No laptop can send ten thousand requests a second through ten thousand environments. It can measure how long one request
//! keeps an environment busy and what it asks of whom; the rest is division. What the arithmetic cannot know is said in
//! [`Limit::because`]: that the neighbours stay as fast under load as they are alone, above all.

mod step;

use serde::Serialize;

use crate::facts::{Error, Facts};
use crate::schema::{Measurement, Metric, Network};
use crate::stats;
use step::Step;

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
            Self::RequestRate => "request rate",
            Self::ParameterStore => "Parameter Store",
            Self::IamConnections => "IAM connects",
            Self::DatabaseConnections => "connections",
            Self::DatabaseBandwidth => "database network",
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

/// The rate and the kind of what comes once the first of `limits` has been lifted as far as it goes: the next one that the
/// same lift does not raise, or still the first.
pub fn after_the_first(limits: &[Limit]) -> Option<(f64, Kind)> {
    let (first, rest) = limits.split_first()?;
    let next = rest.iter().find(|next| next.lift != first.lift);
    let next = next.map(|next| (next.per_second, next.kind));
    let still = first.lifted_per_second.map(|lifted| (lifted, first.kind));
    match (next, still) {
        (Some(next), Some(still)) if still.0 < next.0 => Some(still),
        (next, still) => next.or(still),
    }
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
