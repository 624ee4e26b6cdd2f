//! A load: requests offered, right answers, failures, second by second; a panel a step, all on one scale. The lines are
//! dashed, solid and filled, and each is named.

use std::fmt::Write as _;

use super::svg::{MARGIN, Svg, WIDTH, line_through};
use crate::format::duration;
use crate::load::{Load, Loaded};
use crate::scale::LinearScale;
use crate::view::caption::where_and_when;
use crate::view::load::quota_in_words;

const LEFT: f64 = 60.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 64.0;
const PANEL: f64 = 170.0;
const GAP: f64 = 64.0;

const TITLE: &str = "Requests offered, served and failed, second by second";

/// The scales that all panels share.
struct Scales {
    seconds: LinearScale,
    counts: LinearScale,
}

impl Scales {
    fn of(load: &Load) -> Option<Self> {
        let series = || load.steps.values().map(|it| &it.series);
        let seconds = series().map(|it| it.offered.len()).max()?;
        let counts = series().flat_map(|it| it.offered.iter().chain(&it.served).chain(&it.failed));
        Some(Self {
            seconds: LinearScale::of_whole_numbers(seconds as f64)?,
            counts: LinearScale::of_whole_numbers(f64::from(*counts.max()?))?,
        })
    }

    fn x(&self, second: f64) -> f64 {
        LEFT + self.seconds.position(second) * (WIDTH as f64 - LEFT - RIGHT)
    }

    fn y(&self, bottom: f64, count: f64) -> f64 {
        bottom - self.counts.position(count) * PANEL
    }

    /// A line through the middle of each second.
    fn path(&self, bottom: f64, counts: &[u32]) -> String {
        line_through(counts.iter().enumerate().map(|(second, count)| {
            let x = self.x(second as f64 + 0.5);
            (x, self.y(bottom, f64::from(*count)))
        }))
    }
}

/// The picture of a load; none if nothing was sent.
pub fn ramp(load: &Load) -> Option<String> {
    let scales = Scales::of(load)?;
    let panels = load.steps.len() as f64;
    // The last panel's seconds stand below it.
    let bottom = TOP + panels * (PANEL + GAP) - GAP + 56.0;
    let mut svg = Svg::new(&format!("load-{}", load.conditions.id), TITLE);
    legend(&mut svg);
    for (number, (name, loaded)) in load.steps.iter().enumerate() {
        let top = TOP + number as f64 * (PANEL + GAP);
        panel(&mut svg, &scales, top, name, loaded);
    }
    Some(svg.finish(bottom, &caption(load), &description(load)))
}

fn legend(svg: &mut Svg) {
    let y = 24.0;
    for (class, x) in [("offered", 560.0), ("served", 660.0), ("failed", 760.0)] {
        match class {
            "failed" => svg.path(class, &format!("M{x} {y}h24v-8h-24z")),
            _ => svg.path(class, &format!("M{x} {}h24", y - 4.0)),
        }
        svg.text("quiet", x + 30.0, y, class);
    }
}

fn panel(svg: &mut Svg, scales: &Scales, top: f64, name: &str, loaded: &Loaded) {
    // The name stands above the panel.
    let bottom = top + 24.0 + PANEL;
    svg.text("text strong", MARGIN, top + 12.0, name);
    let right = WIDTH as f64 - RIGHT;
    svg.text_before("quiet", right, top + 12.0, &summary(loaded));
    if let Some(second) = loaded.saturated_from_s {
        let x = scales.x(f64::from(second));
        svg.rect("saturated", x, bottom - PANEL, right - x, PANEL);
    }
    for count in scales.counts.ticks() {
        let y = scales.y(bottom, count);
        svg.path("line", &format!("M{LEFT:.1} {y:.1}H{right:.1}"));
        svg.text_before("quiet", LEFT - 8.0, y + 4.0, &format!("{count}/s"));
    }
    for second in scales.seconds.ticks() {
        let (x, label) = (scales.x(second), format!("{second} s"));
        svg.text_around("quiet", x, bottom + 17.0, &label);
    }
    if loaded.failed() > 0 {
        let line = scales.path(bottom, &loaded.series.failed);
        let ends = [loaded.series.failed.len() as f64 - 0.5, 0.5];
        let [end, begin] = ends.map(|second| scales.x(second));
        let area = format!("{line}L{end:.1} {bottom:.1}L{begin:.1} {bottom:.1}Z");
        svg.path("failed", &area);
    }
    svg.path("offered", &scales.path(bottom, &loaded.series.offered));
    svg.path("served", &scales.path(bottom, &loaded.series.served));
}

/// The panel's figures in a line.
fn summary(loaded: &Loaded) -> String {
    let failed = match loaded.failed() {
        0 => "no failure".to_owned(),
        failed => format!("{failed} failed"),
    };
    let latency = loaded.latency.map_or(String::new(), |latency| {
        let [p50, p99] = [latency.p50_us, latency.p99_us].map(|us| duration(us as f64));
        format!(", p50 {p50}, p99 {p99}")
    });
    let (served, offered) = (loaded.served, loaded.offered);
    format!("{served} of {offered} served, {failed}{latency}")
}

/// The chart in words, for those who do not see it.
fn description(load: &Load) -> String {
    let mut words = String::new();
    for (name, loaded) in &load.steps {
        let _ = write!(words, "{name}: {}", summary(loaded));
        if let Some(second) = loaded.first_error_s {
            let _ = write!(words, ", the first at second {second:.0}");
        }
        words.push_str(". ");
    }
    words
}

/// What must be known to judge the chart: a sentence a line.
fn caption(load: &Load) -> Vec<String> {
    let mut lines = vec![format!("{}: {}.", load.strategy, load.phases)];
    if let Some(concurrency) = load.concurrency {
        let quota = load.conditions.method.parameter_quota.map(quota_in_words);
        let quota = quota.unwrap_or_default();
        lines.push(format!("At most {concurrency} environments{quota}."));
    }
    if load.steps.values().any(|it| it.saturated_from_s.is_some()) {
        lines.push(
            "Grey: this machine's CPUs were busy, so that it was the limit and not the step."
                .to_owned(),
        );
    }
    lines.push(where_and_when(&load.conditions));
    lines
}
