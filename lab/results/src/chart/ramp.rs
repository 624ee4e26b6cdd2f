//! A load: requests offered, right answers, failures, second by second; a panel a step, all on one scale. The lines are
//! dashed, solid and filled, and each is named.

use std::fmt::Write as _;

use super::svg::{Anchor, MARGIN, Svg, WIDTH, line_through};
use crate::format::duration;
use crate::load::{Load, Loaded};
use crate::view::caption::where_and_when;

const LEFT: f64 = 60.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 64.0;
const PANEL: f64 = 170.0;
const GAP: f64 = 64.0;

const TITLE: &str = "Requests offered, served and failed, second by second";

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
        line_through(counts.iter().enumerate().map(|(second, count)| {
            let x = self.x(second as f64 + 0.5);
            (x, self.y(bottom, f64::from(*count)))
        }))
    }
}

/// The picture of a load; none if nothing was sent.
pub fn ramp(load: &Load) -> Option<String> {
    let scales = Scales::of(load)?;
    let caption = caption(load);
    let panels = load.steps.len() as f64;
    // The last panel's seconds stand below it.
    let bottom = TOP + panels * (PANEL + GAP) - GAP + 56.0;
    let mut svg = Svg::new(&format!("load-{}", load.conditions.id), TITLE);
    legend(&mut svg);
    for (number, (name, loaded)) in load.steps.iter().enumerate() {
        let top = TOP + number as f64 * (PANEL + GAP);
        panel(&mut svg, &scales, top, name, loaded);
    }
    Some(svg.finish(bottom, &caption, &description(load, &caption)))
}

fn legend(svg: &mut Svg) {
    let y = 24.0;
    for (class, x) in [("offered", 560.0), ("served", 660.0), ("failed", 760.0)] {
        match class {
            "failed" => svg.path(class, &format!("M{x} {y}h24v-8h-24z")),
            _ => svg.path(class, &format!("M{x} {}h24", y - 4.0)),
        }
        svg.text("quiet", x + 30.0, y, Anchor::Start, class);
    }
}

fn panel(svg: &mut Svg, scales: &Scales, top: f64, name: &str, loaded: &Loaded) {
    // The name stands above the panel.
    let bottom = top + 24.0 + PANEL;
    svg.text("text strong", MARGIN, top + 12.0, Anchor::Start, name);
    let right = WIDTH as f64 - RIGHT;
    svg.text("quiet", right, top + 12.0, Anchor::End, &summary(loaded));
    if let Some(second) = loaded.saturated_from_s {
        let x = scales.x(f64::from(second));
        svg.rect("saturated", x, bottom - PANEL, right - x, PANEL);
    }
    for count in ticks(scales.most) {
        let y = scales.y(bottom, count);
        svg.path("line", &format!("M{LEFT:.1} {y:.1}H{right:.1}"));
        svg.text(
            "quiet",
            LEFT - 8.0,
            y + 4.0,
            Anchor::End,
            &format!("{count}/s"),
        );
    }
    for second in ticks(scales.seconds) {
        let label = format!("{second} s");
        svg.text(
            "quiet",
            scales.x(second),
            bottom + 17.0,
            Anchor::Middle,
            &label,
        );
    }
    if loaded.failed() > 0 {
        let line = scales.path(bottom, &loaded.series.failed);
        let end = scales.x(loaded.series.failed.len() as f64 - 0.5);
        let begin = scales.x(0.5);
        svg.path(
            "failed",
            &format!("{line}L{end:.1} {bottom:.1}L{begin:.1} {bottom:.1}Z"),
        );
    }
    svg.path("offered", &scales.path(bottom, &loaded.series.offered));
    svg.path("served", &scales.path(bottom, &loaded.series.served));
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
        let quota = load
            .conditions
            .method
            .parameter_quota
            .map_or(String::new(), |quota| {
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
    lines.push(where_and_when(&load.conditions));
    lines
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
