//! The waterfall on a terminal.

use std::fmt::Write as _;

use lab_results::format::{duration, short_name};
use lab_results::trace::{Kind, Temperature, Trace, Usage};

use super::plain_table;

/// Columns of the longest timeline.
const COLUMNS: usize = 48;

/// All timelines, each from its own beginning, on one axis.
pub fn tables(traces: &[&Trace]) -> String {
    let longest = traces
        .iter()
        .map(|trace| trace.whole_us())
        .fold(0.0, f64::max);
    let mut text = String::new();
    for trace in traces {
        text += &one(trace, longest);
    }
    text + "█ init, and the phases that the step itself sends to X-Ray; ░ what no phase accounts for"
}

fn one(trace: &Trace, longest: f64) -> String {
    let (begin, whole) = (trace.begin_us(), trace.whole_us());
    let share = |us: f64| format!("{:.0} %", us / whole * 100.0);
    let mut table = plain_table(&["", "", "time", "share"], &[2, 3]);
    for line in trace.lines() {
        let fill = if line.kind == Kind::Rest {
            '░'
        } else {
            '█'
        };
        let failed = if line.failed { " (failed)" } else { "" };
        let us = line.duration_us();
        table.add_row([
            format!("{}{failed}", line.name),
            bar(&line.pieces, begin, longest, fill),
            duration(us),
            share(us),
        ]);
    }
    let rest = whole - trace.attributed_us();
    let mut text = format!(
        "\n{}, {} MB, {} request: {}, the median of {}; network profile {}\n{table}\n",
        short_name(&trace.step),
        trace.memory_mb,
        match trace.temperature {
            Temperature::Cold => "first",
            Temperature::Warm => "warm",
        },
        duration(whole),
        trace.chosen_from,
        trace.conditions.network.profile,
    );
    let _ = writeln!(
        text,
        "named {} ({}), the rest {} ({}); until everybody asked for the next event another {}",
        duration(trace.attributed_us()),
        share(trace.attributed_us()),
        duration(rest),
        share(rest),
        duration((trace.idle_us - trace.answered_us).max(0.0)),
    );
    if let Some(init) = &trace.init {
        let _ = writeln!(
            text,
            "init          {}  first /next after {}",
            used(&init.usage),
            duration(init.duration_us)
        );
    }
    let _ = writeln!(text, "the request   {}", used(&trace.usage));
    text
}

/// `CPU 3.60 ms, held back by the limit 0.20 ms, modelled network 30.8 ms`
fn used(usage: &Usage) -> String {
    let throttled = usage.throttled_us.map_or_else(
        || "CPU not limited".to_owned(),
        |us| format!("held back by the limit {}", duration(us)),
    );
    format!(
        "CPU {}, {throttled}, modelled network {}",
        duration(usage.cpu_us),
        duration(usage.network_us)
    )
}

/// The pieces where they lie on the axis; none is so short that it cannot be seen.
fn bar(pieces: &[(f64, f64)], begin: f64, longest: f64, fill: char) -> String {
    let column = |us: f64| (us / longest * COLUMNS as f64).clamp(0.0, COLUMNS as f64);
    let mut cells = vec![' '; COLUMNS];
    for (start, end) in pieces {
        let first = (column(start - begin) as usize).min(COLUMNS - 1);
        let last = (column(end - begin).round() as usize).clamp(first + 1, COLUMNS);
        cells[first..last].fill(fill);
    }
    cells.into_iter().collect::<String>().trim_end().to_owned()
}
