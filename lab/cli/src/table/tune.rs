//! The tables of `lab tune`, and its JSON in AWS Lambda Power Tuning's keys.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use comfy_table::Table;
use lab_results::format::{duration, short_name, usd};
use lab_results::price::Prices;
use lab_results::scale::bar;
use lab_results::schema::Metric;
use lab_results::tuning::{Point, Strategy, Temperature, Tuning, choose, comparison_link, link};
use serde_json::{Map, Value, json};

use super::plain_table;

/// Columns of the longest bar.
const BAR_COLUMNS: usize = 20;

/// What is to be shown.
pub struct Shown<'a> {
    /// One a step.
    pub tunings: &'a [Tuning],
    /// What a millisecond costs.
    pub prices: &'a Prices,
    /// What was asked for.
    pub strategy: Strategy,
    /// The weight of the cost in the balanced strategy.
    pub weight: f64,
    /// The step that the others are linked with.
    pub baseline: Option<&'a str>,
}

/// A table a step with its links, and the matrix where there are several.
pub fn tables(shown: &Shown) -> Result<String> {
    let mut text = String::new();
    for tuning in shown.tunings {
        text += &one(tuning, shown)?;
    }
    if shown.tunings.len() > 1 {
        let _ = write!(text, "\n{}", matrix(shown)?);
    }
    for (name, link) in comparisons(shown)? {
        let _ = write!(text, "\n{name}:\n  {link}");
    }
    Ok(text)
}

fn points(tuning: &Tuning, temperature: Temperature, prices: &Prices) -> Result<Vec<Point>> {
    tuning
        .points(temperature, prices)
        .with_context(|| format!("{} has no price or no sample", tuning.step))
}

fn one(tuning: &Tuning, shown: &Shown) -> Result<String> {
    let warm = points(tuning, Temperature::Warm, shown.prices)?;
    let cold = points(tuning, Temperature::Cold, shown.prices)?;
    let longest = warm
        .iter()
        .map(|point| point.duration_ms)
        .fold(0.0, f64::max);
    let dearest = warm.iter().map(|point| point.cost).fold(0.0, f64::max);
    let headings = [
        "MB",
        "p50",
        "warm",
        "",
        "USD/million",
        "",
        "cold start",
        "USD/million cold",
        "used",
    ];
    let mut table = plain_table(&headings, &[0, 1, 2, 4, 6, 7, 8]);
    for ((size, warm), cold) in tuning.sizes.iter().zip(&warm).zip(&cold) {
        let own = if warm.memory_mb == tuning.memory_mb {
            "* "
        } else {
            ""
        };
        table.add_row([
            format!("{own}{}", warm.memory_mb),
            size.p50(Metric::Warm)
                .map(|p50| duration(p50.value))
                .unwrap_or_default(),
            duration(warm.duration_ms * 1e3),
            bar(warm.duration_ms / longest, BAR_COLUMNS),
            usd(warm.cost * 1e6),
            bar(warm.cost / dearest, BAR_COLUMNS),
            duration(cold.duration_ms * 1e3),
            usd(cold.cost * 1e6),
            size.max_memory_mib()
                .map(|mib| format!("{mib} MB"))
                .unwrap_or_default(),
        ]);
    }
    let rounds = tuning.sizes.first().map_or(0, |size| size.rounds.len());
    let architecture = tuning.sizes.first().map_or("", |size| &size.architecture);
    Ok(format!(
        "\n{}  priced for {architecture}, network profile {}; {rounds} environments a size; * its manifest's size\n{table}\n\
         chosen, warm   {}\n\
         chosen, cold   {}\n\
         {}\n",
        short_name(&tuning.step),
        tuning.conditions.network.profile,
        chosen(&warm, shown.weight),
        chosen(&cold, shown.weight),
        link(&warm),
    ))
}

/// `cost 128 MB, speed 1769 MB, balanced (0.5) 512 MB`
fn chosen(points: &[Point], weight: f64) -> String {
    let size = |strategy| choose(points, strategy).map_or(0, |point| point.memory_mb);
    format!(
        "cost {} MB, speed {} MB, balanced ({weight}) {} MB",
        size(Strategy::Cost),
        size(Strategy::Speed),
        size(Strategy::Balanced(weight))
    )
}

