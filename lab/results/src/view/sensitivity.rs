//! Which gains survive other distances than the assumed ones.

use super::section::{Column, Content, Section};
use super::steps::called;
use serde_json::{Value, json};

use crate::format::{duration, short_name, times};
use crate::sensitivity::{Modelled, Range, Sensitivity};

/// A gain that is said to survive every distance: clear of the model's own error, and of what two measurements of the same
/// step differ by.
const CLEAR_GAIN: f64 = 1.25;

/// A row a step: its median and its gain over the ranges of all distances, and how far the model itself is off.
pub fn section(sensitivity: &Sensitivity) -> Section {
    let number = |heading: &str| Column::new(heading, Content::Number);
    let columns = vec![
        Column::new("step", Content::Name),
        number("p50"),
        number("from"),
        number("to"),
        Column::new("against", Content::Text),
        number("it is"),
        number("at least"),
        number("at most"),
        number("model's error").ranked(1),
    ];
    let rows = sensitivity.steps.iter().map(|step| {
        let medians = sensitivity.medians(step);
        let before = before(sensitivity, step);
        let gains = before.map(|before| sensitivity.gains(before, step));
        let measured = before.map(|before| before.region_us / step.region_us);
        vec![
            short_name(&step.name),
            duration(step.region_us),
            duration(medians.low),
            duration(medians.high),
            before.map_or_else(String::new, |it| called(&it.name)),
            measured.map_or_else(String::new, times),
            gains.map_or_else(String::new, |it| times(it.low)),
            gains.map_or_else(String::new, |it| times(it.high)),
            format!("{:+.0} %", step.error() * 100.0),
        ]
    });
    Section {
        heading: "If the services are nearer or farther".to_owned(),
        about: "median of warm requests; how many times as fast as the step before, over all ranges of data/facts.toml".to_owned(),
        columns,
        rows: rows.collect(),
        notes: notes(sensitivity),
    }
}

/// The same for programs: times in microseconds.
pub fn json(sensitivity: &Sensitivity) -> Value {
    let assumptions = sensitivity.assumptions.iter().map(|it| {
        json!({ "fact": it.key, "low_us": it.low_us, "likely_us": it.likely_us, "high_us": it.high_us })
    });
    let steps = sensitivity.steps.iter().map(|step| {
        let medians = sensitivity.medians(step);
        let before = before(sensitivity, step);
        let gains = before.map(|before| sensitivity.gains(before, step));
        json!({
            "step": step.name,
            "from": step.from,
            "p50_us": step.region_us,
            "p50_without_distance_us": step.loopback_us,
            "p50_low_us": medians.low,
            "p50_high_us": medians.high,
            "gain_low": gains.map(|it| it.low),
            "gain_high": gains.map(|it| it.high),
            "model_error": step.error(),
        })
    });
    json!({
        "assumptions": assumptions.collect::<Vec<_>>(),
        "steps": steps.collect::<Vec<_>>(),
    })
}

fn before<'a>(sensitivity: &'a Sensitivity, step: &Modelled) -> Option<&'a Modelled> {
    sensitivity.step(step.from.as_deref()?)
}

fn notes(sensitivity: &Sensitivity) -> Vec<String> {
    let mut notes = vec![format!("Ranges: {}.", ranges(sensitivity))];
    let with_gains: Vec<(String, Range)> = sensitivity
        .steps
        .iter()
        .filter_map(|step| {
            let gains = sensitivity.gains(before(sensitivity, step)?, step);
            Some((called(&step.name), gains))
        })
        .collect();
    let named = |wanted: &dyn Fn(&Range) -> bool| {
        let found = with_gains.iter().filter(|(_, gains)| wanted(gains));
        found
            .map(|(name, _)| name.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let always = named(&|gains| gains.low >= CLEAR_GAIN);
    let either = named(&|gains| gains.low < 1.0 && gains.high > 1.0);
    if !always.is_empty() {
        notes.push(format!(
            "At least {CLEAR_GAIN} times as fast as the step before at every distance: {always}."
        ));
    }
    if !either.is_empty() {
        notes.push(format!("Faster or slower, as the distances are: {either}."));
    }
    if let Some(whole) = whole(sensitivity) {
        notes.push(whole);
    }
    let errors: Vec<f64> = sensitivity
        .steps
        .iter()
        .map(|it| it.error().abs())
        .collect();
    if let (Some(mean), Some(most)) = (
        crate::stats::mean(&errors),
        errors.iter().copied().reduce(f64::max),
    ) {
        notes.push(format!(
            "The model: delays x counts, and the rest as measured with and without distance. From loopback to region alone it is {:.0} % off \
             on average, {:.0} % at most.",
            mean * 100.0,
            most * 100.0
        ));
    }
    notes
}

/// `cache.round_trip 0.4 to 1.6 ms` of every constant that has a range.
fn ranges(sensitivity: &Sensitivity) -> String {
    let uncertain = sensitivity
        .assumptions
        .iter()
        .filter(|it| it.low_us < it.high_us);
    let told = uncertain.map(|it| {
        let name = it.key.split('.').skip(2).collect::<Vec<_>>().join(" ");
        format!(
            "{} {} to {}",
            name.replace('_', " "),
            duration(it.low_us),
            duration(it.high_us)
        )
    });
    told.collect::<Vec<_>>().join(", ")
}

/// How many times as fast as the first step the last one is.
fn whole(sensitivity: &Sensitivity) -> Option<String> {
    let numbered = |step: &&Modelled| called(&step.name).parse::<u32>().is_ok();
    let mut ladder = sensitivity.steps.iter().filter(numbered);
    let (first, last) = (ladder.next()?, ladder.next_back()?);
    let gains = sensitivity.gains(first, last);
    Some(format!(
        "From {} to {}: {}; {} to {} over all distances.",
        called(&first.name),
        called(&last.name),
        times(first.region_us / last.region_us),
        times(gains.low),
        times(gains.high)
    ))
}
