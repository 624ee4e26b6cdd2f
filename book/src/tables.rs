//! Tables and figures, as Markdown or HTML.

use std::fmt::Write as _;

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use lab_results::chart;
use lab_results::faults::lines;
use lab_results::faults::{FaultMatrix, Row};
use lab_results::schema::{Measurement, Metric, ResultsFile, Session};
use lab_workspace::clean_clone::CleanClone;
use lab_workspace::{Step, Workspace, ladder_number, short_step};

use crate::measured::{Measured, PROFILE, sentence};

/// What a chapter shows of its step: heading and name of the number.
const SHOWN: [(&str, &str); 6] = [
    ("warm request, median", "p50"),
    ("... 99th percentile", "p99"),
    ("closed loop, one environment", "per-second"),
    ("cold start: init and first request", "cold"),
    ("CPU time of a warm request", "cpu"),
    ("a million warm requests in Lambda", "cost"),
];

/// Machine, commit and extent of the reference.
pub fn machine(measured: &Measured) -> Result<String> {
    let session = measured.reference.newest_with(Some(PROFILE), &["floor"]);
    let session = session.context("data/results/reference.json has no floor")?;
    let machine = session
        .machine
        .as_ref()
        .context("the reference names no machine")?;
    let commit = session.build.commit.as_deref().unwrap_or("unknown");
    let limits = session
        .limits
        .as_ref()
        .map_or("none", |limits| limits.how.as_str());
    Ok(format!(
        "{} with {} logical cores, Linux {}, limits by {limits}; commit {}, {}; {} rounds, {}",
        machine.cpu,
        machine.logical_cores,
        machine.kernel,
        &commit[..commit.len().min(10)],
        session.build.rustc,
        session.method.rounds,
        session.started,
    ))
}

