//! What stands under a chart, and the chart in words.

use std::fmt::Write;

use crate::chart::ladder::Row;
use crate::conditions::Conditions;
use crate::format::duration;
use crate::interval::Interval;
use crate::schema::{Build, Limits, Machine, Metric, Session};

/// The chart in words, for those who do not see it.
pub(crate) fn description(rows: &[Row], caption: &[String]) -> String {
    let mut text = String::new();
    for row in rows {
        let _ = write!(
            text,
            "{} with {} MB: {}",
            row.name,
            row.measurement.memory_mb,
            duration(row.p50.value)
        );
        if let Some(Interval { low, high }) = row.p50.interval {
            let _ = write!(text, " (between {} and {})", duration(low), duration(high));
        }
        text.push_str(". ");
    }
    text + &caption.join(" ")
}

/// What must be known to judge the chart: a sentence a line.
pub(crate) fn caption(session: &Session, rows: &[Row]) -> Vec<String> {
    let environments = span(rows.iter().map(|row| row.measurement.rounds.len()));
    let invocations = span(
        rows.iter()
            .map(|row| row.measurement.rounds_of(Metric::Warm).concat().len()),
    );
    let whiskers = if rows.iter().any(|row| row.p50.interval.is_some()) {
        "whiskers are its 95 % interval"
    } else {
        "too few rounds for intervals"
    };
    let mut lines = vec![
        format!("Median (p50), logarithmic scale; {whiskers}."),
        format!(
            "Invocations per step: {invocations}, {} ms apart; environments: {environments}.",
            session.method.paced_gap_ms
        ),
        where_and_when(session),
    ];
    let elsewhere: Vec<&str> = rows
        .iter()
        .filter(|row| row.measurement.measured_on.is_some())
        .map(|row| row.name)
        .collect();
    if !elsewhere.is_empty() {
        lines.push(format!(
            "Not timed on the architecture that they are deployed on: {}.",
            elsewhere.join(", ")
        ));
    }
    lines
}

/// Day, machine, network, limits and commit of a session.
pub(crate) fn where_and_when(session: &Session) -> String {
    let date = session.started.split('T').next().unwrap_or_default();
    let machine = session
        .machine
        .as_ref()
        .map_or("AWS Lambda".to_owned(), machine_in_words);
    let network = session
        .profile()
        .map(|profile| format!(", network {profile}"))
        .unwrap_or_default();
    let limits = session.limits.as_ref().map_or("", limits_in_words);
    format!(
        "{date}: {machine}{network}{limits}; {}.",
        build_in_words(&session.build)
    )
}

/// The same of what is no session.
pub(crate) fn conditions_in_words(conditions: &Conditions) -> String {
    format!(
        "{}: {}, network {}{}; {}.",
        conditions.started.split('T').next().unwrap_or_default(),
        machine_in_words(&conditions.machine),
        conditions.network.profile,
        limits_in_words(&conditions.limits),
        build_in_words(&conditions.build)
    )
}

fn machine_in_words(machine: &Machine) -> String {
    format!("{}, {} cores", machine.cpu.trim(), machine.logical_cores)
}

fn limits_in_words(limits: &Limits) -> &'static str {
    if limits.cpu && limits.memory {
        ""
    } else {
        ", without Lambda's CPU and memory limits"
    }
}

fn build_in_words(build: &Build) -> String {
    let commit = build.commit.as_deref().map_or_else(
        || "no commit".to_owned(),
        |commit| format!("commit {}", commit.chars().take(9).collect::<String>()),
    );
    let dirty = if build.dirty { " with changes" } else { "" };
    commit + dirty
}

/// One number if all are equal, else the smallest and the largest.
fn span(numbers: impl Iterator<Item = usize> + Clone) -> String {
    let (low, high) = (
        numbers.clone().min().unwrap_or_default(),
        numbers.max().unwrap_or_default(),
    );
    if low == high {
        low.to_string()
    } else {
        format!("{low} to {high}")
    }
}
