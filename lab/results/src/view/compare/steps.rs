//! Steps that one session measured in turns.

use serde_json::{Value, json};

use super::{Report, USUAL_PROFILE};
use crate::format::short_name;
use crate::price::Prices;
use crate::schema::{Measurement, Metric, ResultsFile, Session};
use crate::step_name::FLOOR;
use crate::view::quantity::Quantity;
use crate::view::section::{Column, Content, Section};
use crate::view::sentence::{in_json, in_short};
use crate::view::steps::{Row, Shown, called, rows, table};

/// Heading, number, and what it is compared in.
type Told = (&'static str, Quantity, Option<(Metric, &'static str)>);

/// What is told of two steps: its heading, the number, and what it is compared in, with its key in JSON.
const TOLD: [Told; 7] = [
    ("warm, median", Quantity::P50, Some((Metric::Warm, "warm"))),
    (
        "closed loop",
        Quantity::PerSecond,
        Some((Metric::PerSecond, "per_second")),
    ),
    ("cold start", Quantity::Cold, Some((Metric::Cold, "cold"))),
    ("init", Quantity::Init, Some((Metric::Init, "init"))),
    (
        "first alone",
        Quantity::First,
        Some((Metric::First, "first")),
    ),
    ("warm, p95", Quantity::P95, None),
    ("a million, warm", Quantity::Cost, None),
];

/// The first step against each of the others, from the newest session that measured all of them; none if there is none.
pub fn steps(
    file: &ResultsFile,
    profile: Option<&str>,
    names: &[String],
    prices: &Prices,
) -> Option<Report> {
    let wanted: Vec<&str> = names.iter().map(String::as_str).collect();
    let newest_with = |profile| file.newest_with(profile, &wanted);
    let session = newest_with(Some(profile.unwrap_or(USUAL_PROFILE))).or_else(|| {
        let mut newest_first = file.sessions.iter().rev().map(Session::profile);
        newest_first
            .find_map(newest_with)
            .filter(|_| profile.is_none())
    })?;
    let (before, others) = names.split_first()?;
    let mut report = Report {
        warnings: warnings(session, names),
        ..Report::default()
    };
    let mut json = Vec::new();
    for after in others {
        let (section, value) = pair(session, before, after, prices);
        report.sections.push(section);
        json.push(value);
    }
    report.json = json!({
        "session": session.conditions.id, "profile": session.profile(), "warnings": report.warnings, "comparisons": json,
    });
    Some(report)
}

fn pair(session: &Session, before: &str, after: &str, prices: &Prices) -> (Section, Value) {
    let sides = [before, after].map(|name| &session.measurements[name]);
    let mut rows = Vec::new();
    let mut metrics = serde_json::Map::new();
    for (heading, quantity, compared) in TOLD {
        let [old, new] = sides.map(|side| quantity.of(side, prices).unwrap_or_default());
        let comparison = compared.and_then(|(metric, _)| session.compare(before, after, metric));
        if let Some((_, key)) = compared {
            let value = comparison.as_ref().map_or(Value::Null, in_json);
            metrics.insert(key.to_owned(), value);
        }
        let change = comparison.map(|comparison| in_short(&comparison, None));
        let change = change.unwrap_or_default();
        rows.push(vec![heading.to_owned(), old, new, change]);
    }
    let section = Section {
        heading: format!("{} against {}", short_name(after), short_name(before)),
        about: String::new(),
        columns: vec![
            Column::new("", Content::Text),
            Column::new(called(before), Content::Number),
            Column::new(called(after), Content::Number),
            Column::new("the second is", Content::Change),
        ],
        rows,
        notes: vec![format!(
            "{} rounds side by side, network profile {}; in brackets the 95 % interval of the ratio.",
            session.conditions.method.rounds,
            session.profile().unwrap_or("none: AWS"),
        )],
    };
    (
        section,
        json!({ "before": before, "after": after, "metrics": metrics }),
    )
}

/// Every measured step against the one before it.
pub fn ladder(session: &Session, prices: &Prices) -> Report {
    let names: Vec<String> = session.measurements.keys().cloned().collect();
    let rows: Vec<Row> = rows(session, &names);
    let json = rows.iter().map(|row| {
        let from = row.measurement.from.as_deref();
        let warm = from.and_then(|from| session.compare(from, row.name, Metric::Warm));
        json!({
            "step": row.name,
            "from": from,
            "p50_us": row.measurement.median(Metric::Warm),
            "warm": warm.as_ref().map(in_json),
        })
    });
    let columns = [
        (Shown::Step, "step", 0),
        (Shown::Of(Quantity::P50), "warm p50", 0),
        (Shown::From, "from", 0),
        (Shown::Change(Metric::Warm, false), "a warm request is", 0),
        (Shown::Change(Metric::Cold, false), "a cold start is", 1),
    ];
    let warnings = warnings(session, &names);
    Report {
        json: json!({ "session": session.conditions.id, "warnings": warnings, "steps": json.collect::<Vec<_>>() }),
        warnings,
        sections: vec![Section {
            heading: "Each step against the one before it".to_owned(),
            notes: vec![format!(
                "{} rounds side by side; in brackets 95 % intervals.",
                session.conditions.method.rounds
            )],
            ..table(&rows, &columns, prices)
        }],
    }
}

/// What makes a session's numbers less than they seem.
fn warnings(session: &Session, names: &[String]) -> Vec<String> {
    let mut warnings = Vec::new();
    let limits = session.conditions.limits.as_ref();
    if limits.is_some_and(|limits| !limits.as_on_lambda()) {
        warnings.push("CPU and memory were not limited as on Lambda: all of it is too fast, and a memory size means nothing".to_owned());
    }
    if session.conditions.method.quick {
        warnings.push("a quick session: too few rounds for intervals, so that small differences may be chance".to_owned());
    }
    let measured: Vec<(&String, &Measurement)> = names
        .iter()
        .filter(|name| *name != FLOOR)
        .filter_map(|name| Some((name, session.measurements.get(name)?)))
        .collect();
    let (first, rest) = match measured.split_first() {
        Some((first, rest)) if names.len() <= MOST_NAMED => (first, rest),
        _ => return warnings,
    };
    for (name, measurement) in rest {
        let (before, memory) = (first.1.memory_mb, measurement.memory_mb);
        let [first_name, name] = [first.0, *name].map(|name| short_name(name));
        if memory != before {
            warnings.push(format!(
                "{first_name} has {before} MB and {name} {memory} MB: part of the difference is the CPU that comes with the \
                 memory"
            ));
        }
        if let Some(timed) = &measurement.measured_on
            && measurement.measured_on != first.1.measured_on
        {
            let architecture = &measurement.architecture;
            warnings.push(format!(
                "{name} is deployed on {architecture} and was timed on {timed}: the architecture's own gain is not in it"
            ));
        }
    }
    warnings
}

/// Of more steps than these, the differences are the ladder's and told in the book.
const MOST_NAMED: usize = 4;
