//! Steps that one session measured in turns.

use anyhow::{Context as _, Result};
use lab_results::format::{duration, short_name, usd};
use lab_results::price::Prices;
use lab_results::schema::{Measurement, Metric, ResultsFile, Session};
use lab_results::step_name::FLOOR;
use serde_json::{Value, json};

use super::USUAL_PROFILE;
use super::report::{Report, Section, in_json, in_words};
use lab_workspace::short_step;

/// What is compared, how it is called in a table and in JSON.
const METRICS: [(Metric, &str, &str); 5] = [
    (Metric::Warm, "warm request, median", "warm"),
    (Metric::PerSecond, "closed loop, per second", "per_second"),
    (Metric::Cold, "cold start: init and first request", "cold"),
    (Metric::Init, "init", "init"),
    (Metric::First, "first request alone", "first"),
];

/// The first step against each of the others, from the newest session that measured all of them; none if there is none.
pub fn steps(
    file: &ResultsFile,
    profile: Option<&str>,
    names: &[String],
    prices: &Prices,
) -> Result<Option<Report>> {
    let wanted: Vec<&str> = names.iter().map(String::as_str).collect();
    let newest_first = || file.sessions.iter().rev().map(Session::profile);
    let profiles = match profile {
        Some(profile) => vec![Some(profile)],
        None => std::iter::once(Some(USUAL_PROFILE))
            .chain(newest_first())
            .collect(),
    };
    let session = profiles
        .into_iter()
        .find_map(|profile| file.newest_with(profile, &wanted));
    let Some(session) = session else {
        return Ok(None);
    };
    let (before, others) = names.split_first().context("two steps are compared")?;
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
        "session": session.id, "profile": session.profile(), "warnings": report.warnings, "comparisons": json,
    });
    Ok(Some(report))
}

fn pair(session: &Session, before: &str, after: &str, prices: &Prices) -> (Section, Value) {
    let (old, new) = (&session.measurements[before], &session.measurements[after]);
    let mut rows = Vec::new();
    let mut metrics = serde_json::Map::new();
    for (metric, heading, key) in METRICS {
        let value = |measurement: &Measurement| match (metric, measurement.p50(metric)) {
            (_, None) => String::new(),
            (Metric::PerSecond, Some(p50)) => format!("{:.0}", p50.value),
            (_, Some(p50)) => duration(p50.value),
        };
        let compared = session.compare(before, after, metric);
        rows.push(vec![
            heading.to_owned(),
            value(old),
            value(new),
            compared.as_ref().map(in_words).unwrap_or_default(),
        ]);
        metrics.insert(
            key.to_owned(),
            compared.as_ref().map_or(Value::Null, in_json),
        );
    }
    let tail = |measurement: &Measurement| {
        let summary = measurement.summary(Metric::Warm);
        summary
            .map(|summary| duration(summary.p99))
            .unwrap_or_default()
    };
    rows.push(vec![
        "warm request, p99".to_owned(),
        tail(old),
        tail(new),
        String::new(),
    ]);
    let cost = |measurement: &Measurement| {
        let cost = prices.million_of(measurement);
        cost.map(|cost| usd(cost.lambda())).unwrap_or_default()
    };
    rows.push(vec![
        "a million warm requests".to_owned(),
        cost(old),
        cost(new),
        String::new(),
    ]);
    let section = Section {
        title: format!("{} against {}", short_name(after), short_name(before)),
        note: format!(
            "{} rounds side by side, network profile {}; in brackets the 95 % interval of the ratio.",
            session.method.rounds,
            session.profile().unwrap_or("none: AWS"),
        ),
        headings: [
            "",
            &short_name(before),
            &short_name(after),
            &format!("{} is", short_name(after)),
        ]
        .map(str::to_owned)
        .into(),
        right: vec![1, 2],
        rows,
    };
    (
        section,
        json!({ "before": before, "after": after, "metrics": metrics }),
    )
}

/// Every measured step against the one before it, from the newest session of the profile with the most steps.
pub fn ladder(session: &Session) -> Report {
    let mut rows = Vec::new();
    let mut json = Vec::new();
    for (name, measurement) in &session.measurements {
        let from = measurement.from.as_deref();
        let compare = |metric| {
            let comparison = session.compare(from?, name, metric)?;
            Some((in_words(&comparison), in_json(&comparison)))
        };
        let warm = compare(Metric::Warm);
        let p50 = measurement.p50(Metric::Warm);
        rows.push(vec![
            short_name(name),
            p50.map(|p50| duration(p50.value)).unwrap_or_default(),
            from.filter(|_| warm.is_some())
                .map(number)
                .unwrap_or_default(),
            warm.as_ref()
                .map(|(words, _)| words.clone())
                .unwrap_or_default(),
            compare(Metric::Cold)
                .map(|(words, _)| words)
                .unwrap_or_default(),
        ]);
        json.push(json!({
            "step": name, "from": from, "p50_us": p50.map(|p50| p50.value), "warm": warm.map(|(_, value)| value),
        }));
    }
    let names: Vec<String> = session.measurements.keys().cloned().collect();
    let warnings = warnings(session, &names);
    Report {
        json: json!({ "session": session.id, "warnings": warnings, "steps": json }),
        warnings,
        sections: vec![Section {
            title: "Each step against the one before it".to_owned(),
            note: format!(
                "{} rounds side by side; in brackets 95 % intervals.",
                session.method.rounds
            ),
            headings: [
                "step",
                "warm p50",
                "from",
                "a warm request is",
                "a cold start is",
            ]
            .map(str::to_owned)
            .into(),
            right: vec![1],
            rows,
        }],
    }
}

/// `03` of `03-parameters-extension`, other names whole.
fn number(name: &str) -> String {
    let first = short_step(name);
    if first.parse::<u32>().is_ok() {
        first.to_owned()
    } else {
        short_name(name)
    }
}

/// What makes a session's numbers less than they seem.
fn warnings(session: &Session, names: &[String]) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some(limits) = &session.limits
        && !(limits.cpu && limits.memory)
    {
        warnings.push("CPU and memory were not limited as on Lambda: all of it is too fast, and a memory size means nothing".to_owned());
    }
    if session.method.quick {
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
        if measurement.memory_mb != first.1.memory_mb {
            warnings.push(format!(
                "{} has {} MB and {} {} MB: part of the difference is the CPU that comes with the memory",
                short_name(first.0),
                first.1.memory_mb,
                short_name(name),
                measurement.memory_mb
            ));
        }
        if let Some(architecture) = measurement
            .measured_on
            .as_ref()
            .filter(|_| measurement.measured_on != first.1.measured_on)
        {
            warnings.push(format!(
                "{} is deployed on {} and was timed on {architecture}: the architecture's own gain is not in it",
                short_name(name),
                measurement.architecture
            ));
        }
    }
    warnings
}

/// Of more steps than these, the differences are the ladder's and told in the book.
const MOST_NAMED: usize = 4;
