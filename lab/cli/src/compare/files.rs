//! Results files: what several people, or one person at several times, measured of the same steps.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use lab_results::format::{duration, short_name, times};
use lab_results::interval::{Comparison, Scaled, compare_apart};
use lab_results::schema::{Measurement, Metric, Session};
use lab_results::step_name::FLOOR;
use serde_json::{Value, json};

use super::Named;
use super::report::{Report, Section, in_json, in_words};

/// A step in one file, with the floor of the same session.
struct Found<'a> {
    session: &'a Session,
    step: &'a Measurement,
    floor: &'a Measurement,
}

impl Found<'_> {
    /// Warm requests without the modelled distance, round by round: what a machine does itself.
    fn work(&self) -> Option<Vec<Vec<f64>>> {
        let rounds = self.step.rounds.iter().map(|round| {
            let network = round.warm_network_us?;
            let work = round
                .samples(Metric::Warm)
                .iter()
                .map(|us| us - network)
                .collect();
            Some(work)
        });
        rounds.collect()
    }

    fn over_floor(&self) -> Option<f64> {
        let network = self.step.mean(|round| round.warm_network_us)?;
        let p50 = self.step.p50(Metric::Warm)?.value;
        Some((p50 - network) / self.floor.p50(Metric::Warm)?.value)
    }
}

/// Every step that at least two of the files hold. The first file is what the others are held against.
pub fn files(named: &[Named], profile: &str) -> Result<Report> {
    let steps: BTreeSet<&str> = named
        .iter()
        .flat_map(|named| named.file.sessions.iter())
        .filter(|session| session.profile() == Some(profile))
        .flat_map(|session| session.measurements.keys().map(String::as_str))
        .filter(|step| *step != FLOOR)
        .collect();
    let mut rows = Vec::new();
    let mut json = Vec::new();
    let mut sessions: Vec<Vec<&Session>> = named.iter().map(|_| Vec::new()).collect();
    for step in steps {
        let found: Vec<Option<Found>> = named
            .iter()
            .map(|named| find(named, profile, step))
            .collect();
        if found.iter().flatten().count() < 2 {
            continue;
        }
        for (seen, found) in sessions.iter_mut().zip(&found) {
            seen.extend(found.iter().map(|found| found.session));
        }
        let (row, value) = row(named, step, &found);
        rows.push(row);
        json.push(value);
    }
    ensure!(
        !rows.is_empty(),
        "no step was measured in two of these files under the network profile {profile}, together with the floor: name \
         another --profile, or measure the same steps"
    );
    let newest: Vec<Option<&Session>> = sessions.iter().map(|seen| seen.last().copied()).collect();
    let warnings = warnings(named, &newest);
    let mut headings = vec!["step".to_owned()];
    for named in named {
        headings.extend([named.label.clone(), "over floor".to_owned()]);
    }
    let baseline = &named[0].label;
    headings.extend(
        named[1..]
            .iter()
            .map(|other| format!("{} against {baseline}", other.label)),
    );
    Ok(Report {
        json: json!({ "profile": profile, "warnings": warnings, "steps": json }),
        warnings,
        sections: vec![Section {
            title: format!("The same steps in {} files", named.len()),
            note: format!(
                "Warm requests, median, network profile {profile}. Over floor: what is not modelled distance, in multiples of the \
                 empty handler in the same session. The last columns compare these multiples, since milliseconds compare \
                 machines; in brackets the 95 % interval, which cannot know how much a machine's mood changed between sessions."
            ),
            right: (1..=2 * named.len()).collect(),
            headings,
            rows,
        }],
    })
}

fn find<'a>(named: &'a Named, profile: &str, step: &str) -> Option<Found<'a>> {
    let session = named.file.newest_with(Some(profile), &[step, FLOOR])?;
    Some(Found {
        session,
        step: &session.measurements[step],
        floor: &session.measurements[FLOOR],
    })
}

fn row(named: &[Named], step: &str, found: &[Option<Found>]) -> (Vec<String>, Value) {
    let mut cells = vec![short_name(step)];
    let mut compared_cells = Vec::new();
    let mut values = Vec::new();
    let baseline = found[0].as_ref();
    for (number, (named, found)) in named.iter().zip(found).enumerate() {
        let found = found.as_ref();
        let p50 = found.and_then(|found| found.step.p50(Metric::Warm));
        let over = found.and_then(Found::over_floor);
        cells.push(p50.map(|p50| duration(p50.value)).unwrap_or_default());
        cells.push(over.map(times).unwrap_or_default());
        let compared = baseline
            .zip(found)
            .filter(|_| number > 0)
            .and_then(|(baseline, other)| against(baseline, other));
        if number > 0 {
            compared_cells.push(compared.as_ref().map(in_words).unwrap_or_default());
        }
        values.push(json!({
            "label": named.label,
            "p50_us": p50.map(|p50| p50.value),
            "over_floor": over,
            "against_first": compared.as_ref().map(in_json),
        }));
    }
    cells.extend(compared_cells);
    (cells, json!({ "step": step, "files": values }))
}

/// How many times less work, in floors, the other one has.
fn against(baseline: &Found, other: &Found) -> Option<Comparison> {
    let (old, new) = (baseline.work()?, other.work()?);
    let floors = [baseline, other].map(|found| found.floor.rounds_of(Metric::Warm));
    compare_apart(
        Scaled {
            samples: &old,
            yardstick: &floors[0],
        },
        Scaled {
            samples: &new,
            yardstick: &floors[1],
        },
    )
}

/// What differs between the files beside the steps.
fn warnings(named: &[Named], sessions: &[Option<&Session>]) -> Vec<String> {
    let mut warnings = Vec::new();
    let Some(first) = sessions[0] else {
        return warnings;
    };
    let baseline = &named[0].label;
    for (named, session) in named.iter().zip(sessions).skip(1) {
        let Some(session) = session else { continue };
        let label = &named.label;
        let mut differ = |what: &str, old: String, new: String| {
            if old != new {
                warnings.push(format!(
                    "another {what}: {baseline} has {old}, {label} has {new}"
                ));
            }
        };
        differ("machine", machine(first), machine(session));
        differ("setting of limits", limits(first), limits(session));
        differ("network", network(first), network(session));
        differ(
            "compiler",
            first.build.rustc.clone(),
            session.build.rustc.clone(),
        );
        differ(
            "number of rounds",
            first.method.rounds.to_string(),
            session.method.rounds.to_string(),
        );
    }
    warnings
}

fn machine(session: &Session) -> String {
    session.machine.as_ref().map_or_else(
        || "AWS Lambda".to_owned(),
        |machine| format!("{} with {} cores", machine.cpu, machine.logical_cores),
    )
}

fn limits(session: &Session) -> String {
    match &session.limits {
        Some(limits) if limits.cpu && limits.memory => "limits as on Lambda".to_owned(),
        Some(_) => "no limits".to_owned(),
        None => "Lambda's own limits".to_owned(),
    }
}

/// The modelled distances: a profile keeps its name when somebody edits it.
fn network(session: &Session) -> String {
    let Some(network) = &session.network else {
        return "the real one".to_owned();
    };
    let links = [network.database, network.cache, network.parameters];
    let links = links.map(|link| {
        format!(
            "{}+{}+{}",
            link.round_trip_us, link.service_us, link.session_setup_us
        )
    });
    format!("{} ({} µs)", network.profile, links.join(", "))
}
