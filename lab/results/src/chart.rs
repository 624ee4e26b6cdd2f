//! The ladder as an SVG: one bar a step, its median and how far it can be trusted.
//!
//! The picture carries its own background and follows the reader's light or dark setting, says everything in its text
//! alternative that it shows, and tells nothing by colour alone. The same session always gives the same bytes.

use std::fmt::Write;

use crate::caption::{caption, description};
use crate::format::duration;
use crate::interval::{Estimate, Interval};
use crate::scale::LogScale;
use crate::schema::{Measurement, Metric, Session};

const WIDTH: usize = 860;
const BARS_LEFT: f64 = 250.0;
const BARS_WIDTH: f64 = 500.0;
const TOP: usize = 56;
const ROW_HEIGHT: usize = 30;
const BAR_HEIGHT: usize = 16;
const CAPTION_LINE: usize = 17;

/// Longest name beside a bar; of a longer path the end is shown.
const NAME_CHARACTERS: usize = 24;

const TITLE: &str = "Latency of a warm request, step by step";

const STYLE: &str = "\
.paper{fill:#fff}.text{fill:#1f2328}.quiet{fill:#59636e}.bar{fill:#3b78c2}.line{stroke:#d1d9e0}.whisker{stroke:#1f2328}
@media (prefers-color-scheme:dark){.paper{fill:#0d1117}.text{fill:#f0f6fc}.quiet{fill:#9198a1}.bar{fill:#4a8fe0}\
.line{stroke:#3d444d}.whisker{stroke:#f0f6fc}}
text{font:13px system-ui,sans-serif}.heading{font-size:16px;font-weight:600}.whisker{stroke-width:1.5}
";

/// A bar and what stands beside it.
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
                p50: measurement.p50(Metric::Warm)?,
            })
        })
        .collect();
    let ends = rows.iter().flat_map(|row| {
        let Interval { low, high } = interval_or_point(&row.p50);
        [low, high]
    });
    let scale = LogScale::around(ends)?;
    let caption = caption(session, &rows);
    let bottom = TOP + rows.len() * ROW_HEIGHT;
    let height = bottom + 34 + caption.len() * CAPTION_LINE;

    let mut svg = String::new();
    head(&mut svg, height, &description(&rows, &caption));
    axis(&mut svg, scale, bottom);
    for (number, row) in rows.iter().enumerate() {
        bar(&mut svg, scale, TOP + number * ROW_HEIGHT, row);
    }
    for (number, line) in caption.iter().enumerate() {
        let y = bottom + 40 + number * CAPTION_LINE;
        line_of(
            &mut svg,
            format_args!(
                "<text class=\"quiet\" x=\"16\" y=\"{y}\">{}</text>",
                escaped(line)
            ),
        );
    }
    svg.push_str("</svg>\n");
    Some(svg)
}

fn head(svg: &mut String, height: usize, description: &str) {
    line_of(
        svg,
        format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
             viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-labelledby=\"ladder-title ladder-description\">"
        ),
    );
    line_of(
        svg,
        format_args!("<title id=\"ladder-title\">{TITLE}</title>"),
    );
    line_of(
        svg,
        format_args!(
            "<desc id=\"ladder-description\">{}</desc>",
            escaped(description)
        ),
    );
    line_of(svg, format_args!("<style>\n{STYLE}</style>"));
    line_of(
        svg,
        format_args!("<rect class=\"paper\" width=\"{WIDTH}\" height=\"{height}\" rx=\"6\"/>"),
    );
    line_of(
        svg,
        format_args!("<text class=\"text heading\" x=\"16\" y=\"30\">{TITLE}</text>"),
    );
}

fn axis(svg: &mut String, scale: LogScale, bottom: usize) {
    for tick in scale.ticks() {
        let (x, top, label) = (x_of(scale, tick), TOP - 6, tick_label(tick));
        line_of(
            svg,
            format_args!("<path class=\"line\" d=\"M{x:.1} {top}V{bottom}\"/>"),
        );
        let y = bottom + 16;
        line_of(
            svg,
            format_args!(
                "<text class=\"quiet\" x=\"{x:.1}\" y=\"{y}\" text-anchor=\"middle\">{label}</text>"
            ),
        );
    }
}

fn bar(svg: &mut String, scale: LogScale, top: usize, row: &Row) {
    let (middle, baseline) = (top + BAR_HEIGHT / 2, top + BAR_HEIGHT - 3);
    let label = escaped(&shortened(row.name));
    line_of(
        svg,
        format_args!("<text class=\"text\" x=\"16\" y=\"{baseline}\">{label}</text>"),
    );
    let memory = row.measurement.memory_mb;
    line_of(
        svg,
        format_args!(
            "<text class=\"quiet\" x=\"{:.1}\" y=\"{baseline}\" text-anchor=\"end\">{memory} MB</text>",
            BARS_LEFT - 10.0
        ),
    );
    let width = x_of(scale, row.p50.value) - BARS_LEFT;
    line_of(
        svg,
        format_args!(
            "<rect class=\"bar\" x=\"{BARS_LEFT:.1}\" y=\"{top}\" width=\"{width:.1}\" height=\"{BAR_HEIGHT}\" rx=\"2\"/>"
        ),
    );
    let Interval { low, high } = interval_or_point(&row.p50);
    let (low, high) = (x_of(scale, low), x_of(scale, high));
    if row.p50.interval.is_some() {
        let (upper, lower) = (middle - 5, middle + 5);
        line_of(
            svg,
            format_args!(
                "<path class=\"whisker\" d=\"M{low:.1} {middle}H{high:.1}M{low:.1} {upper}V{lower}M{high:.1} {upper}V{lower}\"/>"
            ),
        );
    }
    let value = duration(row.p50.value);
    line_of(
        svg,
        format_args!(
            "<text class=\"text\" x=\"{:.1}\" y=\"{baseline}\">{value}</text>",
            high + 10.0
        ),
    );
}

fn interval_or_point(estimate: &Estimate) -> Interval {
    estimate.interval.unwrap_or(Interval {
        low: estimate.value,
        high: estimate.value,
    })
}

fn x_of(scale: LogScale, value: f64) -> f64 {
    BARS_LEFT + scale.position(value) * BARS_WIDTH
}

fn tick_label(us: f64) -> String {
    if us < 1e3 {
        format!("{us} µs")
    } else {
        format!("{} ms", us / 1e3)
    }
}

fn shortened(name: &str) -> String {
    let length = name.chars().count();
    if length <= NAME_CHARACTERS {
        return name.to_owned();
    }
    let end: String = name.chars().skip(length - NAME_CHARACTERS + 1).collect();
    format!("…{end}")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn line_of(svg: &mut String, line: std::fmt::Arguments) {
    // Writing to a String cannot fail.
    let _ = writeln!(svg, "{line}");
}
