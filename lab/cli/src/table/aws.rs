//! The tables of a session on AWS: without what AWS cannot tell, and with what the function took apart from the way to it.

use comfy_table::{ColumnConstraint, Table};
use lab_results::price::Prices;
use lab_results::schema::{Measurement, Metric, Session};

use super::{changes, cold, ladder, warm};

/// Columns of [`warm`]: network, CPU, rest.
const EXPLAINED: [usize; 3] = [3, 4, 5];
/// Column of [`cold`]: the size of the executable.
const BINARY: [usize; 1] = [2];

pub(super) fn tables(session: &Session, rows: &[(&str, &Measurement)], prices: &Prices) -> String {
    format!(
        "\nTHE LADDER  median of warm requests {} ms apart, as the client of the API sees them; AWS, {}\n{}\n\n\
         THE FUNCTION ALONE  the REPORT durations of the same requests: no API Gateway, no way there\n{}\n\n\
         WARM  as the client sees it; a closed loop over one connection\n{}\n\n\
         {}\
         COLD, SIZE, COST  medians; first holds the start of the sandbox and the way there; USD for a million warm \
         requests: Lambda's duration and request fee\n{}",
        session.method.paced_gap_ms,
        session.region.as_deref().unwrap_or("Region unknown"),
        ladder(session, rows, Metric::Warm),
        ladder(session, rows, Metric::WarmDuration),
        without(warm(rows), &EXPLAINED),
        changes(session, rows, "requests"),
        without(cold(rows, prices), &BINARY),
    )
}

fn without(mut table: Table, columns: &[usize]) -> Table {
    for index in columns {
        if let Some(column) = table.column_mut(*index) {
            column.set_constraint(ColumnConstraint::Hidden);
        }
    }
    table
}
