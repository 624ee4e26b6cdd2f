//! Tables of loads, of ceilings, and of memory sizes.

use std::fmt::Write as _;

use anyhow::{Context as _, Result, ensure};
use lab_results::ceiling::Ceilings;
use lab_results::load::{Load, Loaded};
use lab_results::tuning::Tuning;
use lab_results::view;
use lab_results::view::tuning::MatrixCell;

use crate::measured::{Measured, PROFILE};

/// What became of every step under a strategy.
pub fn load(measured: &Measured, strategy: &str) -> Result<String> {
    let loads = measured.workspace.steps.iter().filter_map(|step| {
        let load = measured.under_load(strategy, step).ok()?;
        Some((load, (step.name.as_str(), &load.steps[&step.name])))
    });
    let (loads, rows): (Vec<&Load>, Vec<(&str, &Loaded)>) = loads.unzip();
    let conditions = loads.last().with_context(|| {
        format!(
            "data/results/reference.json has no load: cargo lab load 00 05 --strategy data/load/{strategy}.yml --results data/results/reference.json"
        )
    })?;
    let apdex = format!("Apdex {} ms", conditions.apdex_threshold_ms);
    let shown = [
        "step",
        "served/s",
        "failed",
        "cold starts",
        "environments",
        "p50",
        "p99",
    ];
    let mut columns = shown.map(|name| (name, name)).to_vec();
    columns.push((&apdex, "Apdex"));
    let table = view::load::figures(conditions, &rows).pick(&columns).page();
    Ok(format!("{table}\n{}\n", in_words(conditions)))
}

fn in_words(load: &Load) -> String {
    let mut text = format!("{}. Latencies are those of right answers.", load.phases);
    if let Some(concurrency) = load.concurrency {
        let _ = write!(text, " At most {concurrency} environments.");
    }
    let saturated = load.steps.iter().filter_map(|(step, loaded)| {
        let second = loaded.saturated_from_s?;
        Some(format!("`{step}` from second {second} on"))
    });
    let saturated: Vec<String> = saturated.collect();
    if !saturated.is_empty() {
        let _ = write!(
            text,
            " The measuring machine's own CPUs were busy under {}: what is slow or fails from there on says something about the machine.",
            saturated.join(", ")
        );
    }
    text
}

/// The mean rate that a strategy offered.
pub fn offered(measured: &Measured, strategy: &str) -> Result<String> {
    let found = measured.workspace.steps.iter().find_map(|step| {
        let load = measured.under_load(strategy, step).ok()?;
        load.steps.get(&step.name)
    });
    let loaded = found.with_context(|| format!("no load under {strategy}"))?;
    Ok(format!("{:.1} requests/s", loaded.offered_per_second()))
}

/// At which rate each step meets its first limit, what lifts it, and at which rate the next one is met.
pub fn ceilings(measured: &Measured) -> Result<String> {
    let rows = measured.rows(PROFILE);
    let steps: Vec<String> = rows.iter().map(|row| row.name.to_owned()).collect();
    let from = "data/results/reference.json".into();
    let facts = measured.workspace.facts()?;
    let ceilings = Ceilings::of(&measured.reference, from, &steps, facts)?;
    Ok(view::ceiling::first_limits(&ceilings).page())
}

/// Every tuned step at every size: the median of warm requests and the price of their duration, or the median of cold starts.
pub fn matrix(measured: &Measured, shown: MatrixCell) -> Result<String> {
    let steps = measured.workspace.steps.iter();
    let tunings: Vec<&Tuning> = steps
        .filter_map(|step| measured.tuning(step).ok())
        .collect();
    ensure!(
        !tunings.is_empty(),
        "data/results/reference.json has no memory sizes: cargo lab tune 00 05 --results data/results/reference.json"
    );
    Ok(view::tuning::matrix(&tunings, shown, measured.prices())?.page())
}
