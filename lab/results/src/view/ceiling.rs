//! The ceiling of each step: where its limits are, which is first, and what lifts it.

use super::section::{Column, Content, Section};
use super::steps::called;
use crate::ceiling::{Ceiling, Ceilings, Limit, LimitKind, after_the_first};
use crate::format::{duration, per_second, rate};

/// For a terminal: every limit of every step, and what is first in words.
pub fn sections(ceilings: &Ceilings) -> Vec<Section> {
    let [usual, new] = ceilings.concurrency;
    let mut firsts = Section {
        heading: "What is first, and what lifts it".to_owned(),
        about: format!("in an account of {usual} environments"),
        ..Section::default()
    };
    for first in of_first(ceilings, |one, other| one.because == other.because) {
        let steps: Vec<String> = first.steps.iter().map(|step| called(step)).collect();
        firsts.notes.extend([
            format!(" {}: {}: {}", steps.join(", "), first.usual, first.because),
            format!("     lifted by {}", first.lift),
            format!(
                "     then {}{}",
                first.then,
                if first.still { " still" } else { "" }
            ),
        ]);
    }
    firsts.notes.push(
        "The backing services are taken to stay as fast under load as they are alone, and nothing else to use the account."
            .to_owned(),
    );
    let limits = Section {
        heading: "The ceiling".to_owned(),
        about: format!(
            "requests/s at which each limit of AWS would bite, were it alone. Computed, not measured: mean durations and counts \
             from {}, limits and prices from data/facts.toml; an account of {usual} environments ({new} where it is new)",
            ceilings.from.display()
        ),
        columns: columns(),
        rows: ceilings.steps.iter().map(row).collect(),
        notes: Vec::new(),
    };
    vec![limits, firsts]
}

/// In the order of a table: a few words, and the rank of the column. The first limit of a step is always shown: of the others
/// those that are seldom near it are left out first.
const LIMITS: [(LimitKind, &str, u8); 8] = [
    (LimitKind::Concurrency, "environments", 1),
    (LimitKind::RequestRate, "request rate", 2),
    (LimitKind::ParameterStore, "Parameter Store", 2),
    (LimitKind::IamConnections, "IAM connects", 4),
    (LimitKind::DatabaseConnections, "connections", 4),
    (LimitKind::DatabaseBandwidth, "database network", 3),
    (LimitKind::CacheBandwidth, "cache network", 2),
    (LimitKind::HttpApi, "HTTP API", 3),
];

fn name(kind: LimitKind) -> &'static str {
    let mut limits = LIMITS.into_iter();
    limits
        .find_map(|(it, name, _)| (it == kind).then_some(name))
        .expect("all are listed")
}

fn columns() -> Vec<Column> {
    let number = |heading: &str| Column::new(heading, Content::Number);
    let limits = LIMITS.map(|(_, name, rank)| number(name).ranked(rank));
    [Column::new("step", Content::Name), number("busy")]
        .into_iter()
        .chain(limits)
        .chain([number("first limit"), number("in a new account")])
        .collect()
}

fn row(ceiling: &Ceiling) -> Vec<String> {
    let limits = LIMITS.map(|(kind, ..)| {
        let limit = ceiling.limits.iter().find(|limit| limit.kind == kind);
        limit.map_or("-".to_owned(), |limit| rate(limit.per_second))
    });
    let named = |limit: &Limit| format!("{} {}", rate(limit.per_second), name(limit.kind));
    let first = ceiling.limits.first().map(named).unwrap_or_default();
    [ceiling.step.clone(), duration(ceiling.busy_us)]
        .into_iter()
        .chain(limits)
        .chain([first, named(&ceiling.new_account)])
        .collect()
}

/// For a page: at which rate each step meets its first limit, what lifts it, and at which rate the next one is met.
pub fn first_limits(ceilings: &Ceilings) -> Section {
    let [usual, new] = ceilings.concurrency;
    let headings = [
        format!("first limit in a new account ({new} environments)"),
        format!("in a usual account ({usual})"),
        "what lifts it".to_owned(),
        "then".to_owned(),
    ];
    let text = headings.map(|heading| Column::new(heading, Content::Text));
    let firsts = of_first(ceilings, |one, other| one.new_account == other.new_account);
    let step = [Column::new("step", Content::Name)].into_iter();
    let rows = firsts.into_iter().map(|it| {
        vec![
            it.steps.join("\n"),
            it.new_account,
            it.usual,
            it.lift,
            it.then,
        ]
    });
    Section {
        columns: step.chain(text).collect(),
        rows: rows.collect(),
        ..Section::default()
    }
}

/// Steps of which the same is true.
struct First<'a> {
    steps: Vec<&'a str>,
    new_account: String,
    usual: String,
    because: String,
    lift: String,
    then: String,
    still: bool,
}

fn of_first(ceilings: &Ceilings, is_alike: impl Fn(&First, &First) -> bool) -> Vec<First<'_>> {
    let mut groups: Vec<First> = Vec::new();
    let words = |it: &First| [it.usual.clone(), it.lift.clone(), it.then.clone()];
    for first in ceilings.steps.iter().filter_map(first) {
        let is_same = |group: &&mut First| is_alike(group, &first) && words(group) == words(&first);
        match groups.iter_mut().find(is_same) {
            Some(group) => group.steps.extend(first.steps),
            None => groups.push(first),
        }
    }
    groups
}

fn first(ceiling: &Ceiling) -> Option<First<'_>> {
    let first = ceiling.limits.first()?;
    let (then, kind) = after_the_first(&ceiling.limits)?;
    let told = |per: f64, kind: LimitKind| format!("{}, {}", per_second(per), name(kind));
    Some(First {
        steps: vec![&ceiling.step],
        new_account: told(ceiling.new_account.per_second, ceiling.new_account.kind),
        usual: told(first.per_second, first.kind),
        because: first.because.clone(),
        lift: first.lift.clone(),
        then: told(then, kind),
        still: kind == first.kind,
    })
}
