//! What was measured: the committed reference, and the reader's own results where there are some.

use anyhow::{Context as _, Result};
use lab_results::format::times;
use lab_results::load::Load;
use lab_results::price::Prices;
use lab_results::schema::{Measurement, Metric, ResultsFile, Session};
use lab_results::tuning::Tuning;
use lab_results::view::quantity::Quantity;
use lab_results::view::sentence::in_prose;
use lab_results::view::steps::Row;
use lab_workspace::{Step, Workspace};

/// The network profile that is meant where a chapter names none.
pub const PROFILE: &str = "region";

/// Every result that the book can name.
pub struct Measured {
    /// The steps, and `data/facts.toml`.
    pub workspace: Workspace,
    /// `data/results/reference.json`
    pub reference: ResultsFile,
    /// `data/results/local.json`, if the reader has measured something.
    pub local: Option<ResultsFile>,
    prices: Prices,
}

impl Measured {
    /// Reads the results files.
    pub fn load(workspace: Workspace) -> Result<Self> {
        let folder = workspace.root.join("data/results");
        let local = folder.join("local.json");
        let local = local.exists().then(|| ResultsFile::load(&local));
        Ok(Self {
            reference: ResultsFile::load(&folder.join("reference.json"))?,
            local: local.transpose()?,
            prices: workspace.facts()?.prices()?,
            workspace,
        })
    }

    /// The newest measurement of a step in the reference.
    pub fn of(&self, step: &Step, profile: &str) -> Result<(&Session, &Measurement)> {
        let name = &step.name;
        let found = self.reference.latest(Some(profile), name);
        found.with_context(|| {
            format!(
                "data/results/reference.json holds no {name} under the network profile {profile}: \
                 cargo lab run --results data/results/reference.json --profile {profile} {name}"
            )
        })
    }

    /// What a millisecond and a request cost.
    pub fn prices(&self) -> &Prices {
        &self.prices
    }

    /// The newest measurement of a step at several memory sizes.
    pub fn tuning(&self, step: &Step) -> Result<&Tuning> {
        let fits = |tuning: &&Tuning| {
            tuning.step == step.name && tuning.conditions.profile() == Some(PROFILE)
        };
        let found = self.reference.tune.iter().rev().find(fits);
        found.with_context(|| {
            format!(
                "data/results/reference.json has no memory sizes of {}: cargo lab tune {} --results data/results/reference.json",
                step.name, step.name
            )
        })
    }

    /// The newest load of a step under a strategy.
    pub fn under_load(&self, strategy: &str, step: &Step) -> Result<&Load> {
        let fits = |load: &&Load| {
            load.strategy == strategy
                && load.steps.contains_key(&step.name)
                && load.conditions.profile() == Some(PROFILE)
        };
        let found = self.reference.loads.iter().rev().find(fits);
        found.with_context(|| {
            format!(
                "data/results/reference.json has no {} under {strategy}: \
                 cargo lab load {} --strategy data/load/{strategy}.yml --results data/results/reference.json",
                step.name, step.name
            )
        })
    }

    /// One number of a measurement, for people.
    pub fn number(&self, what: &str, measurement: &Measurement) -> Result<String> {
        let quantity = Quantity::named(what);
        let quantity = quantity.with_context(|| format!("nothing is called {what}"))?;
        let number = quantity.of(measurement, &self.prices);
        number.with_context(|| format!("the reference does not say {what}"))
    }

    /// The measured steps, each with the session of its newest measurement.
    pub fn rows(&self, profile: &str) -> Vec<Row<'_>> {
        let measured = self.workspace.steps.iter().filter_map(|step| {
            let (session, measurement) = self.of(step, profile).ok()?;
            Some(Row {
                name: &step.name,
                session,
                measurement,
            })
        });
        measured.collect()
    }

    /// What a step changed against the one it starts from, both measured in one session.
    pub fn gain(&self, step: &Step, profile: &str) -> Result<String> {
        let from = step.manifest.from.as_deref();
        let from = from.with_context(|| format!("{} starts from no other step", step.name))?;
        let (session, _) = self.of(step, profile)?;
        let (name, gain) = (&step.name, session.compare(from, &step.name, Metric::Warm));
        let missing = || format!("the session that measured {name} did not measure {from}");
        Ok(in_prose(&gain.with_context(missing)?))
    }

    /// How many times as fast as `before` `after` is, as a bare number.
    pub fn ratio(&self, before: &Step, after: &Step, profile: &str) -> Result<String> {
        let names = [before.name.as_str(), after.name.as_str()];
        let session = self.reference.newest_with(Some(profile), &names);
        let ratio = session.and_then(|session| session.ratio(names[0], names[1], Metric::Warm));
        let ratio =
            ratio.with_context(|| format!("no session measured both {}", names.join(" and ")))?;
        Ok(times(ratio))
    }
}
