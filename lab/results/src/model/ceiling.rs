//! The ceiling: at how many requests a second each limit of AWS would bite, computed from what was measured of a step and
//! from the facts.
//!
//! No laptop can send ten thousand requests a second through ten thousand environments. It can measure how long one request
//! keeps an environment busy and what it asks of whom; the rest is division. What the arithmetic cannot know is said in
//! [`Limit::because`]: that the backing services stay as fast under load as they are alone, above all.

mod step;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::facts::{Error as FactError, Facts};
use crate::file;
use crate::schema::{Measurement, Metric, Network, ResultsFile};
use crate::stats;
use step::Step;

/// What can be the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitKind {
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

/// One limit of one step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Limit {
    /// What it is.
    pub kind: LimitKind,
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
pub fn after_the_first(limits: &[Limit]) -> Option<(f64, LimitKind)> {
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
) -> Result<Vec<Limit>, FactError> {
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
    let mut limits = Vec::from(step.lambda(concurrency as f64)?);
    limits.extend(step.parameter_store()?);
    limits.extend(step.database()?);
    limits.extend(step.cache()?);
    limits.push(step.http_api()?);
    limits.sort_by(|one, other| one.per_second.total_cmp(&other.per_second));
    Ok(limits)
}

/// The network profile of the measurements that are computed with.
const PROFILE: &str = "region";
/// What is measured on this machine, and what came with the repository.
const FILES: [&str; 2] = ["data/results/local.json", "data/results/reference.json"];

/// The ceilings of some steps.
#[derive(Debug, Serialize)]
pub struct Ceilings {
    /// The results file that they are computed from.
    pub from: PathBuf,
    /// Environments of an account, by default and where it is new.
    pub concurrency: [u64; 2],
    /// A step each.
    pub steps: Vec<Ceiling>,
}

/// The ceiling of one step.
#[derive(Debug, Serialize)]
pub struct Ceiling {
    /// Its folder.
    pub step: String,
    /// How long a warm request keeps its environment, on average, microseconds.
    pub busy_us: f64,
    /// Its limits in an account of the default concurrency, the first one first.
    pub limits: Vec<Limit>,
    /// The first one in a new account.
    pub new_account: Limit,
}

/// Why there is no ceiling.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A fact is missing.
    #[error(transparent)]
    Fact(#[from] FactError),
    /// A results file cannot be read.
    #[error(transparent)]
    File(#[from] file::Error),
    /// A step that was asked for was not measured.
    #[error("{} has no measurement of {step}: `cargo lab run {step}` makes one", from.display())]
    NotMeasured {
        /// The results file.
        from: PathBuf,
        /// The step.
        step: String,
    },
    /// Nothing was measured at all.
    #[error("there is no results file: `cargo lab run` measures and writes one")]
    NoFile,
}

impl Ceilings {
    /// From the file that is named, else from the first of the usual ones that has all these steps; without steps all that
    /// the file has. Paths are taken from `root`.
    pub fn compute(
        root: &Path,
        file: Option<&Path>,
        steps: &[String],
        facts: &Facts,
    ) -> Result<Self, Error> {
        let files = match file {
            Some(file) => vec![file.to_owned()],
            None => FILES.map(PathBuf::from).to_vec(),
        };
        let mut missing = Error::NoFile;
        for from in files {
            let path = root.join(&from);
            if file.is_none() && !path.exists() {
                continue;
            }
            match Self::of(&ResultsFile::load(&path)?, from, steps, facts) {
                Err(error) => missing = error,
                computed => return computed,
            }
        }
        Err(missing)
    }

    /// From the results of the file `from`; without steps all that were measured, in the order of their names.
    pub fn of(
        results: &ResultsFile,
        from: PathBuf,
        steps: &[String],
        facts: &Facts,
    ) -> Result<Self, Error> {
        let concurrency = [
            facts.limits()?.concurrency,
            u64::from(facts.new_account_concurrency()?),
        ];
        let sessions = results.sessions.iter();
        let mut names: Vec<&String> = steps.iter().collect();
        if steps.is_empty() {
            let measured: BTreeSet<_> = sessions.flat_map(|it| it.measurements.keys()).collect();
            names.extend(measured);
        }
        let mut ceilings = Vec::new();
        for step in names {
            let found = results.latest(Some(PROFILE), step);
            match found.or_else(|| results.latest(None, step)) {
                Some((session, measurement)) => {
                    let network = session.conditions.network.as_ref();
                    ceilings.extend(of_step(step, measurement, network, concurrency, facts)?);
                }
                None if steps.is_empty() => {}
                None => {
                    let step = step.clone();
                    return Err(Error::NotMeasured { from, step });
                }
            }
        }
        Ok(Self {
            from,
            concurrency,
            steps: ceilings,
        })
    }
}

fn of_step(
    step: &str,
    measurement: &Measurement,
    network: Option<&Network>,
    concurrency: [u64; 2],
    facts: &Facts,
) -> Result<Option<Ceiling>, FactError> {
    let [usual, new] = concurrency.map(|it| ceiling(measurement, network, facts, it));
    let busy = stats::mean(&measurement.rounds_of(Metric::WarmDuration).concat());
    let first = new?.into_iter().next();
    let limits = usual?;
    Ok(busy.zip(first).map(|(busy_us, new_account)| Ceiling {
        step: step.to_owned(),
        busy_us,
        limits,
        new_account,
    }))
}
