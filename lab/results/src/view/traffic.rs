//! What is left of the gains where requests are seconds apart.

use super::section::{Column, Content, Section};
use super::sentence::in_short;
use super::steps::called;
use crate::file::GAPS_MS;
use crate::format::{duration, pause, short_name};
use crate::schema::{Metric, ResultsFile, Session};

/// A row a step: its median at each pause that was measured, and how it compares with the step before at the longest one; none
/// where no sparse traffic was measured.
pub fn section(file: &ResultsFile, profile: &str, steps: &[String]) -> Option<Section> {
    let sessions: Vec<(f64, &Session)> = GAPS_MS
        .iter()
        .filter_map(|gap| Some((*gap, file.newest_apart(Some(profile), &[], *gap)?)))
        .collect();
    let (longest, sparsest) = *sessions.last()?;
    if sessions.len() < 2 {
        return None;
    }
    let number = |heading: String| Column::new(heading, Content::Number);
    let mut columns = vec![Column::new("step", Content::Name)];
    columns.extend(
        sessions
            .iter()
            .map(|(gap, _)| number(format!("{} apart", pause(*gap)))),
    );
    columns.push(Column::new("against", Content::Text));
    columns.push(Column::new(
        format!("{} apart it is", pause(longest)),
        Content::Change,
    ));
    let rows = steps.iter().filter_map(|name| {
        let measurement = sparsest.measurements.get(name)?;
        let mut row = vec![short_name(name)];
        let medians = sessions.iter().map(|(_, session)| {
            let measured = session.measurements.get(name);
            measured
                .and_then(|it| it.median(Metric::Warm))
                .map(duration)
        });
        row.extend(medians.map(Option::unwrap_or_default));
        let from = measurement.from.as_deref();
        let comparison = from.and_then(|from| sparsest.compare(from, name, Metric::Warm));
        row.push(
            from.filter(|_| comparison.is_some())
                .map(called)
                .unwrap_or_default(),
        );
        row.push(comparison.map(|it| in_short(&it, None)).unwrap_or_default());
        Some(row)
    });
    Some(Section {
        heading: "And if you are less busy?".to_owned(),
        about: format!("median of warm requests so far apart, network profile {profile}"),
        columns,
        rows: rows.collect(),
        notes: Vec::new(),
    })
}
