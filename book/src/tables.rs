//! Tables and figures, as Markdown or HTML.

use std::fmt::Write as _;

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use lab_results::chart;
use lab_results::faults::{self, FaultMatrix};
use lab_results::schema::Metric;
use lab_results::view::faults::section;
use lab_results::view::quantity::{Quantity, count};
use lab_results::view::section::{Column, Content, Section};
use lab_results::view::sentence::in_prose;
use lab_results::view::steps::{Row, Shown, Wanted, table};
use lab_results::view::{caption, compare, traffic};
use lab_workspace::clean_clone::CleanClone;
use lab_workspace::{BackingService, Step, ladder_number, short_step};

use crate::measured::{Measured, PROFILE};

/// What a chapter shows of its step: heading and name of the number.
const SHOWN: [(&str, Quantity); 6] = [
    ("warm request, median", Quantity::P50),
    ("... 99th percentile", Quantity::P99),
    ("closed loop, one environment", Quantity::PerSecond),
    ("cold start: init and first request", Quantity::Cold),
    ("CPU time of a warm request", Quantity::Cpu),
    ("a million warm requests in Lambda", Quantity::Cost),
];

/// Machine, commit and extent of the reference.
pub fn machine(measured: &Measured) -> Result<String> {
    let session = measured.reference.newest_with(Some(PROFILE), &["floor"]);
    let session = session.context("data/results/reference.json has no floor")?;
    Ok(caption::in_full(&session.conditions))
}

/// The steps with what each is about.
pub fn catalogue(measured: &Measured) -> String {
    let mut table = "| step | the one idea | memory | made for |\n|---|---|--:|---|\n".to_owned();
    for step in &measured.workspace.steps {
        let Some(idea) = &step.manifest.idea else {
            continue;
        };
        let (name, memory) = (&step.name, step.memory_mb);
        let architecture = step.manifest.architecture.as_str();
        let _ = writeln!(
            table,
            "| `{name}` | {idea} | {memory} MB | {architecture} |"
        );
    }
    table
}

/// What a warm request of each step asks of its services.
pub fn counts(measured: &Measured, steps: &[&Step]) -> Result<String> {
    let mut table = "| a warm request |".to_owned();
    for step in steps {
        let _ = write!(table, " {} |", short_step(&step.name));
    }
    let _ = writeln!(table, "\n|---|{}", "--:|".repeat(steps.len()));
    let counts: Result<Vec<_>> = steps
        .iter()
        .map(|step| Ok(measured.of(step, PROFILE)?.1.counts_warm()))
        .collect();
    let counts = counts?;
    for (service, name) in [
        (BackingService::Parameters, "Parameter Store"),
        (BackingService::Database, "the database"),
        (BackingService::Cache, "the cache"),
    ] {
        for (what, counter) in [
            ("TLS handshakes with", "tls_handshakes"),
            ("round trips to", "round_trips"),
        ] {
            let counter = format!("{}.{counter}", service.as_str());
            let numbers = counts.iter().map(|it| it.get(&counter).copied());
            let numbers: Vec<f64> = numbers.map(Option::unwrap_or_default).collect();
            if numbers.iter().any(|number| *number > 0.0) {
                let cells = numbers.into_iter().map(|it| format!(" {} |", count(it)));
                let cells: String = cells.collect();
                let _ = writeln!(table, "| {what} {name} |{cells}");
            }
        }
    }
    Ok(table)
}

/// What the 90-minute track makes people type, and how long each takes once the ladder is compiled.
pub fn track(measured: &CleanClone) -> String {
    let mut table = "| command | seconds |\n|---|--:|\n".to_owned();
    for timed in &measured.track {
        let _ = writeln!(table, "| `{}` | {} |", timed.command, timed.s);
    }
    table
}

