//! The matrix as a person reads it: steps that behave alike share a line.

use comfy_table::Table;
use lab_results::faults::{Row, lines};

use crate::table::plain_table;

/// The matrix. `with_times` is off where the text must not differ from run to run.
pub fn table(rows: &[Row], with_times: bool) -> Table {
    let mut headings = vec!["fault", "steps", "status", "the client got", "normal again"];
    if with_times {
        headings.insert(4, "after");
    }
    let mut table = plain_table(&headings, &[2]);
    let mut last = String::new();
    for line in lines(rows) {
        let fault = if line.fault == last {
            String::new()
        } else {
            line.fault.clone()
        };
        last = line.fault;
        let mut cells = vec![
            fault,
            line.steps,
            line.status.to_string(),
            line.saw,
            line.normal_again,
        ];
        if with_times {
            cells.insert(4, line.took);
        }
        table.add_row(cells);
    }
    table
}
