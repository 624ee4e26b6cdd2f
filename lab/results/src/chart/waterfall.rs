//! The timelines of single invocations, on one axis.

use std::fmt::Write as _;

use super::ladder::tick_label;
use super::svg::{Anchor, MARGIN, Svg, WIDTH, shortened};
use crate::format::duration;
use crate::scale::LinearScale;
use crate::trace::{Bar, Part, Temperature, Trace};
use crate::view::caption::where_and_when;

const LEFT: f64 = 190.0;
const PLOT_WIDTH: f64 = 520.0;
const TOP: f64 = 56.0;
const HEADING_HEIGHT: f64 = 26.0;
const ROW_HEIGHT: f64 = 20.0;
const BLOCK_GAP: f64 = 14.0;
const BAR_HEIGHT: f64 = 12.0;

/// What is used at no particular moment: name and time, µs.
type Used = (&'static str, f64);

/// One or more timelines below each other, each from its own beginning, on one axis; none without a timeline.
pub fn waterfall(traces: &[&Trace]) -> Option<String> {
    let longest = traces
        .iter()
        .map(|trace| trace.whole_us())
        .reduce(f64::max)?;
    let scale = LinearScale::up_to(longest)?;
    let names: Vec<&str> = traces.iter().map(|trace| trace.step.as_str()).collect();
    let temperature = match traces[0].temperature {
        Temperature::Cold => "cold",
        Temperature::Warm => "warm",
    };
    let id = format!("waterfall-{temperature}-{}", names.join("-"));
    let title = format!("Where the time of a {temperature} request goes");
    let mut svg = Svg::new(&id, &title);
    let blocks: Vec<(Vec<Bar>, Vec<Used>)> = traces
        .iter()
        .map(|trace| (trace.bars(), used(trace)))
        .collect();
    let bottom = TOP
        + blocks
            .iter()
            .map(|(lines, used)| {
                HEADING_HEIGHT + ROW_HEIGHT * (lines.len() + used.len()) as f64 + BLOCK_GAP
            })
            .sum::<f64>();
    for tick in scale.ticks() {
        let x = LEFT + scale.position(tick) * PLOT_WIDTH;
        svg.vertical(x, TOP - 6.0, bottom);
        svg.text("quiet", x, bottom + 16.0, Anchor::Middle, &tick_label(tick));
    }
    let mut top = TOP;
    for (trace, (lines, used)) in traces.iter().zip(&blocks) {
        top = block(&mut svg, scale, top, trace, lines, used);
    }
    let caption = caption(traces);
    let description = described(traces, &caption);
    Some(svg.finish(bottom + 20.0, &caption, &description))
}

/// CPU time, time without CPU, and the modelled network, init included.
fn used(trace: &Trace) -> Vec<Used> {
    let parts = [
        Some(&trace.usage),
        trace.init.as_ref().map(|init| &init.usage),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    let mut used = vec![("CPU time", parts.iter().map(|usage| usage.cpu_us).sum())];
    let throttled: Option<f64> = parts.iter().map(|usage| usage.throttled_us).sum();
    used.extend(throttled.map(|us| ("throttled by the limit", us)));
    used.push((
        "modelled network",
        parts.iter().map(|usage| usage.network_us).sum(),
    ));
    used
}

fn block(
    svg: &mut Svg,
    scale: LinearScale,
    mut top: f64,
    trace: &Trace,
    lines: &[Bar],
    used: &[Used],
) -> f64 {
    let begin = trace.begin_us();
    let whole = trace.whole_us();
    let heading = format!("{}, {} MB", shortened(&trace.step), trace.memory_mb);
    svg.text("text strong", MARGIN, top + 14.0, Anchor::Start, &heading);
    svg.text(
        "text strong",
        WIDTH as f64 - MARGIN,
        top + 14.0,
        Anchor::End,
        &duration(whole),
    );
    top += HEADING_HEIGHT;
    for line in lines {
        let class = match line.part {
            Part::Platform => "platform",
            Part::Phase => "phase",
            Part::Rest => "rest",
        };
        let style = if line.part == Part::Rest {
            "quiet"
        } else {
            "text"
        };
        let failed = if line.failed { " (failed)" } else { "" };
        svg.text(
            style,
            MARGIN + 10.0,
            top + 11.0,
            Anchor::Start,
            &format!("{}{failed}", line.name),
        );
        for (start, end) in &line.pieces {
            let x = LEFT + scale.position(start - begin) * PLOT_WIDTH;
            let width = scale.position(end - start) * PLOT_WIDTH;
            svg.rect(class, x, top, width.max(0.8), BAR_HEIGHT);
        }
        value(svg, top, line.duration_us(), whole);
        top += ROW_HEIGHT;
    }
    for (name, us) in used {
        svg.text("quiet", MARGIN + 10.0, top + 11.0, Anchor::Start, name);
        let middle = top + BAR_HEIGHT / 2.0;
        let end = LEFT + scale.position(*us) * PLOT_WIDTH;
        svg.path(
            "whisker",
            &format!("M{LEFT:.1} {middle:.1}H{end:.1}m0 -4v8"),
        );
        value(svg, top, *us, whole);
        top += ROW_HEIGHT;
    }
    top + BLOCK_GAP
}

fn value(svg: &mut Svg, top: f64, us: f64, whole: f64) {
    let right = WIDTH as f64 - MARGIN;
    if us <= 0.0 {
        svg.text("quiet", right - 48.0, top + 11.0, Anchor::End, "none");
        return;
    }
    let share = format!("{:.0} %", us / whole * 100.0);
    svg.text("text", right - 48.0, top + 11.0, Anchor::End, &duration(us));
    svg.text("quiet", right, top + 11.0, Anchor::End, &share);
}

fn caption(traces: &[&Trace]) -> Vec<String> {
    let mut lines = vec![
        "Filled: init, and the phases that the step itself sent to X-Ray. Dashed: what no phase accounts for.".to_owned(),
        "Lines with an end: what it used at no particular moment, inside of the bars above. Right: time and its share.".to_owned(),
    ];
    if traces.iter().any(|trace| trace.init.is_some()) {
        lines.push("CPU time includes the launching of the processes, which is before the clock of init begins.".to_owned());
    }
    let mut seen: Vec<&str> = Vec::new();
    for trace in traces {
        if !seen.contains(&trace.conditions.id.as_str()) {
            seen.push(&trace.conditions.id);
            lines.push(format!(
                "The median of {} requests. {}",
                trace.chosen_from,
                where_and_when(&trace.conditions)
            ));
        }
    }
    lines
}

fn described(traces: &[&Trace], caption: &[String]) -> String {
    let mut text = String::new();
    for trace in traces {
        let _ = write!(
            text,
            "{} with {} MB, {} in all:",
            trace.step,
            trace.memory_mb,
            duration(trace.whole_us())
        );
        for line in trace.bars() {
            let failed = if line.failed { ", failed" } else { "" };
            let _ = write!(
                text,
                " {} {}{failed};",
                line.name,
                duration(line.duration_us())
            );
        }
        for (name, us) in used(trace) {
            let _ = write!(text, " {name} {};", duration(us));
        }
        text.push(' ');
    }
    text + &caption.join(" ")
}
