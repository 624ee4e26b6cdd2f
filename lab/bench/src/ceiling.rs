//! The ceiling of each step, computed from what was measured.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use lab_results::ceiling::{Limit, ceiling};
use lab_results::facts::Facts;
use lab_results::schema::{Metric, ResultsFile, Session};
use lab_results::stats::mean;
use serde::Serialize;

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

impl Ceilings {
    /// From the file that is named, else from the first of the usual ones that has all these steps; without steps all that
    /// the file has.
    pub fn compute(
        root: &Path,
        file: Option<&Path>,
        steps: &[String],
        facts: &Facts,
    ) -> Result<Self> {
        let files = match file {
            Some(file) => vec![file.to_owned()],
            None => FILES.map(PathBuf::from).to_vec(),
        };
        let mut missing = None;
        for from in files {
            let path = root.join(&from);
            if file.is_none() && !path.exists() {
                continue;
            }
            match Self::of(&ResultsFile::load(&path)?, from, steps, facts) {
                Ok(ceilings) => return Ok(ceilings),
                Err(error) => missing = Some(error),
            }
        }
        Err(missing.context("there is no results file: `cargo lab run` measures and writes one")?)
    }

    fn of(results: &ResultsFile, from: PathBuf, steps: &[String], facts: &Facts) -> Result<Self> {
        let concurrency = [
            facts.limits()?.concurrency,
            u64::from(facts.new_account_concurrency()?),
        ];
        let names: Vec<String> = if steps.is_empty() {
            let measured = results
                .sessions
                .iter()
                .flat_map(|it| it.measurements.keys());
            let names: std::collections::BTreeSet<&String> = measured.collect();
            names.into_iter().cloned().collect()
        } else {
            steps.to_vec()
        };
        let mut ceilings = Vec::new();
        for step in names {
            let profiles = [Some(PROFILE), None];
            let found = profiles
                .into_iter()
                .find_map(|profile| results.latest(profile, &step));
            let Some((session, _)) = found else {
                anyhow::ensure!(
                    steps.is_empty(),
                    "{} has no measurement of {step}: `cargo lab run {step}` makes one",
                    from.display()
                );
                continue;
            };
            ceilings.extend(of_step(session, step, concurrency, facts)?);
        }
        Ok(Self {
            from,
            concurrency,
            steps: ceilings,
        })
    }
}

fn of_step(
    session: &Session,
    step: String,
    concurrency: [u64; 2],
    facts: &Facts,
) -> Result<Option<Ceiling>> {
    let measurement = &session.measurements[&step];
    let network = session.network.as_ref();
    let [usual, new] = concurrency.map(|it| ceiling(measurement, network, facts, it));
    let busy = mean(&measurement.rounds_of(Metric::WarmDuration).concat());
    let first = new?.into_iter().next();
    let limits = usual?;
    Ok(busy.zip(first).map(|(busy_us, new_account)| Ceiling {
        step,
        busy_us,
        limits,
        new_account,
    }))
}
