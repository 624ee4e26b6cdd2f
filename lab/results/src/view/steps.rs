//! Tables with a step a row: the ladder, the warm and the cold figures, the counts.
//!
//! Every one of them is a list of columns; what a column holds is defined once, in [`cell`].

mod session;

use super::quantity::{Quantity, counted};
use super::section::{Column, Content, Section};
use super::sentence::{in_short, multiple};
use crate::format::{short_name, times};
use crate::price::Prices;
use crate::scale::LogScale;
use crate::schema::{Measurement, Metric, Session};
use crate::step_name::{is_floor, short_step};

pub use session::of_session;

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

/// What a session measured of these, in their order.
pub fn rows<'a>(session: &'a Session, names: &'a [String]) -> Vec<Row<'a>> {
    let rows = names.iter().filter_map(|name| {
        Some(Row {
            name,
            session,
            measurement: session.measurements.get(name)?,
        })
    });
    rows.collect()
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
            let than = named.then(|| called(from));
            Some(in_short(&comparison, than.as_deref()))
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
    let from = row.measurement.from.as_deref();
    from.filter(|from| row.session.measurements.contains_key(*from))
}

fn floor<'a>(row: &Row<'a>) -> Option<&'a str> {
    let floor = row.measurement.floor.as_deref();
    floor.filter(|floor| row.session.measurements.contains_key(*floor))
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
