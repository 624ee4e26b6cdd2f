//! How far each step is from what nothing on its runtime can undercut.

use comfy_table::Table;
use lab_results::format::times;
use lab_results::schema::{Measurement, Metric, Session};

use super::plain_table;

/// The steps whose floor was measured in the same session, as multiples of it.
pub(super) fn distances(session: &Session, rows: &[(&str, &Measurement)]) -> Table {
    let mut table = plain_table(&["step", "its floor", "warm p50", "closed loop p50"], &[]);
    for (name, measurement) in rows {
        let Some(floor) = measurement.floor.as_deref() else {
            continue;
        };
        if session.measurements.contains_key(floor) {
            let cell = |metric| distance(session, name, floor, metric).unwrap_or_default();
            let cells = [Metric::Warm, Metric::Closed].map(cell);
            table.add_row(
                [(*name).to_owned(), floor.to_owned()]
                    .into_iter()
                    .chain(cells),
            );
        }
    }
    table
}

/// `1.05x [1.03, 1.08]`
fn distance(session: &Session, name: &str, floor: &str, metric: Metric) -> Option<String> {
    let comparison = session.compare(name, floor, metric)?;
    let ratio = times(comparison.ratio);
    Some(match comparison.interval {
        Some(interval) => format!("{ratio} [{:.2}, {:.2}]", interval.low, interval.high),
        None => format!("about {ratio}"),
    })
}
