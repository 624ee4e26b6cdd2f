//! The waterfall on a terminal.

use super::quantity::several_of;
use super::section::{Column, Content, Section};
use crate::format::{duration, short_name};
use crate::trace::{Asked, Part, Temperature, Trace, Usage};

/// Columns of the longest timeline.
const COLUMNS: usize = 48;

/// All timelines, each from its own beginning, on one axis.
pub fn sections(traces: &[&Trace]) -> Vec<Section> {
    let whole = traces.iter().map(|trace| trace.whole_us());
    let longest = whole.fold(0.0, f64::max);
    let mut sections: Vec<Section> = traces.iter().map(|trace| one(trace, longest)).collect();
    if let Some(last) = sections.last_mut() {
        let seen = traces.iter().flat_map(|trace| trace.bars());
        let seen = seen.filter(|bar| bar.part == Part::Service).count() > 0;
        let legend = "█ init, and the phases that the step itself sends to X-Ray; ░ what no phase accounts for";
        last.notes.push(legend.to_owned());
        if seen {
            let services = "▒ waiting for a service, by what the lab itself saw of its connections";
            last.notes.push(services.to_owned());
        }
    }
    sections
}

fn one(trace: &Trace, longest: f64) -> Section {
    let (begin, whole) = (trace.begin_us(), trace.whole_us());
    let share = |us: f64| format!("{:.0} %", us / whole * 100.0);
    let rows = trace.bars().into_iter().map(|line| {
        let fill = match line.part {
            Part::Rest => '░',
            Part::Service => '▒',
            Part::Platform | Part::Phase => '█',
        };
        let us = line.duration_us();
        vec![
            line.label(),
            bar(&line.pieces, begin, longest, fill),
            duration(us),
            share(us),
        ]
    });
    let request = match trace.temperature {
        Temperature::Cold => "first",
        Temperature::Warm => "warm",
    };
    Section {
        heading: String::new(),
        about: format!(
            "{}, {} MB, {request} request: {}, the median of {}; network profile {}",
            short_name(&trace.step),
            trace.memory_mb,
            duration(whole),
            trace.chosen_from,
            trace.conditions.profile().unwrap_or_default(),
        ),
        columns: vec![
            Column::new("", Content::Text),
            Column::new("", Content::Text),
            Column::new("time", Content::Number),
            Column::new("share", Content::Number),
        ],
        rows: rows.collect(),
        notes: notes(trace, share),
    }
}

fn notes(trace: &Trace, share: impl Fn(f64) -> String) -> Vec<String> {
    let rest = trace.whole_us() - trace.attributed_us();
    let named = if trace.phases.is_empty() && trace.services.is_empty() {
        "no phase has a name: the function sent no X-Ray document".to_owned()
    } else {
        let named = match (trace.phases.is_empty(), &trace.init) {
            (true, None) => "waiting for services",
            (true, Some(_)) => "init and waiting for services",
            (false, _) => "named",
        };
        format!(
            "{named} {} ({}), the rest {} ({})",
            duration(trace.attributed_us()),
            share(trace.attributed_us()),
            duration(rest),
            share(rest)
        )
    };
    let named = format!(
        "{named}; until everybody asked for the next event another {}",
        duration((trace.idle_us - trace.answered_us).max(0.0))
    );
    let init = trace.init.as_ref().map(|init| {
        let (used, next) = (used(&init.usage), duration(init.duration_us));
        format!("init          {used}  first /next after {next}")
    });
    let request = format!("the request   {}", used(&trace.usage));
    let asked = trace.services.iter().map(asked);
    let used = [named].into_iter().chain(init).chain([request]);
    used.chain(asked).collect()
}

/// `asked         database: 2 round trips, waited for 1.40 ms`
fn asked(asked: &Asked) -> String {
    let thing = if asked.service.starts_with("upstream ") {
        "request"
    } else {
        "round trip"
    };
    format!(
        "asked         {}: {}, waited for {}",
        asked.service,
        several_of(asked.round_trips as f64, thing),
        duration(asked.waited_us())
    )
}

/// `CPU 3.60 ms, throttled by the limit 0.20 ms, modelled network 30.8 ms`
fn used(usage: &Usage) -> String {
    let throttled = match usage.throttled_us {
        Some(us) => format!("throttled by the limit {}", duration(us)),
        None => "CPU not limited".to_owned(),
    };
    let [cpu, network] = [usage.cpu_us, usage.network_us].map(duration);
    format!("CPU {cpu}, {throttled}, modelled network {network}")
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
