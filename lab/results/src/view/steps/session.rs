//! The tables of one session.

use super::{Row, Shown, Wanted, called, first, rows, table};
use crate::format::{duration, pause, short_name};
use crate::price::Prices;
use crate::schema::{Metric, Session};
use crate::view::quantity::{COUNTED, Quantity, UPSTREAMS};
use crate::view::section::Section;

/// All tables of a session, in the order in which its targets are named. On AWS they are without what AWS cannot tell, and
/// with what the function took apart from the way to it.
pub fn of_session(session: &Session, order: &[String], prices: &Prices) -> Vec<Section> {
    let rows = rows(session, order);
    let of = |heading: &str, about: &str, wanted: &[Wanted]| Section {
        heading: heading.to_owned(),
        about: about.to_owned(),
        ..table(&rows, wanted, prices)
    };
    let conditions = &session.conditions;
    let gap = pause(conditions.method.paced_gap_ms);
    let in_lab = conditions.network.is_some();
    let about = |in_the_lab, on_aws| if in_lab { in_the_lab } else { on_aws };
    let ladder = match (session.profile(), conditions.region.as_deref()) {
        (Some(profile), _) => {
            format!("median of warm invocations {gap} apart, network profile {profile}")
        }
        (None, region) => format!(
            "median of warm requests {gap} apart, as the client of the API sees them; AWS, {}",
            region.unwrap_or("Region unknown")
        ),
    };
    let first = first(&rows).map_or_else(|| "the first".to_owned(), called);
    let against_first = format!("against {first}");
    let warm = about(
        "the median and what explains it (modelled network, CPU time; the rest); a closed loop, one environment",
        "as the client sees it; a closed loop over one connection",
    );
    let changes = about(
        "in the cold start, and in invocations per second of the closed loop",
        "in the cold start, and in requests per second of the closed loop",
    );
    let cold = about(
        "medians; USD for a million warm requests: Lambda's duration and request fee",
        "medians; first holds the start of the sandbox and the way there; USD for a million warm requests: Lambda's duration \
         and request fee",
    );
    let alone = "the REPORT durations of the same requests: no API Gateway, no way there";
    let above = "as a multiple of the floor that its manifest names";
    let asked = "by the first (cold) / by a later invocation";
    let counts = COUNTED.map(|(heading, counters)| (Shown::Counted(counters), heading, 0));
    let is_asked = |counter: &&str| {
        let counts = |row: &Row| [row.measurement.counts_cold(), row.measurement.counts_warm()];
        let mut counts = rows.iter().flat_map(counts);
        counts.any(|counts| counts.contains_key(*counter))
    };
    let (heading, counters) = UPSTREAMS;
    let upstreams = counters.iter().any(is_asked);
    let upstreams = upstreams.then_some((Shown::Counted(counters), heading, 0));
    let counts: Vec<Wanted> = [STEP].into_iter().chain(counts).chain(upstreams).collect();
    let ladder_of = |metric, p50| ladder_of(metric, p50, &against_first);
    let by_report = ladder_of(Metric::WarmDuration, Quantity::DurationP50);
    let sections = [
        Some(of(
            "The ladder",
            &ladder,
            &ladder_of(Metric::Warm, Quantity::P50),
        )),
        (!in_lab).then(|| of("The function alone", alone, &by_report)),
        Some(Section {
            notes: rows.iter().filter_map(still_warming).collect(),
            ..of("Warm", warm, &WARM)
        }),
        Some(of("Against the step before", changes, &CHANGES)),
        in_lab.then(|| of("Above the floor", above, &ABOVE_FLOOR)),
        Some(of("Cold, size, cost", cold, &COLD)),
        in_lab.then(|| of("Asked of the backing services", asked, &counts)),
    ];
    let mut sections: Vec<Section> = sections.into_iter().flatten().collect();
    for section in &mut sections {
        // A floor has no step before it, and no floor.
        let says_something = |row: &Vec<String>| row.iter().skip(1).any(|cell| !cell.is_empty());
        section.rows.retain(says_something);
    }
    sections.retain(|section| !section.rows.is_empty());
    sections
}

/// The part of the first third's median below which the last third says that a function was not warm when it was measured.
const STILL_WARMING: f64 = 0.8;

/// What is said of a function whose warm invocations get faster while they are measured, as a runtime's that compiles. A first
/// impression has too few of them, and so has sparse traffic.
fn still_warming(row: &Row) -> Option<String> {
    let method = &row.session.conditions.method;
    if method.quick || method.is_sparse() {
        return None;
    }
    let (first, last) = row.measurement.first_and_last_third()?;
    let told = || {
        format!(
            "{}: the last third of its warm invocations took {}, the first {}, so it was not warm yet: --warm-up N leaves N \
             out, --paced N takes more",
            short_name(row.name),
            duration(last),
            duration(first)
        )
    };
    (last < STILL_WARMING * first).then(told)
}

const STEP: Wanted<'static> = (Shown::Step, "step", 0);

fn ladder_of(metric: Metric, p50: Quantity, against_first: &str) -> [Wanted<'_>; 5] {
    [
        STEP,
        (Shown::Of(p50), "p50", 0),
        (Shown::Bar(metric), "", 2),
        (Shown::Change(metric, true), "against the step before", 0),
        (Shown::AgainstFirst(metric), against_first, 1),
    ]
}

const WARM: [Wanted; 12] = [
    STEP,
    (Shown::Of(Quantity::Memory), "MB", 0),
    (Shown::Of(Quantity::P50), "p50", 0),
    (Shown::Of(Quantity::Network), "network", 0),
    (Shown::Of(Quantity::Upstreams), "upstreams", 0),
    (Shown::Of(Quantity::Cpu), "CPU", 0),
    (Shown::Of(Quantity::Rest), "rest", 0),
    (Shown::Of(Quantity::P95), "p95", 0),
    (Shown::Of(Quantity::Closed), "closed p50", 1),
    (Shown::Of(Quantity::PerSecond), "closed loop", 0),
    (Shown::Of(Quantity::P99), "p99", 3),
    (Shown::Of(Quantity::ClosedP99), "closed p99", 3),
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
