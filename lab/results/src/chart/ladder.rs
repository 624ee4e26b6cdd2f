//! The ladder: a dot a step, its median, and how far it can be trusted. No bars: on a logarithmic axis, which has no zero,
//! their lengths would mean nothing.

use super::svg::{Anchor, MARGIN, Svg, shortened};
use crate::format::duration;
use crate::interval::{Estimate, Interval};
use crate::scale::LogScale;
use crate::schema::{Measurement, Metric, Session};
use crate::view::caption::{caption, description};

const LEFT: f64 = 250.0;
const PLOT_WIDTH: f64 = 500.0;
const TOP: f64 = 56.0;
const ROW_HEIGHT: f64 = 30.0;

/// A dot and what stands beside it.
pub(crate) struct Row<'a> {
    pub(crate) name: &'a str,
    pub(crate) measurement: &'a Measurement,
    pub(crate) p50: Estimate,
}

/// The ladder of a session's paced warm latencies; none if nothing of it can be drawn.
pub fn ladder(session: &Session) -> Option<String> {
    let rows: Vec<Row> = session
        .measurements
        .iter()
        .filter_map(|(name, measurement)| {
            Some(Row {
                name,
                measurement,
                p50: measurement.estimate(Metric::Warm)?,
            })
        })
        .collect();
    let ends = rows.iter().flat_map(|row| {
        let Interval { low, high } = interval_or_point(&row.p50);
        [low, high]
    });
    let scale = LogScale::around(ends)?;
    let caption = caption(session, &rows);
    let bottom = TOP + rows.len() as f64 * ROW_HEIGHT;

    let mut svg = Svg::new("ladder", "Latency of a warm request, step by step");
    for tick in scale.ticks() {
        let x = x_of(scale, tick);
        svg.vertical(x, TOP - 6.0, bottom);
        svg.text("quiet", x, bottom + 16.0, Anchor::Middle, &tick_label(tick));
    }
    for (number, row) in rows.iter().enumerate() {
        draw(&mut svg, scale, TOP + number as f64 * ROW_HEIGHT, row);
    }
    Some(svg.finish(bottom + 20.0, &caption, &description(&rows, &caption)))
}

fn draw(svg: &mut Svg, scale: LogScale, top: f64, row: &Row) {
    let (middle, baseline) = (top + 8.0, top + 13.0);
    svg.text(
        "text",
        MARGIN,
        baseline,
        Anchor::Start,
        &shortened(row.name),
    );
    let memory = format!("{} MB", row.measurement.memory_mb);
    svg.text("quiet", LEFT - 10.0, baseline, Anchor::End, &memory);
    let x = x_of(scale, row.p50.value);
    svg.path("lead", &format!("M{LEFT:.1} {middle:.0}H{x:.1}"));
    let Interval { low, high } = interval_or_point(&row.p50);
    let (low, high) = (x_of(scale, low), x_of(scale, high));
    if row.p50.interval.is_some() {
        let (upper, lower) = (middle - 7.0, middle + 7.0);
        svg.path(
            "whisker",
            &format!(
                "M{low:.1} {middle:.0}H{high:.1}M{low:.1} {upper:.0}V{lower:.0}M{high:.1} {upper:.0}V{lower:.0}"
            ),
        );
    }
    svg.circle("dot", x, middle, 4.5);
    let value = duration(row.p50.value);
    svg.text(
        "text",
        high.max(x + 4.5) + 10.0,
        baseline,
        Anchor::Start,
        &value,
    );
}

fn interval_or_point(estimate: &Estimate) -> Interval {
    estimate.interval.unwrap_or(Interval {
        low: estimate.value,
        high: estimate.value,
    })
}

fn x_of(scale: LogScale, value: f64) -> f64 {
    LEFT + scale.position(value) * PLOT_WIDTH
}

/// `100 µs`, `1 ms`: of a tick, without the digits that it has not.
pub(super) fn tick_label(us: f64) -> String {
    match us {
        us if us < 1e3 => format!("{us} µs"),
        us if us < 1e6 => format!("{} ms", us / 1e3),
        us => format!("{} s", us / 1e6),
    }
}
