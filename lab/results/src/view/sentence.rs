//! A comparison in words: how many times as fast, and between what.

use crate::format::times;
use crate::interval::{Comparison, Verdict};
use serde_json::{Value, json};

/// Two decimals; next to 1 the third one decides.
fn bound(value: f64) -> String {
    match format!("{value:.2}") {
        rounded if rounded == "1.00" => format!("{value:.3}"),
        rounded => rounded,
    }
}

fn bounds(comparison: &Comparison) -> Option<[String; 2]> {
    let interval = comparison.interval?;
    Some([interval.low, interval.high].map(bound))
}

/// For a cell: `1.78x as fast as 03 [1.71, 1.86]`, or that no change can be seen. Less than 1 is slower.
pub fn in_short(comparison: &Comparison, than: Option<&str>) -> String {
    let than = than.map_or_else(String::new, |than| format!(" as {than}"));
    let ratio = format!("{} as fast{than}", times(comparison.ratio));
    match (comparison.verdict(), bounds(comparison)) {
        (Some(Verdict::NoMeasurableChange), Some([low, high])) => {
            format!("no measurable change [{low}, {high}]")
        }
        (_, Some([low, high])) => format!("{ratio} [{low}, {high}]"),
        (_, None) => format!("about {ratio}"),
    }
}

/// For running text: `1.78 times as fast (1.71 to 1.86)`.
pub fn in_prose(comparison: &Comparison) -> String {
    let ratio = format!("{:.2} times as fast", comparison.ratio);
    let Some([low, high]) = bounds(comparison) else {
        return format!("about {ratio}, measured too briefly to be sure");
    };
    match comparison.verdict() {
        Some(Verdict::NoMeasurableChange) => format!("no measurable change ({low} to {high})"),
        _ => format!("{ratio} ({low} to {high})"),
    }
}

/// A multiple of something: `1.05x [1.03, 1.08]`.
pub fn multiple(comparison: &Comparison) -> String {
    let ratio = times(comparison.ratio);
    match comparison.interval {
        Some(interval) => format!("{ratio} [{:.2}, {:.2}]", interval.low, interval.high),
        None => format!("about {ratio}"),
    }
}

/// The same for programs: above 1 is better.
pub fn in_json(comparison: &Comparison) -> Value {
    let verdict = comparison.verdict().map(|verdict| match verdict {
        Verdict::Faster => "faster",
        Verdict::Slower => "slower",
        Verdict::NoMeasurableChange => "no measurable change",
    });
    json!({
        "ratio": comparison.ratio,
        "low": comparison.interval.map(|interval| interval.low),
        "high": comparison.interval.map(|interval| interval.high),
        "verdict": verdict,
    })
}
