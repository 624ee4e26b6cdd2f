//! Machine, build, network and limits in words; what stands under a chart, and the chart in words.

use std::fmt::Write;

use crate::chart::ladder::Row;
use crate::conditions::Conditions;
use crate::format::{duration, short_name};
use crate::interval::Interval;
use crate::schema::{Limits, Machine, Metric, Network, Session};

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
            session.conditions.method.paced_gap_ms
        ),
        where_and_when(&session.conditions),
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

/// Day, machine, network, limits and commit.
pub(crate) fn where_and_when(conditions: &Conditions) -> String {
    let build = &conditions.build;
    let network = conditions
        .profile()
        .map(|profile| format!(", network {profile}"));
    let limits = match &conditions.limits {
        Some(limits) if !as_on_lambda(limits) => ", without Lambda's CPU and memory limits",
        _ => "",
    };
    let commit = build.commit.as_deref().map_or_else(
        || "no commit".to_owned(),
        |commit| format!("commit {}", commit.chars().take(9).collect::<String>()),
    );
    format!(
        "{}: {}{}{limits}; {commit}{}.",
        conditions.started.split('T').next().unwrap_or_default(),
        machine(conditions.machine.as_ref()),
        network.unwrap_or_default(),
        if build.dirty { " with changes" } else { "" }
    )
}

/// Machine, limits, commit, compiler, extent and time, for running text.
pub fn in_full(conditions: &Conditions) -> String {
    let build = &conditions.build;
    let machine = conditions.machine.as_ref().map(|machine| {
        format!(
            "{} with {} logical cores, Linux {}",
            machine.cpu, machine.logical_cores, machine.kernel
        )
    });
    let limits = conditions.limits.as_ref();
    let commit = build.commit.as_deref().unwrap_or("unknown").chars();
    format!(
        "{}, limits by {}; commit {}, {}; {} rounds, {}",
        machine.unwrap_or_else(|| self::machine(None)),
        limits.map_or("none", |limits| &limits.how),
        commit.take(10).collect::<String>(),
        build.rustc,
        conditions.method.rounds,
        conditions.started,
    )
}

/// The machine in a few words.
pub fn machine(machine: Option<&Machine>) -> String {
    machine.map_or_else(
        || "AWS Lambda".to_owned(),
        |machine| format!("{}, {} cores", machine.cpu.trim(), machine.logical_cores),
    )
}

/// Whether CPU and memory were limited, in a few words.
pub fn limits(limits: Option<&Limits>) -> String {
    match limits {
        Some(limits) if as_on_lambda(limits) => "limits as on Lambda".to_owned(),
        Some(_) => "no limits".to_owned(),
        None => "Lambda's own limits".to_owned(),
    }
}

/// Whether both were limited.
pub fn as_on_lambda(limits: &Limits) -> bool {
    limits.cpu && limits.memory
}

/// Everything that is known about how a session was measured: a name and a value each.
pub fn conditions(session: &Session) -> Vec<(&'static str, String)> {
    let machine = session.conditions.machine.as_ref();
    let limits = session.conditions.limits.as_ref();
    let build = &session.conditions.build;
    let commit = build.commit.as_deref().unwrap_or("none");
    let dirty = if build.dirty { ", with changes" } else { "" };
    let steps = session.measurements.keys().map(|name| short_name(name));
    let rows = [
        (
            "Machine",
            machine.map(|it| format!("{}, {} MiB", self::machine(Some(it)), it.memory_mib)),
        ),
        (
            "System",
            machine.map(|it| format!("{}, Linux {}", it.os, it.kernel)),
        ),
        (
            "CPU and memory",
            limits.map(|it| format!("{}, by {}", self::limits(Some(it)), it.how)),
        ),
        ("CPUs", session.conditions.method.pinning.clone()),
        ("Network", session.conditions.network.as_ref().map(network)),
        (
            "Source",
            Some(format!(
                "commit {commit}{dirty}; {}; profile {} ({})",
                build.rustc, build.profile, build.settings
            )),
        ),
        (
            "Method",
            Some(format!(
                "{} rounds, each with a fresh environment of every step, in turns; warm requests {} ms apart; intervals of 95 % \
                 resample rounds",
                session.conditions.method.rounds, session.conditions.method.paced_gap_ms
            )),
        ),
        ("When", Some(session.conditions.started.clone())),
        ("Steps", Some(steps.collect::<Vec<_>>().join(", "))),
    ];
    let known = rows.into_iter();
    known
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

fn network(network: &Network) -> String {
    let links = [
        ("database", network.database),
        ("cache", network.cache),
        ("Parameter Store", network.parameters),
    ];
    let links = links.map(|(name, link)| {
        format!(
            "{name} {} µs round trip, {} µs a request, {} µs a session",
            link.round_trip_us, link.service_us, link.session_setup_us
        )
    });
    format!("{}: {}", network.profile, links.join("; "))
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
