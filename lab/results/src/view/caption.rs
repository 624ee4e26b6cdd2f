//! Machine, build, network and limits in words; what stands under a chart, and the chart in words.

use crate::conditions::Conditions;
use crate::format::short_name;
use crate::schema::{Limits, Machine, Network, Session};

/// Adds a sentence unless it is there already: what one call of a command measured has the same conditions.
pub(crate) fn say_once(sentences: &mut Vec<String>, sentence: String) {
    if !sentences.contains(&sentence) {
        sentences.push(sentence);
    }
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
