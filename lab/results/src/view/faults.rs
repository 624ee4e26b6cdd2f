//! The matrix of steps and faults: steps that behave alike share a row.

use super::section::{Column, Content, Section};
use crate::faults::{Cell, Row};
use crate::format::duration;
use crate::step_name::{ladder_number, short_step};

/// The column of the times.
const TIMES: usize = 4;

/// The matrix. `with_times` is off where the text must not differ from run to run.
pub fn section(rows: &[Row], with_times: bool) -> Section {
    let mut columns = vec![
        Column::new("fault", Content::Group),
        Column::new("steps", Content::Text),
        Column::new("status", Content::Number),
        Column::new("the client got", Content::Text),
        Column::new("after", Content::Number).ranked(2),
        Column::new("normal again", Content::Text).ranked(1),
    ];
    let mut cells = Vec::new();
    for row in rows {
        for alike in alike(&row.cells) {
            let first = alike[0];
            cells.push(vec![
                row.fault.clone(),
                steps(&alike),
                first.status.to_string(),
                in_words(&first.saw).to_owned(),
                took(&alike),
                normal_again(first),
            ]);
        }
    }
    if !with_times {
        columns.remove(TIMES);
        for row in &mut cells {
            row.remove(TIMES);
        }
    }
    Section {
        columns,
        rows: cells,
        ..Section::default()
    }
}

/// Cells that differ in nothing but the time.
fn alike(cells: &[Cell]) -> Vec<Vec<&Cell>> {
    let mut groups: Vec<Vec<&Cell>> = Vec::new();
    for cell in cells {
        match groups.iter_mut().find(|group| group[0].is_like(cell)) {
            Some(group) => group.push(cell),
            None => groups.push(vec![cell]),
        }
    }
    groups
}

/// `00-04`, a line for each run of numbers without a gap; what is not on the ladder by its name.
fn steps(cells: &[&Cell]) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut run: Option<(&str, u32)> = None;
    for cell in cells {
        let number = ladder_number(&cell.step).map(|number| (short_step(&cell.step), number));
        match (run, number) {
            (Some((first, last)), Some((text, number))) if number == last + 1 => {
                lines.pop();
                lines.push(format!("{first}-{text}"));
                run = Some((first, number));
            }
            _ => {
                lines.push(number.map_or(&*cell.step, |(text, _)| text).to_owned());
                run = number;
            }
        }
    }
    lines.join("\n")
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

/// The two error bodies, which would make the table too wide.
fn in_words(saw: &str) -> &str {
    match saw {
        r#"{"error":"the stadiums are not available"}"# => "the function's error",
        r#"{"message":"Internal Server Error"}"# => "Lambda's error",
        other => other,
    }
}
