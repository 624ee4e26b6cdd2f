//! Which chapters are about what was counted of a function.

use super::section::{Column, Content, Section};
use crate::advice::{Advice, Signal};
use crate::conditions::Conditions;
use crate::format::{duration, short_name};
use crate::schema::{Measurement, Metric};
use crate::service_facts::Cpu;

/// A row a finding, and what a reader must know about them; without a finding it says so.
pub fn section(
    name: &str,
    measurement: &Measurement,
    conditions: &Conditions,
    cpu: &Cpu,
) -> Section {
    let advice = Advice::of(measurement, conditions, cpu);
    let rows = advice.findings.iter().map(|finding| {
        let pages = finding.signal.chapters().iter();
        let pages: Vec<String> = pages.map(|chapter| format!("{chapter}.html")).collect();
        vec![finding.counted.clone(), pages.join("\n")]
    });
    let text = |heading: &str| Column::new(heading, Content::Text);
    Section {
        heading: "Which chapters are about it".to_owned(),
        about: format!("{}, by what was counted of it", short_name(name)),
        columns: vec![text("counted, on average"), text("chapter")],
        rows: rows.collect(),
        notes: notes(&advice, measurement, cpu),
    }
}

fn notes(advice: &Advice, measurement: &Measurement, cpu: &Cpu) -> Vec<String> {
    let is_throttling = |signal| matches!(signal, Signal::WarmThrottled | Signal::FirstThrottled);
    let throttling = advice.findings.iter().any(|it| is_throttling(it.signal));
    let period = duration(cpu.period.as_secs_f64() * 1e6);
    let arithmetic = format!(
        "A request lasts here until its environment is idle, which is what is billed. What other sizes would throttle is computed: CPU time in one \
         piece, on one thread, memory / {} MB of every {period}.",
        cpu.memory_per_vcpu_mib
    );
    let unknown = format!("Not measured: {}.", advice.unknown.join("; "));
    let nothing = advice.findings.is_empty();
    let notes = [
        (nothing, nothing_left(measurement)),
        (throttling, arithmetic),
        (!advice.unknown.is_empty(), unknown),
        (
            !nothing,
            "What a chapter's change would gain here, only measuring it says. They are pages of the book: `cargo book serve`."
                .to_owned(),
        ),
    ];
    let notes = notes.into_iter().filter(|(is_told, _)| *is_told);
    notes.map(|(_, note)| note).collect()
}

/// That no chapter is about it, and what of a warm request is explained.
fn nothing_left(measurement: &Measurement) -> String {
    let median = measurement.median(Metric::Warm);
    let explained = median.zip(measurement.explained_us());
    let explained = explained.map(|(median, explained)| {
        format!(
            " Of {}, the median of warm requests, {} are CPU time, modelled network and upstreams.",
            duration(median),
            duration(explained)
        )
    });
    "Nothing is left that a chapter is about.".to_owned() + &explained.unwrap_or_default()
}