/// The steps with what each is about.
pub fn catalogue(workspace: &Workspace) -> String {
    let mut table = "| step | the one idea | memory | made for |\n|---|---|--:|---|\n".to_owned();
    for step in &workspace.steps {
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

/// What the 90-minute track makes people type, and how long each takes once the ladder is compiled.
pub fn track(measured: &CleanClone) -> String {
    let mut table = "| command | seconds |\n|---|--:|\n".to_owned();
    for timed in &measured.track {
        let _ = writeln!(table, "| `{}` | {} |", timed.command, timed.s);
    }
    table
}

/// The reference of a step and the step before it, and the reader's own numbers beside them.
pub fn result(measured: &Measured, workspace: &Workspace, step: &Step) -> Result<String> {
    let from = workspace.before(step)?;
    let mut columns = Vec::new();
    for step in from.into_iter().chain([step]) {
        columns.push((
            format!("{}, reference", step.name),
            measured.of(step, PROFILE)?.1,
        ));
    }
    let own = measured.local.as_ref().and_then(|local| own(local, step));
    if let Some((_, measurement)) = own {
        columns.push((format!("{}, yours", step.name), measurement));
    }
    let mut table = format!(
        "| | {} |\n|---|{}\n",
        columns
            .iter()
            .map(|(heading, _)| heading.as_str())
            .collect::<Vec<_>>()
            .join(" | "),
        "--:|".repeat(columns.len())
    );
    for (heading, what) in SHOWN {
        let _ = write!(table, "| {heading} |");
        for (_, measurement) in &columns {
            let number = measured.number(what, measurement).unwrap_or_default();
            let _ = write!(table, " {number} |");
        }
        table.push('\n');
    }
    let number = short_step(&step.name);
    let _ = match (own, from) {
        (None, _) => writeln!(
            table,
            "\nYour own numbers appear here after `cargo lab run {number}`, when the book is built again."
        ),
        (Some((session, _)), Some(from)) => {
            match session.compare(&from.name, &step.name, Metric::Warm) {
                Some(comparison) => writeln!(table, "\nOn your machine: {}.", sentence(comparison)),
                None => Ok(()),
            }
        }
        _ => Ok(()),
    };
    Ok(table)
}

fn own<'a>(local: &'a ResultsFile, step: &Step) -> Option<(&'a Session, &'a Measurement)> {
    local.latest(Some(PROFILE), &step.name)
}

/// A gain, and its interval below it.
fn in_two_lines(gain: &str) -> String {
    let lines = gain.replacen(" (", "<br>(", 1);
    format!("<span class=\"whole\">{lines}</span>")
}

/// Every measured step: median, gain, what explains it.
pub fn ladder(measured: &Measured, workspace: &Workspace, profile: &str) -> Result<String> {
    let mut table = "| step | warm, median | against | it is | network | CPU | closed loop |\n|---|--:|---|---|--:|--:|--:|\n".to_owned();
    for step in &workspace.steps {
        let Ok((_, measurement)) = measured.of(step, profile) else {
            continue;
        };
        let number = |what| measured.number(what, measurement);
        let (from, gain) = match &step.manifest.from {
            Some(from) => (
                short_step(from).to_owned(),
                in_two_lines(&measured.gain(step, profile).unwrap_or_default()),
            ),
            None => Default::default(),
        };
        let cells = [
            number("p50")?,
            from,
            gain,
            number("network")?,
            number("cpu")?,
            number("per-second")?,
        ];
        let _ = writeln!(table, "| `{}` | {} |", step.name, cells.join(" | "));
    }
    Ok(table)
}

/// The steps beside the ladder, each against the step that it changes, measured in one session.
pub fn asides(measured: &Measured, workspace: &Workspace) -> Result<String> {
    let mut table = "| aside | against | warm, median | of the other | the aside is | cold start | of the other |\n\
                     |---|---|--:|--:|---|--:|--:|\n"
        .to_owned();
    for step in &workspace.steps {
        let from = match (step.number(), &step.manifest.from) {
            (None, Some(from)) => workspace.step(from)?,
            _ => continue,
        };
        let names = [from.name.as_str(), step.name.as_str()];
        let session = measured.reference.newest_with(Some(PROFILE), &names);
        let Some(session) = session else { continue };
        let number = |name: &str, what| measured.number(what, &session.measurements[name]);
        let gain = session.compare(names[0], names[1], Metric::Warm);
        let _ = writeln!(
            table,
            "| `{}` | `{}` | {} | {} | {} | {} | {} |",
            step.name,
            from.name,
            number(&step.name, "p50")?,
            number(&from.name, "p50")?,
            in_two_lines(&gain.map(sentence).unwrap_or_default()),
            number(&step.name, "cold")?,
            number(&from.name, "cold")?,
        );
    }
    Ok(table)
}

/// Every measured step: its cold start and its size.
pub fn cold(measured: &Measured, workspace: &Workspace) -> Result<String> {
    rows(
        measured,
        workspace,
        &[
            ("init phase", "init"),
            ("first request", "first"),
            ("together", "cold"),
            ("executable", "binary"),
        ],
    )
}

/// Every measured step: memory and cost.
pub fn sizes(measured: &Measured, workspace: &Workspace) -> Result<String> {
    rows(
        measured,
        workspace,
        &[
            ("memory used", "memory"),
            ("package", "zip"),
            ("USD a million requests", "cost"),
        ],
    )
}

fn rows(measured: &Measured, workspace: &Workspace, columns: &[(&str, &str)]) -> Result<String> {
    let headings: Vec<&str> = columns.iter().map(|(heading, _)| *heading).collect();
    let mut table = format!(
        "| step | {} |\n|---|{}\n",
        headings.join(" | "),
        "--:|".repeat(columns.len())
    );
    for step in &workspace.steps {
        let Ok((_, measurement)) = measured.of(step, PROFILE) else {
            continue;
        };
        let cells = columns
            .iter()
            .map(|(_, what)| measured.number(what, measurement));
        let cells: Vec<String> = cells.collect::<Result<_>>()?;
        let _ = writeln!(table, "| `{}` | {} |", step.name, cells.join(" | "));
    }
    Ok(table)
}

/// The ladder as a figure with its text alternative.
pub fn chart(measured: &Measured, workspace: &Workspace, profile: &str) -> Result<String> {
    let first = workspace.steps.first().context("there are no steps")?;
    let session = measured
        .reference
        .newest_with(Some(profile), &[&first.name, "floor"]);
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
    let wanted = |row: &Row| Row {
        fault: row.fault.clone(),
        cells: row
            .cells
            .iter()
            .filter(|cell| match of {
                Some((step, about)) => cell.step == step.name && row.fault.contains(about),
                // The asides would double the table.
                None => ladder_number(&cell.step).is_some(),
            })
            .cloned()
            .collect(),
    };
    let rows: Vec<Row> = matrix.rows.iter().map(wanted).collect();
    let lines = lines(&rows);
    if lines.is_empty() {
        bail!("no such fault was tried");
    }
    let (heading, rule) = match of {
        None => ("| fault | steps |", "|---|---|"),
        Some(_) => ("| fault |", "|---|"),
    };
    let mut table = format!(
        "{heading} status | the client got | after | normal again |\n{rule}--:|---|--:|---|\n"
    );
    for line in lines {
        let steps = of.map_or_else(
            || format!(" {} |", line.steps.replace('\n', "<br>")),
            |_| String::new(),
        );
        let _ = writeln!(
            table,
            "| {} |{steps} {} | {} | {} | {} |",
            line.fault,
            line.status,
            in_words(&line.saw),
            line.took,
            line.normal_again
        );
    }
    Ok(table)
}

/// The two error bodies, which would make the table too wide.
fn in_words(saw: &str) -> &str {
    match saw {
        r#"{"error":"the stadiums are not available"}"# => "the function's own error",
        r#"{"message":"Internal Server Error"}"# => "Lambda's error",
        other => other,
    }
}
