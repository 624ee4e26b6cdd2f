//! Does the lab tell the truth? What others measured on AWS, beside the same in the lab.

mod sample;
mod themes;

use anyhow::Result;
use lab_results::facts::Facts;
use lab_results::view::section::{Column, Content, Section};

use crate::calibration::{Calibration, NOT_MEASURED};
use crate::measured::Measured;

/// One thing that both sides measured.
struct Compared<'a> {
    what: &'a str,
    unit: &'a str,
    points: Vec<Point>,
    /// The facts whose sources are named.
    sources: &'a [&'a str],
    /// What measures it where the results do not have it; empty where nothing can.
    command: &'a str,
    why: &'a str,
}

/// One number of it.
struct Point {
    label: String,
    aws: f64,
    lab: Option<f64>,
}

/// What the reference and the calibration have.
struct Sides<'a> {
    measured: &'a Measured,
    calibration: &'a Calibration,
    facts: &'a Facts,
}

/// The table.
pub fn table(measured: &Measured, calibration: &Calibration) -> Result<String> {
    let sides = Sides {
        measured,
        calibration,
        facts: measured.workspace.facts()?,
    };
    let themes = [
        sides.cpu()?,
        sides.empty_function()?,
        sides.sdk()?,
        sides.cryptography()?,
        sides.sample()?,
        sides.network()?,
    ];
    let mut rows = Vec::new();
    for compared in themes.iter().flatten() {
        rows.push(compared.row(sides.facts)?);
    }
    let text = |heading: &str| Column::new(heading, Content::Text);
    let number = |heading: &str| Column::new(heading, Content::Number);
    let section = Section {
        columns: vec![
            text("what"),
            text("on AWS, by others"),
            text("in the lab"),
            number("AWS / lab"),
            text("why"),
        ],
        rows,
        ..Section::default()
    };
    Ok(section.page())
}

impl Compared<'_> {
    fn row(&self, facts: &Facts) -> Result<Vec<String>> {
        let lines = |told: &dyn Fn(&Point) -> String| -> Vec<String> {
            self.points.iter().map(told).collect()
        };
        let number = |value: f64| format!("{} {}", three_digits(value), self.unit);
        let mut aws = lines(&|point| match point.label.as_str() {
            "" => number(point.aws),
            label => format!("{label}: {}", number(point.aws)),
        });
        for key in self.sources {
            let source = &facts.get(key)?.source;
            aws.push(format!("<small>{source}</small>"));
        }
        let lab = if self.points.iter().any(|point| point.lab.is_some()) {
            lines(&|point| point.lab.map_or_else(|| NOT_MEASURED.to_owned(), number))
        } else if self.command.is_empty() {
            vec!["cannot be measured on one machine".to_owned()]
        } else {
            vec![format!("{NOT_MEASURED}: {}", self.command)]
        };
        let ratio = lines(&|point| {
            let ratio = point.lab.map(|lab| three_digits(point.aws / lab));
            ratio.unwrap_or_default()
        });
        let cells = [vec![self.what.to_owned()], aws, lab, ratio];
        let mut cells: Vec<String> = cells.iter().map(|lines| lines.join("\n")).collect();
        cells.push(self.why.to_owned());
        Ok(cells)
    }
}

fn three_digits(value: f64) -> String {
    let decimals = match value.abs() {
        value if value < 9.995 => 2,
        value if value < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use lab_workspace::Workspace;

    use super::*;
    use crate::calibration::tests::NOTHING;

    fn row(points: &[(f64, Option<f64>)], command: &'static str) -> Vec<String> {
        let points = points.iter().map(|(aws, lab)| Point {
            label: String::new(),
            aws: *aws,
            lab: *lab,
        });
        let compared = Compared {
            what: "what",
            unit: "ms",
            points: points.collect(),
            sources: &[],
            command,
            why: "why",
        };
        let workspace = Workspace::load().unwrap();
        compared.row(workspace.facts().unwrap()).unwrap()
    }

    #[test]
    fn a_ratio_stands_where_both_sides_measured() {
        let cells = row(&[(30.0, Some(20.0)), (9.0, None)], "`measure`");
        assert_eq!(
            cells,
            [
                "what",
                "30.0 ms\n9.00 ms",
                "20.0 ms\nnot measured yet",
                "1.50\n",
                "why"
            ]
        );
        assert_eq!(
            row(&[(9.0, None)], "`measure`")[2],
            "not measured yet: `measure`"
        );
        assert_eq!(
            row(&[(9.0, None)], "")[2],
            "cannot be measured on one machine"
        );
    }

    #[test]
    fn every_row_names_a_source_and_nothing_fails_without_a_measurement() {
        let measured = Measured::load(Workspace::load().unwrap()).unwrap();
        let table = table(&measured, &NOTHING).unwrap();
        let rows: Vec<&str> = table.lines().skip(2).collect();
        assert!(rows.len() >= 14, "{table}");
        let unsourced = rows.iter().filter(|row| !row.contains("<small>"));
        // What is computed from the rows above it.
        let unsourced: Vec<_> = unsourced
            .filter(|row| !row.starts_with("| before / after"))
            .collect();
        assert!(unsourced.is_empty(), "{unsourced:?}");
        assert!(table.contains("not measured yet: the commands are in lab/calibration/README.md"));
    }
}