/// The reference of a step and the step before it, and the reader's own numbers beside them.
pub fn result(measured: &Measured, step: &Step) -> Result<String> {
    let from = measured.workspace.before(step)?;
    let mut columns = Vec::new();
    for step in from.into_iter().chain([step]) {
        let (_, measurement) = measured.of(step, PROFILE)?;
        columns.push((short_step(&step.name).to_owned(), measurement));
    }
    let own = measured.local.as_ref();
    let own = own.and_then(|local| local.latest(Some(PROFILE), &step.name));
    if let Some((_, measurement)) = own {
        columns.push((format!("{}, yours", short_step(&step.name)), measurement));
    }
    let numbers = SHOWN.iter().map(|(heading, quantity)| {
        let numbers = columns
            .iter()
            .map(|(_, it)| quantity.of(it, measured.prices()));
        let numbers = numbers.map(Option::unwrap_or_default);
        [(*heading).to_owned()].into_iter().chain(numbers).collect()
    });
    let headings = columns.iter().map(|(heading, _)| heading.clone());
    let headings = headings.map(|heading| Column::new(heading, Content::Number));
    let section = Section {
        columns: [Column::new("", Content::Text)]
            .into_iter()
            .chain(headings)
            .collect(),
        rows: numbers.collect(),
        ..Section::default()
    };
    let mut table = section.page();
    let number = short_step(&step.name);
    let compared = own
        .zip(from)
        .and_then(|((session, _), from)| session.compare(&from.name, &step.name, Metric::Warm));
    if let Some(comparison) = compared {
        let _ = writeln!(table, "\nOn your machine: {}.", in_prose(&comparison));
    } else if own.is_none() {
        let _ = writeln!(
            table,
            "\nYour own numbers appear here after `cargo lab run {number}`, when the book is built again."
        );
    }
    Ok(table)
}

/// The numbered steps over all distances, and what follows from it.
pub fn sensitivity(measured: &Measured) -> Result<String> {
    let facts = measured.workspace.facts()?;
    let assumptions = lab_results::sensitivity::assumptions(facts, PROFILE)?;
    let report = compare::sensitivity(&measured.reference, &numbered(measured), assumptions);
    let report = report.context("data/results/reference.json has no ladder without distance")?;
    Ok(with_notes(&report.sections[0]))
}

/// The numbered steps where requests are seconds apart; that it is not measured where it is not.
pub fn traffic(measured: &Measured) -> String {
    let section = traffic::section(&measured.reference, PROFILE, &numbered(measured));
    section.map_or_else(
        || "Not measured in this reference: `cargo lab run --gap 15s --results data/results/reference.json`.".to_owned(),
        |section| with_notes(&section),
    )
}

/// The steps of the ladder, by name.
fn numbered(measured: &Measured) -> Vec<String> {
    let steps = measured.workspace.steps.iter();
    let numbered = steps.filter(|step| ladder_number(&step.name).is_some());
    numbered.map(|step| step.name.clone()).collect()
}

fn with_notes(section: &Section) -> String {
    let mut text = section.page();
    for note in &section.notes {
        let _ = write!(text, "\n{note}\n");
    }
    text
}

/// Every measured step: median, gain, what explains it.
pub fn ladder(measured: &Measured, profile: &str) -> String {
    let columns = [
        (Shown::Step, "step", 0),
        (Shown::Of(Quantity::P50), "warm, median", 0),
        (Shown::From, "against", 0),
        (Shown::Change(Metric::Warm, false), "it is", 0),
        (Shown::Of(Quantity::Network), "network", 0),
        (Shown::Of(Quantity::Cpu), "CPU", 0),
        (Shown::Of(Quantity::PerSecond), "closed loop", 0),
    ];
    of_all(measured, profile, &columns)
}

fn of_all(measured: &Measured, profile: &str, columns: &[Wanted]) -> String {
    table(&measured.rows(profile), columns, measured.prices()).page()
}

