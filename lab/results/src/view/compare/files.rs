//! Results files: what several people, or one person at several times, measured of the same steps.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Named, Report};
use crate::conditions::Conditions;
use crate::format::{duration, short_name, times};
use crate::interval::{Comparison, Scaled, compare_apart};
use crate::schema::{Measurement, Metric, Session};
use crate::step_name::FLOOR;
use crate::view::caption;
use crate::view::section::{Column, Content, Section};
use crate::view::sentence::{in_json, in_short};

/// The files have no step in common.
#[derive(Debug, thiserror::Error)]
#[error(
    "no step was measured in two of these files under the network profile {profile}, together with the floor: name another \
     --profile, or measure the same steps"
)]
pub struct NothingInCommon {
    profile: String,
}

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
            let samples = round.samples(Metric::Warm).into_iter();
            Some(samples.map(|us| us - network).collect())
        });
        rounds.collect()
    }

    fn over_floor(&self) -> Option<f64> {
        let network = self.step.mean(|round| round.warm_network_us)?;
        let p50 = self.step.median(Metric::Warm)?;
        Some((p50 - network) / self.floor.median(Metric::Warm)?)
    }
}

/// Every step that at least two of the files hold. The first file is what the others are held against.
pub fn files(named: &[Named], profile: &str) -> Result<Report, NothingInCommon> {
    let steps: BTreeSet<&str> = named
        .iter()
        .flat_map(|named| named.file.sessions.iter())
        .filter(|session| session.profile() == Some(profile))
        .flat_map(|session| session.measurements.keys().map(String::as_str))
        .filter(|step| *step != FLOOR)
        .collect();
    let mut rows = Vec::new();
    let mut json = Vec::new();
    let mut newest: Vec<Option<&Session>> = vec![None; named.len()];
    for step in steps {
        let found = named.iter().map(|named| find(named, profile, step));
        let found: Vec<Option<Found>> = found.collect();
        if found.iter().flatten().count() < 2 {
            continue;
        }
        for (newest, found) in newest.iter_mut().zip(&found) {
            *newest = found.as_ref().map(|found| found.session).or(*newest);
        }
        let (row, value) = row(named, step, &found);
        rows.push(row);
        json.push(value);
    }
    if rows.is_empty() {
        return Err(NothingInCommon {
            profile: profile.to_owned(),
        });
    }
    let warnings = warnings(named, &newest);
    Ok(Report {
        json: json!({ "profile": profile, "warnings": warnings, "steps": json }),
        warnings,
        sections: vec![Section {
            heading: format!("The same steps in {} files", named.len()),
            about: String::new(),
            columns: columns(named),
            rows,
            notes: vec![format!(
                "Warm requests, median, network profile {profile}. Over floor: what is not modelled distance, in multiples of the \
                 empty handler in the same session. The last columns compare these multiples, since milliseconds compare \
                 machines; in brackets the 95 % interval, which cannot know how far a machine drifted between sessions."
            )],
        }],
    })
}

fn columns(named: &[Named]) -> Vec<Column> {
    let mut columns = vec![Column::new("step", Content::Name)];
    for named in named {
        columns.push(Column::new(named.label.clone(), Content::Number));
        columns.push(Column::new("over floor", Content::Number).ranked(1));
    }
    let baseline = &named[0].label;
    let against = named[1..]
        .iter()
        .map(|other| format!("{} against {baseline}", other.label));
    columns.extend(against.map(|heading| Column::new(heading, Content::Change)));
    columns
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
        let p50 = found.and_then(|found| found.step.median(Metric::Warm));
        let over = found.and_then(Found::over_floor);
        cells.push(p50.map(duration).unwrap_or_default());
        cells.push(over.map(times).unwrap_or_default());
        let sides = baseline.zip(found).filter(|_| number > 0);
        let compared = sides.and_then(|(baseline, other)| against(baseline, other));
        if number > 0 {
            compared_cells.push(compared.map(|it| in_short(&it, None)).unwrap_or_default());
        }
        values.push(json!({
            "label": named.label,
            "p50_us": p50,
            "over_floor": over,
            "against_first": compared.as_ref().map(in_json),
        }));
    }
    cells.extend(compared_cells);
    (cells, json!({ "step": step, "files": values }))
}

/// How many times less work, in floors, the other one has.
fn against(baseline: &Found, other: &Found) -> Option<Comparison> {
    let works = [baseline.work()?, other.work()?];
    let floors = [baseline, other].map(|found| found.floor.rounds_of(Metric::Warm));
    let sessions = [baseline, other].map(|found| found.floor.sessions());
    let [old, new] = [0, 1].map(|side| Scaled {
        samples: &works[side],
        yardstick: &floors[side],
        sessions: &sessions[side],
    });
    compare_apart(old, new)
}

/// A condition and how it is told.
type Told = (&'static str, fn(&Conditions) -> String);

/// What differs between the files beside the steps.
fn warnings(named: &[Named], sessions: &[Option<&Session>]) -> Vec<String> {
    let mut warnings = Vec::new();
    let Some(first) = sessions[0] else {
        return warnings;
    };
    let told: [Told; 5] = [
        ("machine", caption::machine),
        ("setting of limits", |it| caption::limits(it).to_owned()),
        ("network", network),
        ("compiler", |it| it.build.rustc.clone()),
        ("number of rounds", |it| it.method.rounds.to_string()),
    ];
    let baseline = &named[0].label;
    for (named, session) in named.iter().zip(sessions).skip(1) {
        let Some(session) = session else { continue };
        let label = &named.label;
        for (what, told) in told {
            let [old, new] = [first, *session].map(|session| told(&session.conditions));
            if old != new {
                warnings.push(format!(
                    "another {what}: {baseline} has {old}, {label} has {new}"
                ));
            }
        }
    }
    warnings
}

/// The modelled distances: a profile keeps its name when somebody edits it.
fn network(conditions: &Conditions) -> String {
    let Some(network) = &conditions.network else {
        return "the real one".to_owned();
    };
    let links = [network.database, network.cache, network.parameters];
    let links = links.map(|it| [it.round_trip_us, it.service_us, it.session_setup_us]);
    let links = links.map(|times| times.map(|us| us.to_string()).join("+"));
    format!("{} ({} µs)", network.profile, links.join(", "))
}
