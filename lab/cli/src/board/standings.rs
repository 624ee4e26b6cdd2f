//! Who is where: the ranking of `cargo lab compare -`, and beside each place what its owner tried before.

use std::collections::HashMap;

use lab_results::leaderboard::{Crate, Ranked, Result as Measured, rank};
use lab_results::step_name::short_step;
use serde::Serialize;

/// Everybody's place.
#[derive(Debug, Default, Serialize)]
pub struct Standings {
    /// Places that may be compared with each other; machines with limits first.
    pub groups: Vec<Group>,
    /// Lines that were taken.
    pub tries: usize,
}

/// One ranking.
#[derive(Debug, Serialize)]
pub struct Group {
    /// CPU and memory were limited as on Lambda.
    pub limited: bool,
    /// The network profile.
    pub profile: String,
    /// The floor at which all are told, µs.
    pub floor_us: f64,
    /// The best first.
    pub ranked: Vec<Place>,
    /// The reference's steps at the same floor, the fastest first.
    pub steps: Vec<Step>,
}

/// A crate in its place: its owner's last try counts, as in `compare -`.
#[derive(Debug, Serialize)]
pub struct Place {
    /// From 1.
    pub place: usize,
    /// Whose it is.
    pub label: String,
    /// The crate.
    #[serde(rename = "crate")]
    pub name: String,
    /// Memory size, MB.
    pub memory_mb: u32,
    /// What it would take at the group's floor, µs.
    pub score_us: f64,
    /// Work without distance, in multiples of its machine's floor.
    pub work: f64,
    /// Modelled distance, µs.
    pub network_us: f64,
    /// As measured, µs.
    pub p50_us: f64,
    /// The floor of its machine, µs.
    pub floor_us: f64,
    /// Rounds of the last try.
    pub rounds: u32,
    /// How often it was tried.
    pub tries: usize,
    /// The best score of all tries, at the same floor, µs.
    pub best_us: f64,
    /// The score of the first try, at the same floor, µs.
    pub first_us: f64,
    /// The fastest step of the reference that is not faster; absent where all are, or no reference is comparable.
    pub as_fast_as: Option<String>,
}

/// A step of the reference, at a group's floor.
#[derive(Debug, Serialize)]
pub struct Step {
    /// Its number.
    pub number: String,
    /// What it would take, µs.
    pub score_us: f64,
}

/// A person's crate under the same conditions.
type Key<'a> = (&'a str, &'a str, bool, &'a str);

fn key<'a>(result: &'a Measured, measured: &'a Crate) -> Key<'a> {
    (
        &result.label,
        &result.profile,
        result.limited,
        &measured.name,
    )
}

impl Standings {
    /// Ranks the results that count; `tries` are all of them, oldest first, and `reference` has the ladder of some profiles.
    pub fn of(counting: &[Measured], tries: &[Measured], reference: &[Measured]) -> Self {
        let mut history: HashMap<Key, Vec<(&Measured, &Crate)>> = HashMap::new();
        for result in tries {
            for measured in &result.crates {
                if measured.keeps_contract == Some(true) {
                    let of = history.entry(key(result, measured)).or_default();
                    of.push((result, measured));
                }
            }
        }
        let (groups, _) = rank(counting);
        let groups = groups.into_iter().map(|group| {
            let floor_us = group.floor_us;
            let steps = steps(reference, group.profile, group.limited, floor_us);
            let ranked = group.ranked.iter().enumerate().map(|(index, ranked)| {
                let before = history.get(&key(ranked.result, ranked.measured));
                place(
                    index + 1,
                    ranked,
                    before.map_or(&[][..], Vec::as_slice),
                    floor_us,
                    &steps,
                )
            });
            Group {
                limited: group.limited,
                profile: group.profile.to_owned(),
                floor_us,
                ranked: ranked.collect(),
                steps,
            }
        });
        Self {
            groups: groups.collect(),
            tries: tries.len(),
        }
    }
}

fn steps(reference: &[Measured], profile: &str, limited: bool, floor_us: f64) -> Vec<Step> {
    let comparable = reference
        .iter()
        .filter(|it| it.profile == profile && it.limited == limited);
    let steps = comparable.flat_map(|result| {
        let crates = result.crates.iter();
        crates.map(move |measured| Step {
            number: short_step(&measured.name).to_owned(),
            score_us: Ranked::at(result, measured, floor_us).score_us,
        })
    });
    let mut steps: Vec<Step> = steps.collect();
    steps.sort_by(|a, b| a.score_us.total_cmp(&b.score_us));
    steps
}

fn place(
    place: usize,
    ranked: &Ranked,
    tries: &[(&Measured, &Crate)],
    floor_us: f64,
    steps: &[Step],
) -> Place {
    let scores = tries.iter();
    let scores = scores.map(|(result, measured)| Ranked::at(result, measured, floor_us).score_us);
    let scores: Vec<f64> = scores.collect();
    let not_faster = steps.iter().find(|step| step.score_us >= ranked.score_us);
    Place {
        place,
        label: ranked.result.label.clone(),
        name: ranked.measured.name.clone(),
        memory_mb: ranked.measured.memory_mb,
        score_us: ranked.score_us,
        work: ranked.work,
        network_us: ranked.measured.network_us,
        p50_us: ranked.measured.p50_us,
        floor_us: ranked.result.floor_us,
        rounds: ranked.result.rounds,
        tries: tries.len().max(1),
        best_us: scores.iter().copied().fold(ranked.score_us, f64::min),
        first_us: scores.first().copied().unwrap_or(ranked.score_us),
        as_fast_as: not_faster.map(|step| step.number.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(label: &str, p50_us: f64, floor_us: f64) -> Measured {
        Measured {
            label: label.to_owned(),
            profile: "region".to_owned(),
            limited: true,
            rounds: 12,
            floor_us,
            crates: vec![Crate {
                name: "mine".to_owned(),
                memory_mb: 256,
                p50_us,
                network_us: 500.0,
                keeps_contract: Some(true),
            }],
        }
    }

    #[test]
    fn the_last_try_counts_and_the_best_and_the_first_are_told_at_the_same_floor() {
        let tries = [
            result("ada", 2500.0, 400.0),
            result("bob", 1300.0, 400.0),
            result("ada", 900.0, 400.0),
            result("ada", 1500.0, 800.0),
        ];
        let counting = [tries[1].clone(), tries[3].clone()];
        let mut reference = result("reference", 1100.0, 400.0);
        "05-elasticache".clone_into(&mut reference.crates[0].name);
        let standings = Standings::of(&counting, &tries, &[reference]);
        let [group] = &standings.groups[..] else {
            panic!("{standings:?}")
        };
        assert_eq!((group.floor_us, standings.tries), (600.0, 4));
        let [ada, bob] = &group.ranked[..] else {
            panic!("{group:?}")
        };
        assert_eq!((ada.label.as_str(), ada.place, ada.tries), ("ada", 1, 3));
        assert_eq!(
            (ada.score_us, ada.best_us, ada.first_us),
            (1250.0, 1100.0, 3500.0)
        );
        assert_eq!(ada.as_fast_as.as_deref(), Some("05"));
        assert_eq!(
            (bob.score_us, bob.as_fast_as.as_deref(), bob.tries),
            (1700.0, None, 1)
        );
    }
}
