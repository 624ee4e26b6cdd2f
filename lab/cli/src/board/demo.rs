//! Twelve invented people, for a facilitator who wants to see the board the evening before. What they send is made from the
//! reference's steps: no number here is measured.

use lab_results::leaderboard::{Crate, Line, Result as Measured};
use lab_results::step_name::short_step;

/// A person: name, how many times slower than the reference's machine theirs is, the steps that their tries are as fast as,
/// and how their code differs from those.
type Person = (&'static str, f64, &'static [&'static str], f64);

const PEOPLE: [Person; 12] = [
    ("ada", 1.0, &["04", "05", "09"], 1.1),
    ("grace", 1.6, &["04", "05"], 0.95),
    ("linus", 0.8, &["02", "04"], 1.05),
    ("edsger", 1.2, &["05", "10", "11"], 1.3),
    ("barbara", 1.4, &["04", "09", "12"], 1.2),
    ("dennis", 2.2, &["04"], 1.1),
    ("radia", 0.9, &["05", "08"], 1.1),
    ("ken", 1.1, &["03", "04"], 1.0),
    ("margaret", 1.3, &["04", "10"], 0.9),
    ("donald", 1.7, &["02"], 0.9),
    ("hedy", 1.0, &["04", "05", "07"], 1.05),
    ("tony", 1.5, &["01", "02"], 1.1),
];

/// What they send, in its order: everybody's first try, then the second ones, and so on.
pub fn lines(reference: &Measured) -> Vec<String> {
    let most = PEOPLE.iter().map(|(_, _, tries, _)| tries.len()).max();
    let turns = 0..most.unwrap_or_default();
    let sent = turns.flat_map(|turn| {
        PEOPLE
            .iter()
            .filter_map(move |person| line(reference, person, turn))
    });
    sent.collect()
}

fn line(reference: &Measured, person: &Person, turn: usize) -> Option<String> {
    let (label, slower, tries, differs) = *person;
    let step = tries.get(turn)?;
    let mut crates = reference.crates.iter();
    let like = crates.find(|it| short_step(&it.name) == *step)?;
    let work = (like.p50_us - like.network_us) * slower * differs;
    let result = Measured {
        label: label.to_owned(),
        floor_us: reference.floor_us * slower,
        crates: vec![Crate {
            name: "mine".to_owned(),
            p50_us: like.network_us + work,
            keeps_contract: Some(true),
            ..like.clone()
        }],
        ..reference.clone()
    };
    Some(Line(result).to_string())
}
