//! The ladder: a dot a step, its median, and how far it can be trusted. No bars: on a logarithmic axis, which has no zero,
//! their lengths would mean nothing.

use std::fmt::Write as _;

use super::svg::{MARGIN, Svg, shortened};
use crate::format::duration;
use crate::interval::{Estimate, Interval};
use crate::scale::LogScale;
use crate::schema::{Measurement, Metric, Session};
use crate::view::caption::where_and_when;

const LEFT: f64 = 250.0;
const PLOT_WIDTH: f64 = 500.0;
const TOP: f64 = 56.0;
const ROW_HEIGHT: f64 = 30.0;

/// A dot and what stands beside it.
struct Row<'a> {
    name: &'a str,
    measurement: &'a Measurement,
    p50: Estimate,
}

impl Row<'_> {
    /// The interval, or the median alone.
    fn ends(&self) -> [f64; 2] {
        let Estimate { value, interval } = self.p50;
        interval.map_or([value; 2], |Interval { low, high }| [low, high])
    }
}

/// The ladder of a session's paced warm latencies; none if nothing of it can be drawn.
pub fn ladder(session: &Session) -> Option<String> {
    let measurements = session.measurements.iter();
    let rows = measurements.filter_map(|(name, measurement)| {
        Some(Row {
            name,
            measurement,
            p50: measurement.estimate(Metric::Warm, 0.5)?,
        })
    });
    let rows: Vec<Row> = rows.collect();
    let scale = LogScale::around(rows.iter().flat_map(Row::ends))?;
    let x = |us: f64| LEFT + scale.position(us) * PLOT_WIDTH;
    let bottom = TOP + rows.len() as f64 * ROW_HEIGHT;
    let mut svg = Svg::new("ladder", "Latency of a warm request, step by step");
    svg.axis(scale.ticks(), x, TOP, bottom);
    for (number, row) in rows.iter().enumerate() {
        draw(&mut svg, x, TOP + number as f64 * ROW_HEIGHT, row);
    }
    Some(svg.finish(bottom + 20.0, &caption(session, &rows), &described(&rows)))
}

fn draw(svg: &mut Svg, x: impl Fn(f64) -> f64, top: f64, row: &Row) {
    let (middle, baseline) = (top + 8.0, top + 13.0);
    svg.text("text", MARGIN, baseline, &shortened(row.name));
    let memory = format!("{} MB", row.measurement.memory_mb);
    svg.text_before("quiet", LEFT - 10.0, baseline, &memory);
    let [low, high] = row.ends().map(&x);
    let x = x(row.p50.value);
    svg.path("lead", &format!("M{LEFT:.1} {middle:.0}H{x:.1}"));
    if row.p50.interval.is_some() {
        let (upper, lower) = (middle - 7.0, middle + 7.0);
        let whisker = format!(
            "M{low:.1} {middle:.0}H{high:.1}M{low:.1} {upper:.0}V{lower:.0}M{high:.1} {upper:.0}V{lower:.0}"
        );
        svg.path("whisker", &whisker);
    }
    svg.circle("dot", x, middle, 4.5);
    let right = high.max(x + 4.5) + 10.0;
    svg.text("text", right, baseline, &duration(row.p50.value));
}

/// The chart in words, for those who do not see it.
fn described(rows: &[Row]) -> String {
    let mut text = String::new();
    for Row {
        name,
        measurement,
        p50,
    } in rows
    {
        let value = duration(p50.value);
        let _ = write!(text, "{name} with {} MB: {value}", measurement.memory_mb);
        if let Some(Interval { low, high }) = p50.interval {
            let _ = write!(text, " (between {} and {})", duration(low), duration(high));
        }
        text.push_str(". ");
    }
    text
}

/// What must be known to judge the chart: a sentence a line.
fn caption(session: &Session, rows: &[Row]) -> Vec<String> {
    let environments = span(rows.iter().map(|row| row.measurement.rounds.len()));
    let rounds = rows.iter().map(|row| row.measurement.rounds.iter());
    let invocations = span(rounds.map(|rounds| rounds.map(|round| round.warm_us.len()).sum()));
    let whiskers = if rows.iter().any(|row| row.p50.interval.is_some()) {
        "whiskers are its 95 % interval"
    } else {
        "too few rounds for intervals"
    };
    let mut lines = vec![
        format!("Median (p50), logarithmic scale; {whiskers}."),
        format!(
            "Invocations per step: {invocations}, {} ms apart; environments: {environments}.",
            session.conditions.method.paced_gap_ms
        ),
        where_and_when(&session.conditions),
    ];
    let elsewhere = rows
        .iter()
        .filter(|row| row.measurement.measured_on.is_some());
    let elsewhere: Vec<&str> = elsewhere.map(|row| row.name).collect();
    if !elsewhere.is_empty() {
        let names = elsewhere.join(", ");
        lines.push(format!(
            "Not timed on the architecture that they are deployed on: {names}."
        ));
    }
    lines
}

/// One number if all are equal, else the smallest and the largest.
fn span(numbers: impl Iterator<Item = usize> + Clone) -> String {
    let low = numbers.clone().min().unwrap_or_default();
    match numbers.max().unwrap_or_default() {
        high if high == low => low.to_string(),
        high => format!("{low} to {high}"),
    }
}
