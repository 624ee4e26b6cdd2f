//! Tables of loads, of ceilings, and of memory sizes.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use lab_results::ceiling::{after_the_first, ceiling};
use lab_results::facts::Facts;
use lab_results::format::{duration, usd};
use lab_results::load::{Load, Loaded};
use lab_results::schema::{Measurement, Metric};
use lab_results::tuning::{Point, Temperature};
use lab_workspace::Workspace;

use crate::measured::{Measured, PROFILE};

/// What became of every step under a strategy.
pub fn load(measured: &Measured, workspace: &Workspace, strategy: &str) -> Result<String> {
    let mut table = "| step | served | failed | cold starts | environments | p50 | p99 | Apdex |\n\
                     |---|--:|--:|--:|--:|--:|--:|--:|\n"
        .to_owned();
    let mut conditions = None;
    for step in &workspace.steps {
        let Ok(load) = measured.under_load(strategy, step) else {
            continue;
        };
        conditions = Some(load);
        let _ = writeln!(
            table,
            "| `{}` | {} |",
            step.name,
            row(&load.steps[&step.name])
        );
    }
    let conditions = conditions.with_context(|| {
        format!(
            "data/results/reference.json has no load: cargo lab load 00 05 --strategy data/load/{strategy}.yml --results data/results/reference.json"
        )
    })?;
    let _ = writeln!(table, "\n{}", in_words(conditions));
    Ok(table)
}

fn row(loaded: &Loaded) -> String {
    let count = |count: Option<u64>| count.map_or_else(String::new, |count| count.to_string());
    let latency = loaded.latency.as_ref();
    let first = loaded.first_error_s;
    let since = first.map_or_else(String::new, |second| format!(", from {second:.0} s on"));
    [
        format!("{:.1}/s", loaded.served_per_second()),
        format!("{}{since}", loaded.failed()),
        count(loaded.cold_starts),
        count(loaded.environments),
        latency.map_or_else(String::new, |it| duration(it.p50_us as f64)),
        latency.map_or_else(String::new, |it| duration(it.p99_us as f64)),
        format!("{:.2}", loaded.apdex()),
    ]
    .join(" | ")
}

fn in_words(load: &Load) -> String {
    let mut text = format!("{}. Latencies are those of right answers.", load.phases);
    if let Some(concurrency) = load.concurrency {
        let _ = write!(text, " At most {concurrency} environments.");
    }
    let saturated: Vec<String> = load
        .steps
        .iter()
        .filter_map(|(step, loaded)| {
            let second = loaded.saturated_from_s?;
            Some(format!("`{step}` from second {second} on"))
        })
        .collect();
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
pub fn offered(measured: &Measured, workspace: &Workspace, strategy: &str) -> Result<String> {
    let found = workspace.steps.iter().find_map(|step| {
        let load = measured.under_load(strategy, step).ok()?;
        load.steps.get(&step.name)
    });
    let loaded = found.with_context(|| format!("no load under {strategy}"))?;
    Ok(format!("{:.1} requests/s", loaded.offered_per_second()))
}

/// At which rate each step meets its first limit, what lifts it, and at which rate the next one is met. Steps of which the same is true share a line.
pub fn ceilings(measured: &Measured, workspace: &Workspace, facts: &Facts) -> Result<String> {
    let usual = facts.limits()?.concurrency;
    let new = u64::from(facts.new_account_concurrency()?);
    let mut table = format!(
        "| step | first limit in a new account ({new} environments) | in a usual account ({usual}) | what lifts it | then |\n\
         |---|---|---|---|---|\n"
    );
    let mut lines: Vec<(Vec<&str>, String)> = Vec::new();
    for step in &workspace.steps {
        let Ok((session, measurement)) = measured.of(step, PROFILE) else {
            continue;
        };
        let limits =
            |concurrency| ceiling(measurement, session.network.as_ref(), facts, concurrency);
        let (low, high) = (limits(new)?, limits(usual)?);
        let then = after_the_first(&high);
        let (Some(low), Some(high), Some((then, next))) = (low.first(), high.first(), then) else {
            continue;
        };
        let cells = format!(
            "{}, {} | {}, {} | {} | {}, {}",
            per_second(low.per_second),
            low.kind.name(),
            per_second(high.per_second),
            high.kind.name(),
            high.lift,
            per_second(then),
            next.name(),
        );
        match lines.iter_mut().find(|(_, same)| *same == cells) {
            Some((names, _)) => names.push(&step.name),
            None => lines.push((vec![&step.name], cells)),
        }
    }
    for (names, cells) in lines {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        let _ = writeln!(table, "| {} | {cells} |", names.join("<br>"));
    }
    Ok(table)
}

fn per_second(rate: f64) -> String {
    format!("{rate:.0}/s")
}

/// Every tuned step at every size: the median of warm requests and the price of their duration, or the median of cold starts.
pub fn matrix(
    measured: &Measured,
    workspace: &Workspace,
    temperature: Temperature,
) -> Result<String> {
    let mut table = String::new();
    for step in &workspace.steps {
        let Ok(tuning) = measured.tuning(step) else {
            continue;
        };
        if table.is_empty() {
            let sizes: Vec<String> = tuning
                .sizes
                .iter()
                .map(|size| format!("{} MB", size.memory_mb))
                .collect();
            let rules = "--:|".repeat(sizes.len());
            let _ = writeln!(table, "| step | {} |\n|---|{rules}", sizes.join(" | "));
        }
        let median = |size: &Measurement, metric| {
            let p50 = size.p50(metric).map(|p50| duration(p50.value));
            p50.unwrap_or_default()
        };
        let sizes = tuning.sizes.iter();
        let cells: Vec<String> = match temperature {
            Temperature::Cold => sizes.map(|size| median(size, Metric::Cold)).collect(),
            Temperature::Warm => {
                let points = tuning.points(temperature, measured.prices());
                let points: Vec<Point> = points.context("a tuning without samples")?;
                let priced = sizes.zip(points);
                priced
                    .map(|(size, point)| {
                        let cost = usd(point.cost * 1e6);
                        format!("{}<br>{cost}", median(size, Metric::Warm))
                    })
                    .collect()
            }
        };
        let _ = writeln!(table, "| `{}` | {} |", step.name, cells.join(" | "));
    }
    anyhow::ensure!(
        !table.is_empty(),
        "data/results/reference.json has no memory sizes: cargo lab tune 00 05 --results data/results/reference.json"
    );
    Ok(table)
}
