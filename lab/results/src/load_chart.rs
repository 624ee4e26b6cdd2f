//! A load as an SVG: requests offered, right answers, failures, second by second; a panel a step, all on one scale.
//!
//! As the ladder, the picture carries its own background, follows the reader's light or dark setting, and tells nothing by
//! colour alone: the lines are dashed, solid and filled, and each is named.

use std::fmt::Write;

use crate::format::duration;
use crate::load::{Load, Loaded};

const WIDTH: usize = 860;
const LEFT: f64 = 60.0;
const RIGHT: f64 = 20.0;
const TOP: usize = 64;
const PANEL: f64 = 170.0;
const GAP: f64 = 64.0;
const CAPTION_LINE: usize = 17;

const TITLE: &str = "Requests offered, served and failed, second by second";

const STYLE: &str = "\
.paper{fill:#fff}.text{fill:#1f2328}.quiet{fill:#59636e}.line{stroke:#d1d9e0;fill:none}\
.offered{stroke:#59636e;stroke-dasharray:5 4;fill:none;stroke-width:1.5}.served{stroke:#3b78c2;fill:none;stroke-width:2}\
.failed{fill:#c9462c;fill-opacity:.35;stroke:#c9462c;stroke-width:1}.saturated{fill:#59636e;fill-opacity:.15}
@media (prefers-color-scheme:dark){.paper{fill:#0d1117}.text{fill:#f0f6fc}.quiet{fill:#9198a1}.line{stroke:#3d444d}\
.offered{stroke:#9198a1}.served{stroke:#4a8fe0}.failed{fill:#f0704f;stroke:#f0704f}.saturated{fill:#9198a1}}
text{font:13px system-ui,sans-serif}.heading{font-size:16px;font-weight:600}.name{font-weight:600}
";

/// The scales that all panels share.
struct Scales {
    seconds: f64,
    most: f64,
}

impl Scales {
    fn of(load: &Load) -> Option<Self> {
        let series = || load.steps.values().map(|it| &it.series);
        let seconds = series().map(|it| it.offered.len()).max()?;
        let counts = series().flat_map(|it| it.offered.iter().chain(&it.served).chain(&it.failed));
        let most = counts.copied().max().filter(|most| *most > 0)?;
        Some(Self {
            seconds: seconds as f64,
            most: f64::from(most),
        })
    }

    fn x(&self, second: f64) -> f64 {
        LEFT + second / self.seconds * (WIDTH as f64 - LEFT - RIGHT)
    }

    fn y(&self, bottom: f64, count: f64) -> f64 {
        bottom - count / self.most * PANEL
    }

    /// A line through the middle of each second.
    fn path(&self, bottom: f64, counts: &[u32]) -> String {
        let mut path = String::new();
        for (second, count) in counts.iter().enumerate() {
            let (x, y) = (
                self.x(second as f64 + 0.5),
                self.y(bottom, f64::from(*count)),
            );
            let command = if second == 0 { 'M' } else { 'L' };
            let _ = write!(path, "{command}{x:.1} {y:.1}");
        }
        path
    }
}

/// The load's picture; none if nothing was sent.
pub fn ramp(load: &Load) -> Option<String> {
    let scales = Scales::of(load)?;
    let caption = caption(load);
    let panels = load.steps.len() as f64;
    // The last panel's seconds stand below it.
    let bottom = TOP as f64 + panels * (PANEL + GAP) - GAP + 52.0;
    let height = bottom as usize + 24 + caption.len() * CAPTION_LINE + 8;

    let mut svg = String::new();
    head(&mut svg, height, &description(load, &caption));
    legend(&mut svg);
    for (number, (name, loaded)) in load.steps.iter().enumerate() {
        let top = TOP as f64 + number as f64 * (PANEL + GAP);
        panel(&mut svg, &scales, top, name, loaded);
    }
    for (number, line) in caption.iter().enumerate() {
        let y = bottom + 24.0 + (number * CAPTION_LINE) as f64;
        text(&mut svg, "quiet", 16.0, y, "start", line);
    }
    svg.push_str("</svg>\n");
    Some(svg)
}

fn head(svg: &mut String, height: usize, description: &str) {
    let _ = writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" \
         role=\"img\" aria-labelledby=\"load-title load-description\">\n<title id=\"load-title\">{TITLE}</title>\n\
         <desc id=\"load-description\">{}</desc>\n<style>\n{STYLE}</style>\n\
         <rect class=\"paper\" width=\"{WIDTH}\" height=\"{height}\" rx=\"6\"/>",
        escaped(description)
    );
    text(svg, "text heading", 16.0, 28.0, "start", TITLE);
}

fn legend(svg: &mut String) {
    let y = 24.0;
    let entries = [("offered", 560.0), ("served", 660.0), ("failed", 760.0)];
    for (class, x) in entries {
        let mark = if class == "failed" {
            format!("<path class=\"{class}\" d=\"M{x} {y}h24v-8h-24z\"/>")
        } else {
            let y = y - 4.0;
            format!("<path class=\"{class}\" d=\"M{x} {y}h24\"/>")
        };
        let _ = writeln!(svg, "{mark}");
        text(svg, "quiet", x + 30.0, y, "start", class);
    }
}

fn panel(svg: &mut String, scales: &Scales, top: f64, name: &str, loaded: &Loaded) {
    // The name stands above the panel.
    let bottom = top + 24.0 + PANEL;
    text(svg, "text name", 16.0, top + 12.0, "start", name);
    let right = WIDTH as f64 - RIGHT;
    text(svg, "quiet", right, top + 12.0, "end", &summary(loaded));
    if let Some(second) = loaded.saturated_from_s {
        let (x, y) = (scales.x(f64::from(second)), bottom - PANEL);
        let width = right - x;
        let _ = writeln!(
            svg,
            "<rect class=\"saturated\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{PANEL:.1}\"/>"
        );
    }
    for count in ticks(scales.most) {
        let y = scales.y(bottom, count);
        let _ = writeln!(
            svg,
            "<path class=\"line\" d=\"M{LEFT:.1} {y:.1}H{right:.1}\"/>"
        );
        let label = format!("{count}/s");
        text(svg, "quiet", LEFT - 8.0, y + 4.0, "end", &label);
    }
    for second in ticks(scales.seconds) {
        let label = format!("{second} s");
        let x = scales.x(second);
        text(svg, "quiet", x, bottom + 17.0, "middle", &label);
    }
    if loaded.failed() > 0 {
        let line = scales.path(bottom, &loaded.series.failed);
        let end = scales.x(loaded.series.failed.len() as f64 - 0.5);
        let begin = scales.x(0.5);
        let _ = writeln!(
            svg,
            "<path class=\"failed\" d=\"{line}L{end:.1} {bottom:.1}L{begin:.1} {bottom:.1}Z\"/>"
        );
    }
    for (class, counts) in [
        ("offered", &loaded.series.offered),
        ("served", &loaded.series.served),
    ] {
        let line = scales.path(bottom, counts);
        let _ = writeln!(svg, "<path class=\"{class}\" d=\"{line}\"/>");
    }
}

/// Up to six round numbers from 0.
fn ticks(most: f64) -> Vec<f64> {
    let power = 10_f64.powf(most.log10().floor());
    let steps = [0.2, 0.5, 1.0, 2.0, 5.0].map(|factor| factor * power);
    let step = steps.into_iter().find(|step| most / step <= 5.5);
    let step = step.unwrap_or(10.0 * power).max(1.0);
    (0..=(most / step) as u32)
        .map(|number| f64::from(number) * step)
        .collect()
}

/// The panel's figures in a line.
fn summary(loaded: &Loaded) -> String {
    let failed = match loaded.failed() {
        0 => "no failure".to_owned(),
        failed => format!("{failed} failed"),
    };
    let latency = loaded.latency.map_or(String::new(), |latency| {
        format!(
            ", p50 {}, p99 {}",
            duration(latency.p50_us as f64),
            duration(latency.p99_us as f64)
        )
    });
    format!(
        "{} of {} served, {failed}{latency}",
        loaded.served, loaded.offered
    )
}

/// The chart in words, for those who do not see it.
fn description(load: &Load, caption: &[String]) -> String {
    let mut words = String::new();
    for (name, loaded) in &load.steps {
        let _ = write!(words, "{name}: {}", summary(loaded));
        if let Some(second) = loaded.first_error_s {
            let _ = write!(words, ", the first at second {second:.0}");
        }
        words.push_str(". ");
    }
    words + &caption.join(" ")
}

/// What must be known to judge the chart: a sentence a line.
fn caption(load: &Load) -> Vec<String> {
    let mut lines = vec![format!("{}: {}.", load.strategy, load.phases)];
    if let Some(concurrency) = load.concurrency {
        let quota = load.parameter_quota.map_or(String::new(), |quota| {
            format!("; Parameter Store answers {quota} requests/s")
        });
        lines.push(format!("At most {concurrency} environments{quota}."));
    }
    if load.steps.values().any(|it| it.saturated_from_s.is_some()) {
        lines.push(
            "Grey: this machine's CPUs were busy, so that it was the limit and not the step."
                .to_owned(),
        );
    }
    let date = load.started.split('T').next().unwrap_or_default();
    let profile = load.network.as_ref().map_or(String::new(), |network| {
        format!(", network {}", network.profile)
    });
    let limits = match &load.limits {
        Some(limits) if !limits.cpu => ", without Lambda's CPU and memory limits",
        _ => "",
    };
    lines.push(format!(
        "{date}: {}, {} cores{profile}{limits}.",
        load.machine.cpu.trim(),
        load.machine.logical_cores
    ));
    lines
}

fn text(svg: &mut String, class: &str, x: f64, y: f64, anchor: &str, text: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(
        svg,
        "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>",
        escaped(text)
    );
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_few_and_round() {
        assert_eq!(ticks(100.0), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(ticks(71.0), [0.0, 20.0, 40.0, 60.0]);
        assert_eq!(ticks(3.0), [0.0, 1.0, 2.0, 3.0]);
        for most in 1..10_000 {
            let ticks = ticks(f64::from(most));
            assert!((1..=6).contains(&ticks.len()), "{most}: {ticks:?}");
        }
    }
}
