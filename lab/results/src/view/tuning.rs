//! Memory sizes: a table a step, the matrix of several, and JSON in AWS Lambda Power Tuning's keys.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::quantity::Quantity;
use super::section::{Column, Content, Section};
use crate::format::{duration, short_name, usd};
use crate::price::Prices;
use crate::scale::bar;
use crate::schema::{Measurement, Metric};
use crate::tuning::{
    Point, Strategy, Temperature, Tuning, Unpriced, choose, comparison_link, link,
};

/// Columns of a step's table.
const COLUMNS: usize = 9;

/// Columns of the longest bar.
const BAR_COLUMNS: usize = 12;

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

/// For a terminal: a table a step with its links, and the matrix where there are several.
pub fn sections(shown: &Shown) -> Result<Vec<Section>, Unpriced> {
    let of_each = shown.tunings.iter().map(|tuning| one(tuning, shown));
    let mut sections: Vec<Section> = of_each.collect::<Result<_, _>>()?;
    if shown.tunings.len() > 1 {
        let tunings: Vec<&Tuning> = shown.tunings.iter().collect();
        let heading = "Step by memory size".to_owned();
        sections.push(Section {
            heading: heading.clone(),
            about: "median of warm invocations; * the manifest's size".to_owned(),
            ..matrix(&tunings, MatrixCell::Warm, shown.prices)?
        });
        sections.push(Section {
            heading,
            about: "USD for the duration of a million warm requests".to_owned(),
            ..matrix(&tunings, MatrixCell::Cost, shown.prices)?
        });
    }
    if let Some(last) = sections.last_mut() {
        let links = comparisons(shown)?.into_iter();
        let links = links.map(|(name, link)| format!("{name}:\n  {link}"));
        last.notes.extend(links);
    }
    Ok(sections)
}

fn one(tuning: &Tuning, shown: &Shown) -> Result<Section, Unpriced> {
    let warm = tuning.points(Temperature::Warm, shown.prices)?;
    let cold = tuning.points(Temperature::Cold, shown.prices)?;
    let largest = |of: fn(&Point) -> f64| warm.iter().map(of).fold(0.0, f64::max);
    let (longest, dearest) = (largest(|it| it.duration_ms), largest(|it| it.cost));
    let each = tuning.sizes.iter().zip(&warm).zip(&cold);
    let failed = tuning.failed.keys().map(|memory_mb| {
        let mut row = vec![String::new(); COLUMNS];
        row[0] = format!("{}{memory_mb}", mark(tuning, *memory_mb));
        "failed".clone_into(&mut row[1]);
        (*memory_mb, row)
    });
    let rows = each.map(|((size, warm), cold)| {
        let row = vec![
            format!("{}{}", mark(tuning, size.memory_mb), size.memory_mb),
            median(size, Metric::Warm),
            duration(warm.duration_ms * 1e3),
            bar(warm.duration_ms / longest, BAR_COLUMNS),
            usd(warm.cost * 1e6),
            bar(warm.cost / dearest, BAR_COLUMNS),
            duration(cold.duration_ms * 1e3),
            usd(cold.cost * 1e6),
            Quantity::Used.of(size, shown.prices).unwrap_or_default(),
        ];
        (size.memory_mb, row)
    });
    let rows: BTreeMap<u32, Vec<String>> = rows.chain(failed).collect();
    let told = tuning.failed.iter();
    let told = told.map(|(memory_mb, why)| format!("{memory_mb} MB failed: {why}"));
    let mut notes = vec![
        format!("chosen, warm   {}", chosen(&warm, shown.weight)),
        format!("chosen, cold   {}", chosen(&cold, shown.weight)),
        link(&warm),
    ];
    notes.extend(told);
    let number = |heading: &str, rank| Column::new(heading, Content::Number).ranked(rank);
    let bars = |rank| Column::new("", Content::Text).ranked(rank);
    let first = tuning.sizes.first();
    Ok(Section {
        heading: short_name(&tuning.step),
        about: format!(
            "priced for {}, network profile {}; {} environments a size; * its manifest's size",
            first.map_or("", |size| &size.architecture),
            tuning.conditions.profile().unwrap_or_default(),
            first.map_or(0, |size| size.rounds.len()),
        ),
        columns: vec![
            number("MB", 0),
            number("p50", 0),
            number("warm", 0),
            bars(3),
            number("USD/million", 0),
            bars(2),
            number("cold start", 0),
            number("USD/million cold", 0),
            number("used", 1),
        ],
        rows: rows.into_values().collect(),
        notes,
    })
}

/// Marks the size of the manifest.
fn mark(tuning: &Tuning, memory_mb: u32) -> &'static str {
    if memory_mb == tuning.memory_mb {
        "* "
    } else {
        ""
    }
}

