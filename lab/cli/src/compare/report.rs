//! What a comparison came to, in a form that can be shown in several ways.

use std::fmt::Write as _;

use lab_results::format::times;
use lab_results::interval::{Comparison, Verdict};
use serde_json::{Value, json};

use crate::table::plain_table;

/// What a comparison came to.
#[derive(Debug, Default)]
pub struct Report {
    /// What must be known before a number is believed.
    pub warnings: Vec<String>,
    /// The tables.
    pub sections: Vec<Section>,
    /// The same for programs.
    pub json: Value,
}

/// One table.
#[derive(Debug)]
pub struct Section {
    /// What it shows.
    pub title: String,
    /// How it is to be read.
    pub note: String,
    /// Names of the columns.
    pub headings: Vec<String>,
    /// The columns with numbers.
    pub right: Vec<usize>,
    /// The cells.
    pub rows: Vec<Vec<String>>,
}

impl Report {
    /// For a terminal.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for warning in &self.warnings {
            let _ = writeln!(text, "WARNING: {warning}");
        }
        for section in &self.sections {
            let headings: Vec<&str> = section.headings.iter().map(String::as_str).collect();
            let mut table = plain_table(&headings, &section.right);
            for row in &section.rows {
                table.add_row(row);
            }
            let _ = writeln!(text, "\n{}\n{table}", section.title.to_uppercase());
            if !section.note.is_empty() {
                let _ = writeln!(text, "{}", section.note);
            }
        }
        text
    }

    /// For a pull request or a chat.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        for warning in &self.warnings {
            let _ = writeln!(text, "> **Warning:** {warning}\n");
        }
        for section in &self.sections {
            let _ = writeln!(text, "### {}\n", section.title);
            let _ = writeln!(text, "| {} |", cells(&section.headings));
            let lines: Vec<String> = (0..section.headings.len())
                .map(|column| {
                    let right = section.right.contains(&column);
                    if right { "--:" } else { "---" }.to_owned()
                })
                .collect();
            let _ = writeln!(text, "| {} |", lines.join(" | "));
            for row in &section.rows {
                let _ = writeln!(text, "| {} |", cells(row));
            }
            let _ = writeln!(text, "\n{}\n", section.note);
        }
        text
    }
}

/// A cell must not end its column.
fn cells(row: &[String]) -> String {
    let cells: Vec<String> = row.iter().map(|cell| cell.replace('|', "\\|")).collect();
    cells.join(" | ")
}

/// `1.78x faster [1.71, 1.86]`, or that no change can be seen.
pub(super) fn in_words(comparison: &Comparison) -> String {
    let Comparison { ratio, interval } = *comparison;
    let (word, ratio, interval) = if ratio >= 1.0 {
        ("faster", ratio, interval.map(|it| (it.low, it.high)))
    } else {
        let turned = interval.map(|it| (1.0 / it.high, 1.0 / it.low));
        ("slower", 1.0 / ratio, turned)
    };
    match (comparison.verdict(), interval) {
        (Some(Verdict::NoMeasurableChange), _) => {
            let (low, high) = comparison
                .interval
                .map_or((1.0, 1.0), |it| (it.low, it.high));
            format!("no measurable change [{low:.2}, {high:.2}]")
        }
        (_, Some((low, high))) => format!("{} {word} [{low:.2}, {high:.2}]", times(ratio)),
        (_, None) => format!("about {} {word}", times(ratio)),
    }
}

/// The same for programs: above 1 is better.
pub(super) fn in_json(comparison: &Comparison) -> Value {
    let verdict = comparison.verdict().map(|verdict| match verdict {
        Verdict::Faster => "faster",
        Verdict::Slower => "slower",
        Verdict::NoMeasurableChange => "no measurable change",
    });
    json!({
        "ratio": comparison.ratio,
        "low": comparison.interval.map(|interval| interval.low),
        "high": comparison.interval.map(|interval| interval.high),
        "verdict": verdict,
    })
}