/// The steps beside the ladder, each against the step that it changes, measured in one session.
pub fn asides(measured: &Measured) -> String {
    let columns = [
        (Shown::Step, "aside", 0),
        (Shown::From, "against", 0),
        (Shown::Of(Quantity::P50), "warm, median", 0),
        (Shown::OfFrom(Quantity::P50), "of the other", 0),
        (Shown::Change(Metric::Warm, false), "the aside is", 0),
        (Shown::Of(Quantity::Cold), "cold start", 0),
        (Shown::OfFrom(Quantity::Cold), "of the other", 0),
    ];
    let asides = measured.workspace.steps.iter().filter_map(|step| {
        let (None, Some(from)) = (step.number(), &step.manifest.from) else {
            return None;
        };
        let names = [from.as_str(), &step.name];
        let session = measured.reference.newest_with(Some(PROFILE), &names)?;
        Some(Row {
            name: &step.name,
            session,
            measurement: &session.measurements[&step.name],
        })
    });
    table(&asides.collect::<Vec<_>>(), &columns, measured.prices()).page()
}

/// Every measured step: its cold start and its size.
pub fn cold(measured: &Measured) -> String {
    let columns = [
        (Shown::Step, "step", 0),
        (Shown::Of(Quantity::Init), "init phase", 0),
        (Shown::Of(Quantity::First), "first request", 0),
        (Shown::Of(Quantity::Cold), "together", 0),
        (Shown::Of(Quantity::Binary), "executable", 0),
    ];
    of_all(measured, PROFILE, &columns)
}

/// Every measured step: memory and cost.
pub fn sizes(measured: &Measured) -> String {
    let columns = [
        (Shown::Step, "step", 0),
        (Shown::Of(Quantity::Used), "memory used", 0),
        (Shown::Of(Quantity::Zip), "package", 0),
        (Shown::Of(Quantity::Cost), "USD a million requests", 0),
    ];
    of_all(measured, PROFILE, &columns)
}

/// The ladder as a figure with its text alternative.
pub fn chart(measured: &Measured, profile: &str) -> Result<String> {
    let first = measured
        .workspace
        .steps
        .first()
        .context("there are no steps")?;
    let names = [first.name.as_str(), "floor"];
    let session = measured.reference.newest_with(Some(profile), &names);
    let svg = session.and_then(chart::ladder);
    let svg = svg.with_context(|| format!("the reference has no ladder under {profile}"))?;
    Ok(picture(&svg))
}

/// An SVG as a picture of its own, not part of the page: its styles stay its own, and it can be enlarged.
pub fn picture(svg: &str) -> String {
    let alternative = between(svg, "<desc", "</desc>").unwrap_or_default();
    format!(
        "<div class=\"figure\"><img alt=\"{}\" src=\"data:image/svg+xml;base64,{}\"></div>",
        alternative.trim().replace('"', "&quot;"),
        BASE64_STANDARD.encode(svg)
    )
}

fn between<'a>(text: &'a str, open: &str, close: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(open)?;
    let (_, rest) = rest.split_once('>')?;
    Some(rest.split_once(close)?.0)
}

/// The fault matrix, or one step in the faults whose names contain `about`.
pub fn faults(matrix: &FaultMatrix, of: Option<(&Step, &str)>) -> Result<String> {
    let mut rows = matrix.rows.clone();
    for faults::Row { fault, cells } in &mut rows {
        cells.retain(|cell| match of {
            Some((step, about)) => cell.step == step.name && fault.contains(about),
            // The asides would double the table.
            None => ladder_number(&cell.step).is_some(),
        });
    }
    let section = section(&rows, true);
    if section.rows.is_empty() {
        bail!("no such fault was tried");
    }
    // One step's table does not say whose it is.
    let names = section.columns.iter().map(|column| column.heading.as_str());
    let names = names.filter(|name| of.is_none() || *name != "steps");
    let wanted: Vec<(&str, &str)> = names.map(|name| (name, name)).collect();
    Ok(section.pick(&wanted).page())
}
