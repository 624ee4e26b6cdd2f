//! Tables with a step a row: the ladder, the warm and the cold figures, the counts.
//!
//! Every one of them is a list of columns; what a column holds is defined once, in [`cell`].

use super::quantity::{COUNTED, Quantity, counted};
use super::section::{Column, Content, Section};
use super::sentence::{in_short, multiple};
use crate::format::{short_name, times};
use crate::price::Prices;
use crate::scale::LogScale;
use crate::schema::{Measurement, Metric, Session};
use crate::step_name::{is_floor, short_step};

/// Columns of the longest bar.
const BAR_COLUMNS: usize = 14;

/// A step and the session that measured it.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// The step's folder, or the path of a file.
    pub name: &'a str,
    /// What it is compared in.
    pub session: &'a Session,
    /// What was measured of it.
    pub measurement: &'a Measurement,
}

/// What a column shows of a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shown {
    /// Its name.
    Step,
    /// A number.
    Of(Quantity),
    /// The same of the step that it changes, in the same session.
    OfFrom(Quantity),
    /// A bar as long as the median, on a logarithmic scale.
    Bar(Metric),
    /// The step that it changes.
    From,
    /// How it compares with that one, which is named where the flag is set.
    Change(Metric, bool),
    /// How it compares with the first of the table.
    AgainstFirst(Metric),
    /// The empty handler on the same runtime, where it was measured beside the step.
    Floor,
    /// The step in multiples of it.
    OverFloor(Metric),
    /// What it asks of the backing services, cold and warm.
    Counted(&'static [&'static str]),
}

impl Shown {
    fn content(self) -> Content {
        match self {
            Self::Step => Content::Name,
            Self::Of(Quantity::Architecture)
            | Self::Bar(_)
            | Self::From
            | Self::Floor
            | Self::OverFloor(_) => Content::Text,
            Self::Change(..) => Content::Change,
            Self::Of(_) | Self::OfFrom(_) | Self::AgainstFirst(_) | Self::Counted(_) => {
                Content::Number
            }
        }
    }
}

/// What is shown, its heading, and the rank of [`Column`].
pub type Wanted<'a> = (Shown, &'a str, u8);

/// A table of these columns, without those that no step fills.
pub fn table(rows: &[Row], wanted: &[Wanted], prices: &Prices) -> Section {
    let columns = wanted
        .iter()
        .map(|(shown, heading, rank)| Column::new(*heading, shown.content()).ranked(*rank));
    let cells = rows.iter().map(|row| {
        let cells = wanted
            .iter()
            .map(|(shown, ..)| cell(*shown, row, rows, prices).unwrap_or_default());
        cells.collect()
    });
    let section = Section {
        columns: columns.collect(),
        rows: cells.collect(),
        ..Section::default()
    };
    section.without_empty_columns()
}

/// The one definition of what stands in a cell.
fn cell(shown: Shown, row: &Row, rows: &[Row], prices: &Prices) -> Option<String> {
    let Row {
        name,
        session,
        measurement,
    } = *row;
    match shown {
        Shown::Step => Some(short_name(name)),
        Shown::Of(quantity) => quantity.of(measurement, prices),
        Shown::OfFrom(quantity) => quantity.of(&session.measurements[from(row)?], prices),
        Shown::Bar(metric) => {
            let values = rows.iter().filter_map(|row| row.measurement.median(metric));
            let scale = LogScale::around(values)?;
            Some(scale.bar(measurement.median(metric)?, BAR_COLUMNS))
        }
        Shown::From => from(row).map(called),
        Shown::Change(metric, named) => {
            let from = from(row)?;
            let comparison = session.compare(from, name, metric)?;
            Some(in_short(
                &comparison,
                named.then(|| called(from)).as_deref(),
            ))
        }
        Shown::AgainstFirst(metric) => {
            let first = first(rows)?;
            let comparison = session.ratio(first, name, metric);
            comparison.filter(|_| first != name).map(times)
        }
        Shown::Floor => floor(row).map(str::to_owned),
        Shown::OverFloor(metric) => Some(multiple(&session.compare(name, floor(row)?, metric)?)),
        Shown::Counted(counters) => Some(counted(measurement, counters)),
    }
}

/// The step that a row changes, where it was measured in the same session: nothing else is the step before.
fn from<'a>(row: &Row<'a>) -> Option<&'a str> {
    let from = row.measurement.from.as_deref()?;
    row.session.measurements.contains_key(from).then_some(from)
}

fn floor<'a>(row: &Row<'a>) -> Option<&'a str> {
    let floor = row.measurement.floor.as_deref()?;
    row.session
        .measurements
        .contains_key(floor)
        .then_some(floor)
}

fn first<'a>(rows: &[Row<'a>]) -> Option<&'a str> {
    rows.iter().map(|row| row.name).find(|name| !is_floor(name))
}

/// `03` of `03-parameters-extension`, other names whole.
pub fn called(name: &str) -> String {
    let first = short_step(name);
    if first.parse::<u32>().is_ok() {
        first.to_owned()
    } else {
        short_name(name)
    }
}

/// All tables of a session, in the order in which its targets are named.
pub fn of_session(session: &Session, order: &[String], prices: &Prices) -> Vec<Section> {
    let rows: Vec<Row> = order
        .iter()
        .filter_map(|name| {
            let measurement = session.measurements.get(name)?;
            Some(Row {
                name,
                session,
                measurement,
            })
        })
        .collect();
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
    let ladder = format!(
        "median of warm requests {} ms apart, as the client of the API sees them; AWS, {}",
        session.conditions.method.paced_gap_ms,
        session
            .conditions
            .region
            .as_deref()
            .unwrap_or("Region unknown")
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
