//! The matrix of steps and faults: steps that behave alike share a row.

use super::section::{Column, Content, Section};
use crate::faults::{Row, outcomes};

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
    let mut cells: Vec<Vec<String>> = outcomes(rows)
        .into_iter()
        .map(|line| {
            vec![
                line.fault,
                line.steps,
                line.status.to_string(),
                in_words(&line.saw).to_owned(),
                line.took,
                line.normal_again,
            ]
        })
        .collect();
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

/// The column of the times.
const TIMES: usize = 4;

/// The two error bodies, which would make the table too wide.
fn in_words(saw: &str) -> &str {
    match saw {
        r#"{"error":"the stadiums are not available"}"# => "the function's error",
        r#"{"message":"Internal Server Error"}"# => "Lambda's error",
        other => other,
    }
}