fn median(size: &Measurement, metric: Metric) -> String {
    size.median(metric).map(duration).unwrap_or_default()
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

/// What a matrix shows of a step at a size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatrixCell {
    /// The median of warm invocations; the manifest's size is marked.
    Warm,
    /// The price of a million of them.
    Cost,
    /// Both, a line each.
    WarmAndCost,
    /// The median of cold starts.
    Cold,
}

/// Steps by sizes.
pub fn matrix(
    tunings: &[&Tuning],
    shown: MatrixCell,
    prices: &Prices,
) -> Result<Section, Unpriced> {
    let of_each = tunings.iter().map(|tuning| {
        let measured = tuning.sizes.iter().map(|size| size.memory_mb);
        measured.chain(tuning.failed.keys().copied())
    });
    let sizes: BTreeSet<u32> = of_each.flatten().collect();
    let mut rows = Vec::new();
    for tuning in tunings {
        let points = tuning.points(Temperature::Warm, prices)?;
        let measured = tuning.sizes.iter().zip(points).map(|(size, point)| {
            let (warm, cost) = (median(size, Metric::Warm), usd(point.cost * 1e6));
            let mark = mark(tuning, size.memory_mb);
            let cell = match shown {
                MatrixCell::Warm => format!("{mark}{warm}"),
                MatrixCell::Cost => format!("{mark}{cost}"),
                MatrixCell::WarmAndCost => format!("{warm}\n{cost}"),
                MatrixCell::Cold => median(size, Metric::Cold),
            };
            (size.memory_mb, cell)
        });
        let failed = tuning.failed.keys();
        let failed = failed.map(|memory_mb| (*memory_mb, "failed".to_owned()));
        let mut cells: BTreeMap<u32, String> = measured.chain(failed).collect();
        let cells = sizes.iter().map(|it| cells.remove(it).unwrap_or_default());
        let step = [short_name(&tuning.step)].into_iter();
        rows.push(step.chain(cells).collect());
    }
    let sizes = sizes.iter().map(|size| format!("{size} MB"));
    let sizes = sizes.map(|heading| Column::new(heading, Content::Number));
    let step = [Column::new("step", Content::Name)].into_iter();
    Ok(Section {
        columns: step.chain(sizes).collect(),
        rows,
        ..Section::default()
    })
}

/// The baseline against each other step, with the link that shows both.
fn comparisons(shown: &Shown) -> Result<Vec<(String, String)>, Unpriced> {
    let of_step = |step: &str| shown.tunings.iter().find(|tuning| tuning.step == step);
    let Some(baseline) = shown.baseline.and_then(of_step) else {
        return Ok(Vec::new());
    };
    let one = baseline.points(Temperature::Warm, shown.prices)?;
    let others = shown.tunings.iter().filter(|it| it.step != baseline.step);
    let links = others.map(|tuning| {
        let other = tuning.points(Temperature::Warm, shown.prices)?;
        let link = comparison_link((&baseline.step, &one), (&tuning.step, &other));
        Ok((format!("{} beside {}", baseline.step, tuning.step), link))
    });
    links.collect()
}

/// Power Tuning's result, and beside its keys our own: `cold` in the same shape, the strategy, the comparison.
pub fn json(shown: &Shown) -> Result<String, Unpriced> {
    let links = comparisons(shown)?;
    let mut results = Map::new();
    for tuning in shown.tunings {
        let mut result = summary(tuning, Temperature::Warm, shown)?;
        let warm = tuning.points(Temperature::Warm, shown.prices)?;
        result["stateMachine"] = json!({
            // There is no state machine here that would cost anything.
            "executionCost": 0.0,
            "lambdaCost": tuning.total_cost(shown.prices),
            "visualization": link(&warm),
        });
        result["cold"] = summary(tuning, Temperature::Cold, shown)?;
        let end = format!(" beside {}", tuning.step);
        if let Some((_, link)) = links.iter().find(|(name, _)| name.ends_with(&end)) {
            result["comparison"] = json!(link);
        }
        results.insert(tuning.step.clone(), result);
    }
    let only = results.values().next().filter(|_| results.len() == 1);
    let value = only.cloned().unwrap_or_else(|| results.into());
    Ok(format!("{value:#}"))
}

fn summary(tuning: &Tuning, temperature: Temperature, shown: &Shown) -> Result<Value, Unpriced> {
    let points = tuning.points(temperature, shown.prices)?;
    let best = choose(&points, shown.strategy).ok_or_else(|| Unpriced(tuning.step.clone()))?;
    let stats = points.iter().map(|point| {
        json!({
            "value": point.memory_mb,
            "averagePrice": point.cost,
            "averageDuration": point.duration_ms,
        })
    });
    let stats: Vec<Value> = stats.collect();
    Ok(json!({
        "power": best.memory_mb,
        "cost": best.cost,
        "duration": best.duration_ms,
        "stats": stats,
    }))
}
