//! How the warm latencies of each step are spread: a histogram a step, all on one logarithmic axis.

use super::svg::{MARGIN, Svg, shortened};
use crate::format::duration;
use crate::scale::LogScale;
use crate::schema::{Metric, Session};
use crate::stats::Summary;
use crate::view::caption::where_and_when;

const LEFT: f64 = 220.0;
const PLOT_WIDTH: f64 = 440.0;
const TOP: f64 = 56.0;
const ROW_HEIGHT: f64 = 52.0;
const HISTOGRAM_HEIGHT: f64 = 36.0;

/// Columns of a histogram.
const BINS: usize = 110;

struct Row<'a> {
    name: &'a str,
    samples: Vec<f64>,
    summary: Summary,
}

/// The paced warm latencies of a session's steps; none if there are none.
pub fn distribution(session: &Session) -> Option<String> {
    let measurements = session.measurements.iter();
    let rows = measurements.filter_map(|(name, measurement)| {
        let samples = measurement.rounds_of(Metric::Warm).concat();
        Some(Row {
            name,
            summary: Summary::of(&samples)?,
            samples,
        })
    });
    let rows: Vec<Row> = rows.collect();
    let ends = rows.iter().map(|row| [row.summary.min, row.summary.max]);
    let scale = LogScale::around(ends.flatten())?;
    let bottom = TOP + rows.len() as f64 * ROW_HEIGHT;
    let mut svg = Svg::new("distribution", "All warm requests, step by step");
    let x = |us: f64| LEFT + scale.position(us) * PLOT_WIDTH;
    svg.axis(scale.ticks(), x, TOP, bottom);
    for (number, row) in rows.iter().enumerate() {
        draw(&mut svg, scale, TOP + number as f64 * ROW_HEIGHT, row);
    }
    let caption = [
        "How many requests took how long, logarithmic scale; each histogram is as high as its own largest column.".to_owned(),
        "Long marks: p50 and p99; short mark: the slowest. Nothing is left out as an outlier.".to_owned(),
        where_and_when(&session.conditions),
    ];
    Some(svg.finish(bottom + 20.0, &caption, &described(&rows)))
}

fn draw(svg: &mut Svg, scale: LogScale, top: f64, row: &Row) {
    let floor = top + HISTOGRAM_HEIGHT;
    let summary = &row.summary;
    svg.text("text", MARGIN, floor - 12.0, &shortened(row.name));
    let mut bins = [0_usize; BINS];
    for sample in &row.samples {
        let bin = (scale.position(*sample) * BINS as f64) as usize;
        bins[bin.min(BINS - 1)] += 1;
    }
    let highest = bins.iter().copied().max().unwrap_or(1) as f64;
    let width = PLOT_WIDTH / BINS as f64;
    for (bin, count) in bins.iter().enumerate().filter(|(_, count)| **count > 0) {
        // A single slow request must be seen beside thousands of fast ones.
        let height = (*count as f64 / highest * (HISTOGRAM_HEIGHT - 2.0)).max(1.5);
        let x = LEFT + bin as f64 * width;
        svg.rect("phase", x, floor - height, width - 0.5, height);
    }
    for (value, reach) in [(summary.p50, 6.0), (summary.p99, 6.0), (summary.max, 3.0)] {
        let x = LEFT + scale.position(value) * PLOT_WIDTH;
        svg.path("whisker", &format!("M{x:.1} {floor:.0}v{reach}"));
    }
    let right = LEFT + PLOT_WIDTH + 12.0;
    let values = format!("p50 {}", duration(summary.p50));
    svg.text("text", right, floor - 18.0, &values);
    let [p99, max] = [summary.p99, summary.max].map(duration);
    svg.text(
        "quiet",
        right,
        floor - 2.0,
        &format!("p99 {p99}, max {max}"),
    );
}

fn described(rows: &[Row]) -> String {
    let each = rows.iter().map(|Row { name, summary, .. }| {
        let points = [summary.p50, summary.p90, summary.p99, summary.max];
        let [p50, p90, p99, max] = points.map(duration);
        let count = summary.count;
        format!("{name}: {count} requests, p50 {p50}, p90 {p90}, p99 {p99}, slowest {max}. ")
    });
    each.collect()
}
