//! The leaderboard of people's results: pasted lines and results files alike.

use serde_json::{Value, json};

use super::{Named, Report, USUAL_PROFILE};
use crate::format::{duration, short_name, times};
use crate::interval::MINIMUM_ROUNDS;
use crate::leaderboard::{Crate, Error, Group, Line, Result, add, rank};
use crate::step_name::FLOOR;
use crate::view::section::{Column, Content, Section};

/// What people gave.
#[derive(Debug, Default)]
pub struct Pasted {
    results: Vec<Result>,
    problems: Vec<String>,
    /// Lines of text that hold no result, such as what a chat window says.
    skipped: usize,
}

impl Pasted {
    /// Takes all lines of a text; `source` is what messages call it.
    pub fn lines(&mut self, text: &str, source: &str) {
        for (number, line) in text.lines().enumerate() {
            match Line::parse(line) {
                Ok(Line(result)) => add(&mut self.results, result),
                Err(Error::NoResult) => self.skipped += usize::from(!line.trim().is_empty()),
                Err(error) => self
                    .problems
                    .push(format!("{source}, line {}: {error}", number + 1)),
            }
        }
    }

    /// Takes the newest session of a results file that measured the floor in the lab, of the usual network profile if there is
    /// one.
    pub fn file(&mut self, named: &Named) {
        let sessions = named.file.sessions.iter().rev();
        let with_floor = sessions.filter(|session| session.measurements.contains_key(FLOOR));
        let (usual, others): (Vec<_>, Vec<_>) =
            with_floor.partition(|session| session.profile() == Some(USUAL_PROFILE));
        let mut newest_first = usual.into_iter().chain(others);
        match newest_first.find_map(|session| Result::of(session, &named.label)) {
            Some(result) => add(&mut self.results, result),
            None => self.problems.push(format!(
                "{}: no session in it measured a crate beside the floor in the lab",
                named.path.display()
            )),
        }
    }
}

/// Ranks what people gave.
pub fn leaderboard(pasted: &Pasted) -> Report {
    let (groups, unranked) = rank(&pasted.results);
    let mut warnings = pasted.problems.clone();
    for (Result { label, .. }, measured) in unranked {
        let (name, why) = (short_name(&measured.name), why(measured));
        warnings.push(format!("{name} of {label} is not ranked: {why}"));
    }
    for result in &pasted.results {
        let (label, rounds) = (&result.label, result.rounds);
        if result.crates.is_empty() {
            warnings.push(format!("{label} measured nothing beside the floor"));
        }
        if (rounds as usize) < MINIMUM_ROUNDS {
            warnings.push(format!(
                "{label}'s {rounds} round(s) are a first impression only"
            ));
        }
    }
    if pasted.skipped > 0 {
        let skipped = pasted.skipped;
        warnings.push(format!("{skipped} line(s) without a result were skipped"));
    }
    Report {
        json: json!({ "warnings": warnings, "groups": groups.iter().map(group_json).collect::<Vec<_>>() }),
        sections: groups.iter().map(section).collect(),
        warnings,
    }
}

fn why(measured: &Crate) -> &'static str {
    match measured.keeps_contract {
        Some(_) => "it breaks the contract, its answer is not the list of stadiums",
        None => "nobody asked whether it keeps the contract; run it again with this lab",
    }
}

fn section(group: &Group) -> Section {
    let rows = group.ranked.iter().enumerate().map(|(place, ranked)| {
        vec![
            (place + 1).to_string(),
            ranked.result.label.clone(),
            short_name(&ranked.measured.name),
            ranked.measured.memory_mb.to_string(),
            duration(ranked.score_us),
            times(ranked.work),
            duration(ranked.measured.network_us),
            duration(ranked.measured.p50_us),
            duration(ranked.result.floor_us),
        ]
    });
    let limits = if group.limited {
        "limited as on Lambda"
    } else {
        "NOT limited, not comparable with the others"
    };
    let number = |heading: &str, rank| Column::new(heading, Content::Number).ranked(rank);
    Section {
        heading: format!("Network profile {}, CPU and memory {limits}", group.profile),
        about: String::new(),
        columns: vec![
            number("", 0),
            Column::new("who", Content::Message),
            Column::new("crate", Content::Message),
            number("MB", 2),
            number("score", 0),
            number("work", 0),
            number("distance", 1),
            number("measured", 0),
            number("own floor", 3),
        ],
        rows: rows.collect(),
        notes: vec![format!(
            "Work: the request without its modelled distance, in multiples of the empty handler on the same machine in the same \
             session. Score: distance and work together where the empty handler takes the median of all, {}.",
            duration(group.floor_us)
        )],
    }
}

fn group_json(group: &Group) -> Value {
    let ranked = group.ranked.iter().map(|ranked| {
        json!({
            "label": ranked.result.label,
            "crate": ranked.measured.name,
            "memory_mb": ranked.measured.memory_mb,
            "score_us": ranked.score_us,
            "work": ranked.work,
            "network_us": ranked.measured.network_us,
            "p50_us": ranked.measured.p50_us,
            "floor_us": ranked.result.floor_us,
        })
    });
    let ranked: Vec<Value> = ranked.collect();
    json!({ "limited": group.limited, "profile": group.profile, "floor_us": group.floor_us, "ranked": ranked })
}
