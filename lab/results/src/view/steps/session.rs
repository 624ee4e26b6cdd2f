//! The tables of one session.

use super::{Row, Shown, Wanted, called, first, rows, table};
use crate::price::Prices;
use crate::schema::{Metric, Session};
use crate::view::quantity::{COUNTED, Quantity};
use crate::view::section::Section;

/// All tables of a session, in the order in which its targets are named.
pub fn of_session(session: &Session, order: &[String], prices: &Prices) -> Vec<Section> {
    let rows = rows(session, order);
    let of = |heading: &str, about: &str, wanted: &[Wanted]| Section {
        heading: heading.to_owned(),
        about: about.to_owned(),
        ..table(&rows, wanted, prices)
    };
    let mut sections = if session.conditions.network.is_some() {
        in_the_lab(session, &rows, of)
    } else {
        on_aws(session, &rows, of)
    };
    for section in &mut sections {
        // A floor has no step before it, and no floor.
        let says_something = |row: &Vec<String>| row.iter().skip(1).any(|cell| !cell.is_empty());
        section.rows.retain(says_something);
    }
    sections.retain(|section| !section.rows.is_empty());
    sections
}

fn in_the_lab(
    session: &Session,
    rows: &[Row],
    of: impl Fn(&str, &str, &[Wanted]) -> Section,
) -> Vec<Section> {
    let ladder = format!(
        "median of warm invocations {} ms apart, network profile {}",
        session.conditions.method.paced_gap_ms,
        session.profile().unwrap_or_default()
    );
    let counts = COUNTED.map(|(heading, counters)| (Shown::Counted(counters), heading, 0));
    let counts: Vec<Wanted> = std::iter::once(STEP).chain(counts).collect();
    vec![
        of(
            "The ladder",
            &ladder,
            &ladder_of(Metric::Warm, &against_first(rows)),
        ),
        of(
            "Warm",
            "the median and what explains it (modelled network, CPU time; the rest); a closed loop, one environment",
            &WARM,
        ),
        of(
            "Against the step before",
            "in the cold start, and in invocations per second of the closed loop",
            &CHANGES,
        ),
        of(
            "Above the floor",
            "as a multiple of the empty handler on the same runtime",
            &ABOVE_FLOOR,
        ),
        of(
            "Cold, size, cost",
            "medians; USD for a million warm requests: Lambda's duration and request fee",
            &COLD,
        ),
        of(
            "Asked of the backing services",
            "by the first (cold) / by a later invocation",
            &counts,
        ),
    ]
}

/// Without what AWS cannot tell, and with what the function took apart from the way to it.
fn on_aws(
    session: &Session,
    rows: &[Row],
    of: impl Fn(&str, &str, &[Wanted]) -> Section,
) -> Vec<Section> {
    let conditions = &session.conditions;
    let ladder = format!(
        "median of warm requests {} ms apart, as the client of the API sees them; AWS, {}",
        conditions.method.paced_gap_ms,
        conditions.region.as_deref().unwrap_or("Region unknown")
    );
    let against = against_first(rows);
    vec![
        of("The ladder", &ladder, &ladder_of(Metric::Warm, &against)),
        of(
            "The function alone",
            "the REPORT durations of the same requests: no API Gateway, no way there",
            &ladder_of(Metric::WarmDuration, &against),
        ),
        of(
            "Warm",
            "as the client sees it; a closed loop over one connection",
            &WARM,
        ),
        of(
            "Against the step before",
            "in the cold start, and in requests per second of the closed loop",
            &CHANGES,
        ),
        of(
            "Cold, size, cost",
            "medians; first holds the start of the sandbox and the way there; USD for a million warm requests: Lambda's duration \
             and request fee",
            &COLD,
        ),
    ]
}

const STEP: Wanted<'static> = (Shown::Step, "step", 0);

fn ladder_of(metric: Metric, against_first: &str) -> [Wanted<'_>; 5] {
    let p50 = match metric {
        Metric::WarmDuration => Quantity::DurationP50,
        _ => Quantity::P50,
    };
    [
        STEP,
        (Shown::Of(p50), "p50", 0),
        (Shown::Bar(metric), "", 2),
        (Shown::Change(metric, true), "against the step before", 0),
        (Shown::AgainstFirst(metric), against_first, 1),
    ]
}

fn against_first(rows: &[Row]) -> String {
    let first = first(rows).map_or_else(|| "the first".to_owned(), called);
    format!("against {first}")
}

const WARM: [Wanted; 11] = [
    STEP,
    (Shown::Of(Quantity::Memory), "MB", 0),
    (Shown::Of(Quantity::P50), "p50", 0),
    (Shown::Of(Quantity::Network), "network", 0),
    (Shown::Of(Quantity::Cpu), "CPU", 0),
    (Shown::Of(Quantity::Rest), "rest", 0),
    (Shown::Of(Quantity::P95), "p95", 2),
    (Shown::Of(Quantity::P99), "p99", 0),
    (Shown::Of(Quantity::Closed), "closed p50", 1),
    (Shown::Of(Quantity::ClosedP99), "closed p99", 3),
    (Shown::Of(Quantity::PerSecond), "closed loop", 0),
];

const CHANGES: [Wanted; 4] = [
    STEP,
    (Shown::Change(Metric::Cold, true), "init and first", 0),
    (Shown::Change(Metric::First, true), "first alone", 1),
    (Shown::Change(Metric::PerSecond, true), "closed loop", 0),
];

const ABOVE_FLOOR: [Wanted; 4] = [
    STEP,
    (Shown::Floor, "its floor", 0),
    (Shown::OverFloor(Metric::Warm), "warm p50", 0),
    (Shown::OverFloor(Metric::Closed), "closed loop p50", 0),
];

const COLD: [Wanted; 9] = [
    STEP,
    (Shown::Of(Quantity::Architecture), "arch", 1),
    (Shown::Of(Quantity::Binary), "binary", 0),
    (Shown::Of(Quantity::Zip), "zip", 2),
    (Shown::Of(Quantity::Init), "init", 0),
    (Shown::Of(Quantity::First), "first", 0),
    (Shown::Of(Quantity::Cold), "together", 0),
    (Shown::Of(Quantity::Used), "memory used", 0),
    (Shown::Of(Quantity::Cost), "USD/million", 0),
];
