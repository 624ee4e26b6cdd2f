//! The leaderboard of people, each with a crate and a laptop: everybody's result as one line to paste, and the ranking of all.
//!
//! Milliseconds rank laptops. A warm request is distance, the same on every machine because the lab models it, and
//! work, which a slow machine stretches as it stretches the floor (the empty handler, measured in the same rounds). So the
//! work is told in multiples of the machine's own floor, and both are put together again at one floor for all: the
//! median of the machines'. Dividing the whole request by the floor would count the distance as slow code on a fast laptop.

mod line;

use std::collections::BTreeMap;

use crate::format::short_name;
use crate::schema::{Measurement, Metric, Session};
use crate::stats::percentile;
use crate::step_name::{FLOOR, is_floor, ladder_number};

pub use line::{Error, LONGEST, Line, in_a_line};

/// One person's result: the crates of one session, and the floor that was measured beside them.
#[derive(Debug, Clone, PartialEq)]
pub struct Result {
    /// The person's name.
    pub label: String,
    /// The network profile.
    pub profile: String,
    /// CPU and memory were limited as on Lambda.
    pub limited: bool,
    /// Rounds of the session.
    pub rounds: u32,
    /// Median of the floor, µs.
    pub floor_us: f64,
    /// What was measured beside it.
    pub crates: Vec<Crate>,
}

/// A measured crate.
#[derive(Debug, Clone, PartialEq)]
pub struct Crate {
    /// Its folder, or the end of a file's path.
    pub name: String,
    /// Memory size, MB.
    pub memory_mb: u32,
    /// Median of the warm requests, µs.
    pub p50_us: f64,
    /// What of it is modelled distance and the backing services' own time, µs.
    pub network_us: f64,
    /// Whether it answered with the stadiums; absent where nobody asked.
    pub keeps_contract: Option<bool>,
}

impl Result {
    /// Every step of the ladder that a session in the lab measured beside the floor: what people may compare theirs with.
    pub fn of_ladder(session: &Session, label: &str) -> Option<Self> {
        let steps = session
            .measurements
            .iter()
            .filter(|(name, _)| ladder_number(name).is_some());
        let crates = steps.map(|(name, it)| crate_of(name, it));
        Some(Self {
            crates: crates.collect::<Option<_>>()?,
            ..Self::of(session, label)?
        })
    }

    /// The result of a session in the lab: the person's own crates, else the fastest step. None where the floor is missing, or
    /// on AWS, where the distance is not known.
    pub fn of(session: &Session, label: &str) -> Option<Self> {
        let floor_us = session.measurements.get(FLOOR)?.median(Metric::Warm)?;
        let others = session
            .measurements
            .iter()
            .filter(|(name, _)| !is_floor(name));
        let measured = others.map(|(name, it)| Some((is_own(name), crate_of(name, it)?)));
        let measured: Vec<(bool, Crate)> = measured.collect::<Option<_>>()?;
        let (own, steps): (Vec<_>, Vec<_>) = measured.into_iter().partition(|(own, _)| *own);
        let mut crates: Vec<Crate> = own.into_iter().map(|(_, own)| own).collect();
        if crates.is_empty() {
            let steps = steps.into_iter().map(|(_, step)| step);
            crates.extend(steps.min_by(|a, b| a.p50_us.total_cmp(&b.p50_us)));
        }
        let limits = session.conditions.limits.as_ref()?;
        Some(Self {
            label: label.to_owned(),
            profile: session.profile()?.to_owned(),
            limited: limits.as_on_lambda(),
            rounds: session.conditions.method.rounds,
            floor_us,
            crates,
        })
    }
}

fn crate_of(name: &str, measurement: &Measurement) -> Option<Crate> {
    let network = measurement.mean(|round| round.warm_network_us);
    Some(Crate {
        name: short_name(name),
        memory_mb: measurement.memory_mb,
        p50_us: measurement.median(Metric::Warm)?,
        network_us: network?,
        keeps_contract: measurement.keeps_contract,
    })
}

/// Whether a name is none of the workshop's own: these are numbered, or stand aside from the ladder.
fn is_own(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit()) && !name.starts_with("aside-")
}

/// Results that may be ranked against each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Group<'a> {
    /// CPU and memory were limited as on Lambda.
    pub limited: bool,
    /// The network profile.
    pub profile: &'a str,
    /// The median of the machines' floors, µs: the floor at which all are told.
    pub floor_us: f64,
    /// The best first.
    pub ranked: Vec<Ranked<'a>>,
}

/// A crate in its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked<'a> {
    /// Whose it is, and the floor of the machine that measured it.
    pub result: &'a Result,
    /// The crate.
    pub measured: &'a Crate,
    /// What is not distance, in multiples of that floor.
    pub work: f64,
    /// What it would take where the floor is the median of all, µs.
    pub score_us: f64,
}

/// Whoever runs again sends again: the later result of a person under the same conditions counts, and replaces the older.
pub fn add(results: &mut Vec<Result>, newer: Result) {
    results.retain(|older| {
        (&older.label, &older.profile, older.limited)
            != (&newer.label, &newer.profile, newer.limited)
    });
    results.push(newer);
}

/// Ranks all crates that keep the contract, those with limits apart from those without, each profile for itself. Also answers
/// the ones that may not be ranked.
pub fn rank(results: &[Result]) -> (Vec<Group<'_>>, Vec<(&Result, &Crate)>) {
    let mut groups: Vec<Group> = Vec::new();
    let mut unranked = Vec::new();
    let mut conditions: BTreeMap<_, Vec<&Result>> = BTreeMap::new();
    for result in results {
        let key = (!result.limited, result.profile.as_str());
        conditions.entry(key).or_default().push(result);
    }
    for ((unlimited, profile), members) in conditions {
        let mut floors: Vec<f64> = members.iter().map(|result| result.floor_us).collect();
        floors.sort_by(f64::total_cmp);
        let floor_us = percentile(&floors, 0.5).unwrap_or_default();
        let mut ranked = Vec::new();
        for result in members {
            for measured in &result.crates {
                if measured.keeps_contract == Some(true) {
                    ranked.push(Ranked::at(result, measured, floor_us));
                } else {
                    unranked.push((result, measured));
                }
            }
        }
        ranked.sort_by(|a, b| a.score_us.total_cmp(&b.score_us));
        if !ranked.is_empty() {
            groups.push(Group {
                limited: !unlimited,
                profile,
                floor_us,
                ranked,
            });
        }
    }
    (groups, unranked)
}

impl<'a> Ranked<'a> {
    /// What a crate would take where the floor takes `floor_us`.
    pub fn at(result: &'a Result, measured: &'a Crate, floor_us: f64) -> Self {
        let work = (measured.p50_us - measured.network_us) / result.floor_us;
        Self {
            result,
            measured,
            work,
            score_us: measured.network_us + work * floor_us,
        }
    }
}
