//! Machine, build, network and limits in words; what stands under a chart, and the chart in words.

use crate::conditions::Conditions;
use crate::format::{pause, short_name};
use crate::schema::{Method, Network, Session};

/// Adds a sentence unless it is there already: what one call of a command measured has the same conditions.
pub(crate) fn say_once(sentences: &mut Vec<String>, sentence: String) {
    if !sentences.contains(&sentence) {
        sentences.push(sentence);
    }
}

/// Day, machine, network, limits and commit.
pub(crate) fn where_and_when(conditions: &Conditions) -> String {
    let build = &conditions.build;
    let day = conditions.started.split('T').next().unwrap_or_default();
    let network = conditions.profile().map(|it| format!(", network {it}"));
    let network = network.unwrap_or_default();
    let limits = match &conditions.limits {
        Some(limits) if !limits.as_on_lambda() => ", without Lambda's CPU and memory limits",
        _ => "",
    };
    let commit = build.commit.as_ref().map(|it| format!("commit {it:.9}"));
    let commit = commit.unwrap_or("no commit".to_owned());
    let changes = if build.dirty { " with changes" } else { "" };
    let machine = machine(conditions);
    format!("{day}: {machine}{network}{limits}; {commit}{changes}.")
}

/// Machine, limits, commit, compiler, extent and time, for running text.
pub fn in_full(conditions: &Conditions) -> String {
    let build = &conditions.build;
    let machine = conditions.machine.as_ref().map(|machine| {
        let (cpu, cores, kernel) = (&machine.cpu, machine.logical_cores, &machine.kernel);
        format!("{cpu} with {cores} logical cores, Linux {kernel}")
    });
    let machine = machine.unwrap_or_else(|| self::machine(conditions));
    let limits = conditions.limits.as_ref().map_or("none", |it| &it.how);
    let commit = build.commit.as_deref().unwrap_or("unknown");
    let (rustc, rounds, started) = (&build.rustc, conditions.method.rounds, &conditions.started);
    format!(
        "{machine}, limits by {limits}; commit {commit:.10}, {rustc}; {rounds} rounds, {started}"
    )
}

/// The machine in a few words.
pub(crate) fn machine(conditions: &Conditions) -> String {
    conditions.machine.as_ref().map_or_else(
        || "AWS Lambda".to_owned(),
        |machine| format!("{}, {} cores", machine.cpu.trim(), machine.logical_cores),
    )
}

/// Whether CPU and memory were limited, in a few words.
pub(crate) fn limits(conditions: &Conditions) -> &'static str {
    match &conditions.limits {
        Some(limits) if limits.as_on_lambda() => "limits as on Lambda",
        Some(_) => "no limits",
        None => "Lambda's own limits",
    }
}

/// Everything that is known about how a session was measured: a name and a value each.
pub(crate) fn conditions(session: &Session) -> Vec<(&'static str, String)> {
    let conditions = &session.conditions;
    let (build, method) = (&conditions.build, &conditions.method);
    let machine = conditions.machine.as_ref();
    let hardware =
        machine.map(|it| format!("{}, {} MiB", self::machine(conditions), it.memory_mib));
    let system = machine.map(|it| format!("{}, Linux {}", it.os, it.kernel));
    let limits = conditions.limits.as_ref();
    let limits = limits.map(|it| format!("{}, by {}", self::limits(conditions), it.how));
    let others = build.profiles.iter();
    let others: String = others
        .map(|(name, settings)| format!("; {name} ({settings})"))
        .collect();
    let source = format!(
        "commit {}{}; {}; profile {} ({}){others}",
        build.commit.as_deref().unwrap_or("none"),
        if build.dirty { ", with changes" } else { "" },
        build.rustc,
        build.profile,
        build.settings
    );
    let how = format!(
        "{} rounds, each with a fresh environment of every step, in a random order; warm requests {} apart; {}",
        method.rounds,
        pause(method.paced_gap_ms),
        intervals(method)
    );
    let steps = session.measurements.keys().map(|name| short_name(name));
    let rows = [
        ("Machine", hardware),
        ("System", system),
        ("CPU and memory", limits),
        ("CPUs", method.pinning.clone()),
        ("Network", conditions.network.as_ref().map(network)),
        ("Source", Some(source)),
        ("Method", Some(how)),
        ("When", Some(conditions.started.clone())),
        ("Steps", Some(steps.collect::<Vec<_>>().join(", "))),
    ];
    let known = rows.into_iter();
    known
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

/// What the intervals resample, and so what they hold for.
pub(crate) fn intervals(method: &Method) -> String {
    match method.sessions {
        None | Some(1) => {
            "intervals of 95 % resample rounds and hold within this session".to_owned()
        }
        Some(several) => format!(
            "intervals of 95 % resample {several} sessions, each with every service started anew, then rounds"
        ),
    }
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
