//! The timelines of single invocations, on one axis.

use std::fmt::Write as _;

use super::svg::{MARGIN, Svg, WIDTH, shortened};
use crate::format::duration;
use crate::scale::LinearScale;
use crate::trace::{Part, Temperature, Trace};
use crate::view::caption::{say_once, where_and_when};

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
    let longest = traces.iter().map(|trace| trace.whole_us());
    let scale = LinearScale::up_to(longest.reduce(f64::max)?)?;
    let names: Vec<&str> = traces.iter().map(|trace| trace.step.as_str()).collect();
    let temperature = match traces[0].temperature {
        Temperature::Cold => "cold",
        Temperature::Warm => "warm",
    };
    let id = format!("waterfall-{temperature}-{}", names.join("-"));
    let title = format!("Where the time of a {temperature} request goes");
    let mut svg = Svg::new(&id, &title);
    let rows = traces.iter().map(|it| it.bars().len() + used(it).len());
    let rows: usize = rows.sum();
    let bottom =
        TOP + traces.len() as f64 * (HEADING_HEIGHT + BLOCK_GAP) + rows as f64 * ROW_HEIGHT;
    let x = |us: f64| LEFT + scale.position(us) * PLOT_WIDTH;
    svg.axis(scale.ticks(), x, TOP, bottom);
    let mut top = TOP;
    for trace in traces {
        top = block(&mut svg, scale, top, trace);
    }
    Some(svg.finish(bottom + 20.0, &caption(traces), &described(traces)))
}

/// CPU time, time without CPU, and the modelled network, init included.
fn used(trace: &Trace) -> Vec<Used> {
    let init = trace.init.as_ref().map(|init| &init.usage);
    let parts = || init.into_iter().chain([&trace.usage]);
    let throttled: Option<f64> = parts().map(|usage| usage.throttled_us).sum();
    let used = [
        Some(("CPU time", parts().map(|usage| usage.cpu_us).sum())),
        throttled.map(|us| ("throttled by the limit", us)),
        Some((
            "modelled network",
            parts().map(|usage| usage.network_us).sum(),
        )),
    ];
    used.into_iter().flatten().collect()
}

fn block(svg: &mut Svg, scale: LinearScale, mut top: f64, trace: &Trace) -> f64 {
    let begin = trace.begin_us();
    let whole = trace.whole_us();
    let heading = format!("{}, {} MB", shortened(&trace.step), trace.memory_mb);
    let right = WIDTH as f64 - MARGIN;
    svg.text("text strong", MARGIN, top + 14.0, &heading);
    svg.text_before("text strong", right, top + 14.0, &duration(whole));
    top += HEADING_HEIGHT;
    for line in trace.bars() {
        let (class, style) = match line.part {
            Part::Platform => ("platform", "text"),
            Part::Phase | Part::Service => ("phase", "text"),
            Part::Rest => ("rest", "quiet"),
        };
        svg.text(style, MARGIN + 10.0, top + 11.0, &line.label());
        for (start, end) in &line.pieces {
            let x = LEFT + scale.position(start - begin) * PLOT_WIDTH;
            let width = scale.position(end - start) * PLOT_WIDTH;
            svg.rect(class, x, top, width.max(0.8), BAR_HEIGHT);
        }
        value(svg, top, line.duration_us(), whole);
        top += ROW_HEIGHT;
    }
    for (name, us) in used(trace) {
        svg.text("quiet", MARGIN + 10.0, top + 11.0, name);
        let middle = top + BAR_HEIGHT / 2.0;
        let end = LEFT + scale.position(us) * PLOT_WIDTH;
        let line = format!("M{LEFT:.1} {middle:.1}H{end:.1}m0 -4v8");
        svg.path("whisker", &line);
        value(svg, top, us, whole);
        top += ROW_HEIGHT;
    }
    top + BLOCK_GAP
}

fn value(svg: &mut Svg, top: f64, us: f64, whole: f64) {
    let right = WIDTH as f64 - MARGIN;
    if us <= 0.0 {
        svg.text_before("quiet", right - 48.0, top + 11.0, "none");
        return;
    }
    let share = format!("{:.0} %", us / whole * 100.0);
    svg.text_before("text", right - 48.0, top + 11.0, &duration(us));
    svg.text_before("quiet", right, top + 11.0, &share);
}

fn caption(traces: &[&Trace]) -> Vec<String> {
    let mut lines = vec![
        "Filled: init, and the phases that the step itself sent to X-Ray. Dashed: what no phase accounts for.".to_owned(),
        "Lines with an end: what it used at no particular moment, inside of the bars above. Right: time and its share.".to_owned(),
    ];
    if traces
        .iter()
        .any(|trace| trace.phases.is_empty() && !trace.services.is_empty())
    {
        lines.push("Of a function that sends no documents: when it waited for a service, as the lab saw its connections.".to_owned());
    }
    if traces.iter().any(|trace| trace.init.is_some()) {
        lines.push("CPU time includes the launching of the processes, which is before the clock of init begins.".to_owned());
    }
    for trace in traces {
        let (of, conditions) = (trace.chosen_from, where_and_when(&trace.conditions));
        say_once(
            &mut lines,
            format!("The median of {of} requests. {conditions}"),
        );
    }
    lines
}

fn described(traces: &[&Trace]) -> String {
    let mut text = String::new();
    for trace in traces {
        let (step, memory, whole) = (&trace.step, trace.memory_mb, duration(trace.whole_us()));
        let _ = write!(text, "{step} with {memory} MB, {whole} in all:");
        for line in trace.bars() {
            let failed = if line.failed { ", failed" } else { "" };
            let took = duration(line.duration_us());
            let _ = write!(text, " {} {took}{failed};", line.name);
        }
        for (name, us) in used(trace) {
            let _ = write!(text, " {name} {};", duration(us));
        }
        text.push(' ');
    }
    text
}
