//! What was measured: the committed reference, and the reader's own results where there are some.

use anyhow::{Context as _, Result, bail};
use lab_results::facts::Facts;
use lab_results::format::{bytes, duration, times, usd};
use lab_results::interval::{Comparison, Verdict};
use lab_results::load::Load;
use lab_results::price::Prices;
use lab_results::schema::{Measurement, Metric, ResultsFile, Session};
use lab_results::tuning::Tuning;
use lab_workspace::{Step, Workspace};

/// The network profile that is meant where a chapter names none.
pub const PROFILE: &str = "region";

/// Every result that the book can name.
pub struct Measured {
    /// `data/results/reference.json`
    pub reference: ResultsFile,
    /// `data/results/local.json`, if the reader has measured something.
    pub local: Option<ResultsFile>,
    prices: Prices,
}

impl Measured {
    /// Reads the results files.
    pub fn load(workspace: &Workspace, facts: &Facts) -> Result<Self> {
        let folder = workspace.root.join("data/results");
        let local = folder.join("local.json");
        let local = local.exists().then(|| ResultsFile::load(&local));
        Ok(Self {
            reference: ResultsFile::load(&folder.join("reference.json"))?,
            local: local.transpose()?,
            prices: facts.prices()?,
        })
    }

    /// The newest measurement of a step in the reference.
    pub fn of(&self, step: &Step, profile: &str) -> Result<(&Session, &Measurement)> {
        self.reference
            .latest(Some(profile), &step.name)
            .with_context(|| {
                format!(
                    "data/results/reference.json holds no {} under the network profile {profile}: \
                 cargo lab run --results data/results/reference.json --profile {profile} {}",
                    step.name, step.name
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
            tuning.step == step.name && tuning.conditions.network.profile == PROFILE
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
                && load
                    .network
                    .as_ref()
                    .is_some_and(|network| network.profile == PROFILE)
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
        let p50 = |metric| {
            measurement
                .p50(metric)
                .map(|estimate| duration(estimate.value))
        };
        let summary = |metric| measurement.summary(metric);
        let number = match what {
            "p50" => p50(Metric::Warm),
            "p99" => summary(Metric::Warm).map(|summary| duration(summary.p99)),
            "closed" => p50(Metric::Closed),
            "per-second" => measurement
                .p50(Metric::PerSecond)
                .map(|estimate| format!("{:.0}/s", estimate.value)),
            "init" => p50(Metric::Init),
            "first" => p50(Metric::First),
            "cold" => p50(Metric::Cold),
            "cpu" => measurement.mean(|round| round.warm_cpu_us).map(duration),
            "held-back" => measurement
                .mean(|round| round.warm_throttled_us)
                .map(duration),
            "network" => measurement
                .mean(|round| round.warm_network_us)
                .map(duration),
            "memory" => measurement.max_memory_mib().map(|mib| format!("{mib} MiB")),
            "binary" => measurement.binary_bytes.map(bytes),
            "zip" => Some(bytes(measurement.zip_bytes)),
            "cost" => self
                .prices
                .million_of(measurement)
                .map(|cost| usd(cost.lambda())),
            "samples" => summary(Metric::Warm).map(|summary| summary.count.to_string()),
            _ => bail!("nothing is called {what}"),
        };
        number.with_context(|| format!("the reference does not say {what}"))
    }

    /// What a step changed against the one it starts from, both measured in one session.
    pub fn gain(&self, step: &Step, profile: &str) -> Result<String> {
        let from = step.manifest.from.as_deref();
        let from = from.with_context(|| format!("{} starts from no other step", step.name))?;
        let (session, _) = self.of(step, profile)?;
        let gain = session.compare(from, &step.name, Metric::Warm);
        Ok(sentence(gain.with_context(|| {
            format!(
                "the session that measured {} did not measure {from}",
                step.name
            )
        })?))
    }

    /// How many times faster `after` is than `before`, as a bare number.
    pub fn ratio(&self, before: &Step, after: &Step, profile: &str) -> Result<String> {
        let names = [before.name.as_str(), after.name.as_str()];
        let session = self.reference.newest_with(Some(profile), &names);
        let ratio = session.and_then(|session| session.compare(names[0], names[1], Metric::Warm));
        let ratio =
            ratio.with_context(|| format!("no session measured both {}", names.join(" and ")))?;
        Ok(times(ratio.ratio))
    }
}

/// A comparison in words, with its interval.
pub fn sentence(comparison: Comparison) -> String {
    let ratio = |value: f64| format!("{value:.2}");
    // Next to 1 the third decimal decides.
    let bound = |value: f64| match ratio(value) {
        rounded if rounded == "1.00" => format!("{value:.3}"),
        rounded => rounded,
    };
    let verdict = comparison.verdict();
    // How many times slower is the other way round.
    let turned = |value: f64| match verdict {
        Some(Verdict::Slower) => 1.0 / value,
        _ => value,
    };
    let times = ratio(turned(comparison.ratio));
    let range = comparison.interval.map_or_else(String::new, |interval| {
        let (one, other) = (turned(interval.low), turned(interval.high));
        format!(" ({} to {})", bound(one.min(other)), bound(one.max(other)))
    });
    match verdict {
        Some(Verdict::NoMeasurableChange) => format!("no measurable change{range}"),
        Some(Verdict::Slower) => format!("{times} times slower{range}"),
        Some(Verdict::Faster) => format!("{times} times faster{range}"),
        None => format!(
            "about {} times as fast, measured too briefly to be sure",
            ratio(comparison.ratio)
        ),
    }
}
