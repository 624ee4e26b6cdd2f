//! The matrix in few lines: steps that behave alike share one.

use super::{Cell, Row};
use crate::format::duration;
use crate::step_name::{ladder_number, short_step};

/// Steps that behave alike in one fault.
pub struct Outcome {
    /// What was wrong.
    pub fault: String,
    /// `00-04`, one step's number, or names, a line each.
    pub steps: String,
    /// HTTP status that the client got.
    pub status: u16,
    /// The body, in words or word for word.
    pub saw: String,
    /// How long the client waited, shortest and longest.
    pub took: String,
    /// When everything was as usual again.
    pub normal_again: String,
}

/// The matrix in the fewest rows that tell all of it.
pub fn outcomes(rows: &[Row]) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for row in rows {
        for alike in alike(&row.cells) {
            outcomes.push(Outcome {
                fault: row.fault.clone(),
                steps: steps(&alike),
                status: alike[0].status,
                saw: alike[0].saw.clone(),
                took: took(&alike),
                normal_again: normal_again(alike[0]),
            });
        }
    }
    outcomes
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
        let number = number(cell);
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

/// The number in front of a step's name, as written and as a number, if it is on the ladder.
fn number(cell: &Cell) -> Option<(&str, u32)> {
    Some((short_step(&cell.step), ladder_number(&cell.step)?))
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
