//! The matrix as a person reads it: steps that behave alike share a line.

use comfy_table::Table;
use lab_results::faults::{Cell, Row};
use lab_results::format::duration;

use crate::table::plain_table;

/// The matrix. `with_times` is off where the text must not differ from run to run.
pub fn table(rows: &[Row], with_times: bool) -> Table {
    let mut headings = vec!["fault", "steps", "status", "the client got", "normal again"];
    if with_times {
        headings.insert(4, "after");
    }
    let mut table = plain_table(&headings, &[2]);
    for row in rows {
        for (number, alike) in alike(&row.cells).into_iter().enumerate() {
            let first = alike[0];
            let mut cells = vec![
                if number == 0 {
                    row.fault.clone()
                } else {
                    String::new()
                },
                steps(&alike),
                first.status.to_string(),
                first.saw.clone(),
                normal_again(first),
            ];
            if with_times {
                cells.insert(4, took(&alike));
            }
            table.add_row(cells);
        }
    }
    table
}

/// Cells that differ in nothing but the time, neighbours on the ladder together.
fn alike(cells: &[Cell]) -> Vec<Vec<&Cell>> {
    let mut groups: Vec<Vec<&Cell>> = Vec::new();
    for cell in cells {
        match groups.last_mut() {
            Some(group) if group[0].is_like(cell) => group.push(cell),
            _ => groups.push(vec![cell]),
        }
    }
    groups
}

/// `00-04`, or one step.
fn steps(cells: &[&Cell]) -> String {
    let number = |cell: &Cell| cell.step.split('-').next().unwrap_or_default().to_owned();
    match cells {
        [only] => number(only),
        [first, .., last] => format!("{}-{}", number(first), number(last)),
        [] => String::new(),
    }
}

/// `12 ms`, or the shortest and the longest time.
fn took(cells: &[&Cell]) -> String {
    let times = || cells.iter().map(|cell| cell.took_us as f64);
    let shortest = duration(times().fold(f64::INFINITY, f64::min));
    let longest = duration(times().fold(0.0, f64::max));
    if shortest == longest {
        shortest
    } else {
        format!("{shortest} .. {longest}")
    }
}

fn normal_again(cell: &Cell) -> String {
    let text = match cell.until_normal {
        Some(0) => "at once".to_owned(),
        Some(1) => "after 1 more failure".to_owned(),
        Some(failed) => format!("after {failed} more failures"),
        None => "not within 5 invocations".to_owned(),
    };
    if cell.as_designed {
        text
    } else {
        format!("{text}  <- not as designed")
    }
}
