//! A comparison in words: which way, how many times, and between what.

use crate::format::times;
use crate::interval::{Comparison, Verdict};
use serde_json::{Value, json};

/// What may be said about a comparison. The factor and its interval are turned round for "slower", so that both are above 1.
struct Told {
    verdict: Option<Verdict>,
    word: &'static str,
    ratio: f64,
    interval: Option<[String; 2]>,
}

impl Told {
    fn of(comparison: &Comparison) -> Self {
        let verdict = comparison.verdict();
        let slower = match verdict {
            Some(verdict) => verdict == Verdict::Slower,
            None => comparison.ratio < 1.0,
        };
        let turned = |value: f64| if slower { 1.0 / value } else { value };
        let interval = comparison.interval.map(|interval| {
            let (one, other) = (turned(interval.low), turned(interval.high));
            [one.min(other), one.max(other)].map(bound)
        });
        Self {
            verdict,
            word: if slower { "slower" } else { "faster" },
            ratio: turned(comparison.ratio),
            interval,
        }
    }
}

/// Two decimals; next to 1 the third one decides.
fn bound(value: f64) -> String {
    match format!("{value:.2}") {
        rounded if rounded == "1.00" => format!("{value:.3}"),
        rounded => rounded,
    }
}

/// For a cell: `1.78x faster than 03 [1.71, 1.86]`, or that no change can be seen.
pub fn in_short(comparison: &Comparison, than: Option<&str>) -> String {
    let told = Told::of(comparison);
    let than = than.map_or_else(String::new, |than| format!(" than {than}"));
    let ratio = format!("{} {}{than}", times(told.ratio), told.word);
    match (told.verdict, told.interval) {
        (Some(Verdict::NoMeasurableChange), Some([low, high])) => {
            format!("no measurable change [{low}, {high}]")
        }
        (_, Some([low, high])) => format!("{ratio} [{low}, {high}]"),
        (_, None) => format!("about {ratio}"),
    }
}

/// For running text: `1.78 times faster (1.71 to 1.86)`.
pub fn in_prose(comparison: &Comparison) -> String {
    let told = Told::of(comparison);
    let Some([low, high]) = told.interval else {
        return format!(
            "about {:.2} times as fast, measured too briefly to be sure",
            comparison.ratio
        );
    };
    match told.verdict {
        Some(Verdict::NoMeasurableChange) => format!("no measurable change ({low} to {high})"),
        _ => format!("{:.2} times {} ({low} to {high})", told.ratio, told.word),
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