/// Steps by sizes: the median, and below it the cost.
fn matrix(shown: &Shown) -> Result<String> {
    let mut p50 = matrix_table(shown);
    let mut cost = matrix_table(shown);
    for tuning in shown.tunings {
        let points = points(tuning, Temperature::Warm, shown.prices)?;
        let own = |point: &Point| {
            if point.memory_mb == tuning.memory_mb {
                "* "
            } else {
                ""
            }
        };
        let name = || short_name(&tuning.step);
        let times = tuning.sizes.iter().zip(&points).map(|(size, point)| {
            let p50 = size.p50(Metric::Warm).map(|p50| duration(p50.value));
            format!("{}{}", own(point), p50.unwrap_or_default())
        });
        p50.add_row(std::iter::once(name()).chain(times));
        let costs = points
            .iter()
            .map(|point| format!("{}{}", own(point), usd(point.cost * 1e6)));
        cost.add_row(std::iter::once(name()).chain(costs));
    }
    Ok(format!(
        "STEP BY MEMORY SIZE  median of warm invocations; * the manifest's size\n{p50}\n\n\
         STEP BY MEMORY SIZE  USD for the duration of a million warm requests\n{cost}\n"
    ))
}

fn matrix_table(shown: &Shown) -> Table {
    let sizes = shown
        .tunings
        .first()
        .map_or(&[][..], |tuning| &tuning.sizes);
    let mut headings = vec!["step".to_owned()];
    headings.extend(sizes.iter().map(|size| format!("{} MB", size.memory_mb)));
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    let numbers: Vec<usize> = (1..headings.len()).collect();
    plain_table(&headings, &numbers)
}

/// The baseline against each other step, with the link that shows both.
fn comparisons(shown: &Shown) -> Result<Vec<(String, String)>> {
    let Some(baseline) = shown.baseline else {
        return Ok(Vec::new());
    };
    let of_step = |step: &str| shown.tunings.iter().find(|tuning| tuning.step == step);
    let baseline = of_step(baseline).context("the step to compare with was measured")?;
    let one = points(baseline, Temperature::Warm, shown.prices)?;
    let others = shown
        .tunings
        .iter()
        .filter(|tuning| tuning.step != baseline.step);
    others
        .map(|tuning| {
            let other = points(tuning, Temperature::Warm, shown.prices)?;
            let link = comparison_link((&baseline.step, &one), (&tuning.step, &other));
            Ok((format!("{} beside {}", baseline.step, tuning.step), link))
        })
        .collect()
}

/// Power Tuning's result, and beside its keys our own: `cold` in the same shape, the strategy, the comparison.
pub fn json(shown: &Shown) -> Result<String> {
    let links = comparisons(shown)?;
    let mut results = Map::new();
    for tuning in shown.tunings {
        let mut result = summary(tuning, Temperature::Warm, shown)?;
        let warm = points(tuning, Temperature::Warm, shown.prices)?;
        result["stateMachine"] = json!({
            // There is no state machine here that would cost anything.
            "executionCost": 0.0,
            "lambdaCost": tuning.total_cost(shown.prices),
            "visualization": link(&warm),
        });
        result["cold"] = summary(tuning, Temperature::Cold, shown)?;
        let comparison = links
            .iter()
            .find(|(name, _)| name.ends_with(&format!(" beside {}", tuning.step)));
        if let Some((_, link)) = comparison {
            result["comparison"] = json!(link);
        }
        results.insert(tuning.step.clone(), result);
    }
    let value = if results.len() == 1 {
        results
            .into_iter()
            .next()
            .map_or(Value::Null, |(_, only)| only)
    } else {
        results.into()
    };
    Ok(serde_json::to_string_pretty(&value)?)
}

fn summary(tuning: &Tuning, temperature: Temperature, shown: &Shown) -> Result<Value> {
    let points = points(tuning, temperature, shown.prices)?;
    let best = choose(&points, shown.strategy).context("a size was measured")?;
    let stats: Vec<Value> = points
        .iter()
        .map(|point| {
            json!({
                "value": point.memory_mb,
                "averagePrice": point.cost,
                "averageDuration": point.duration_ms,
            })
        })
        .collect();
    Ok(json!({
        "power": best.memory_mb,
        "cost": best.cost,
        "duration": best.duration_ms,
        "stats": stats,
    }))
}
