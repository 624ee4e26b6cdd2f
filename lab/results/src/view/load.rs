//! What became of steps under a load: figures, the course in time, what failed.

use std::fmt::Write as _;

use super::section::{Column, Content, Section};
use crate::facts::{Error, Facts};
use crate::format::duration;
use crate::load::{Latency, Load, Loaded, SATURATED_PERCENT};

/// Columns of a whole second's bar.
const BAR_COLUMNS: usize = 30;
/// Lines of the picture of a load.
const LINES: usize = 14;

/// For a terminal: all tables, in the order in which the steps were loaded.
pub fn sections(load: &Load, order: &[String]) -> Vec<Section> {
    let rows: Vec<(&str, &Loaded)> = order
        .iter()
        .filter_map(|name| Some((name.as_str(), load.steps.get(name)?)))
        .collect();
    let mut sections = vec![Section {
        heading: "Load".to_owned(),
        about: format!("{}: {}\n{}", load.strategy, load.phases, conditions(load)),
        ..figures(load, &rows)
    }];
    sections.extend(rows.iter().map(|(name, loaded)| course(name, loaded)));
    if rows.iter().any(|(_, loaded)| loaded.failed() > 0) {
        sections.push(failures(&rows));
    }
    sections
}

fn conditions(load: &Load) -> String {
    let mut text = format!("      {}", load.through);
    if let Some(concurrency) = load.concurrency {
        let _ = write!(text, "; at most {concurrency} environments");
    }
    if let Some(quota) = load.conditions.method.parameter_quota {
        text += &quota_in_words(quota);
    }
    if let Some(profile) = load.conditions.profile() {
        let _ = write!(text, "; network profile {profile}");
    }
    text + "\n      latency counts from when a request was due; that of right answers"
}

/// What follows the number of environments, where Parameter Store's quota was in force.
pub(crate) fn quota_in_words(quota: u32) -> String {
    format!("; Parameter Store answers {quota} requests/s")
}

/// What became of each step.
pub fn figures(load: &Load, rows: &[(&str, &Loaded)]) -> Section {
    let number = |heading: &str, rank| Column::new(heading, Content::Number).ranked(rank);
    let apdex = format!("Apdex {} ms", load.apdex_threshold_ms);
    let columns = vec![
        Column::new("step", Content::Name),
        number("offered/s", 2),
        number("served/s", 0),
        number("best second", 6),
        number("failed", 0),
        number("cold starts", 0),
        number("environments", 0),
        number("p50", 0),
        number("p95", 5),
        number("p99", 0),
        number("max", 4),
        Column::new(apdex, Content::Text).ranked(1),
    ];
    Section {
        columns,
        rows: rows
            .iter()
            .map(|(name, loaded)| row(name, loaded))
            .collect(),
        ..Section::default()
    }
}

fn row(name: &str, loaded: &Loaded) -> Vec<String> {
    let known = |count: Option<u64>| count.map_or("-".to_owned(), |count| count.to_string());
    let latency = |of: fn(&Latency) -> u64| {
        let latency = loaded.latency.as_ref().map(of);
        latency.map_or("-".to_owned(), |us| duration(us as f64))
    };
    let first = loaded.first_error_s;
    let since = first.map_or_else(String::new, |second| format!(", from {second:.0} s on"));
    vec![
        name.to_owned(),
        format!("{:.1}", loaded.offered_per_second()),
        format!("{:.1}", loaded.served_per_second()),
        loaded.served_at_most().to_string(),
        format!("{}{since}", loaded.failed()),
        known(loaded.cold_starts),
        known(loaded.environments),
        latency(|it| it.p50_us),
        latency(|it| it.p95_us),
        latency(|it| it.p99_us),
        latency(|it| it.max_us),
        format!("{:.2} {}", loaded.apdex(), loaded.apdex_in_words()),
    ]
}

/// The load over time: a row for a few seconds each.
fn course(name: &str, loaded: &Loaded) -> Section {
    let series = &loaded.series;
    let width = series.offered.len().div_ceil(LINES).max(1);
    let begins = (0..series.offered.len()).step_by(width);
    let number = |heading: &str, rank| Column::new(heading, Content::Number).ranked(rank);
    Section {
        heading: name.to_owned(),
        about: "each second's mean: █ served, ▒ failed, · offered and not answered then".to_owned(),
        columns: vec![
            number("second", 0),
            Column::new("", Content::Text).ranked(3),
            number("offered/s", 0),
            number("served/s", 0),
            number("failed/s", 0),
            number("p95", 1),
            number("CPUs busy", 2),
        ],
        rows: begins
            .map(|begin| stretch(loaded, begin, (begin + width).min(series.offered.len())))
            .collect(),
        notes: doubts(loaded),
    }
}

fn stretch(loaded: &Loaded, begin: usize, end: usize) -> Vec<String> {
    let series = &loaded.series;
    let mean = |counts: &[u32]| {
        let counts = counts[begin..end].iter().copied();
        counts.map(f64::from).sum::<f64>() / (end - begin) as f64
    };
    let [offered, served, failed] =
        [&series.offered, &series.served, &series.failed].map(|it| mean(it));
    let peaks = series.offered.iter().chain(&series.served);
    let most = f64::from(peaks.copied().max().unwrap_or(1).max(1));
    let columns = |count: f64| (count / most * BAR_COLUMNS as f64).round() as usize;
    let filled = columns(served) + columns(failed);
    let bar = "█".repeat(columns(served))
        + &"▒".repeat(columns(failed))
        + &"·".repeat(columns(offered).saturating_sub(filled));
    let decimal = |value: f64| format!("{value:.1}");
    let failed = (failed > 0.0).then(|| decimal(failed));
    let slowest = series.p95_us[begin..end].iter().max().filter(|us| **us > 0);
    let slowest = slowest.map(|us| duration(*us as f64));
    let busy = series.busy_percent.get(begin..end).unwrap_or_default();
    let busy = busy.iter().max();
    vec![
        begin.to_string(),
        bar,
        decimal(offered),
        decimal(served),
        failed.unwrap_or_default(),
        slowest.unwrap_or_default(),
        busy.map(|percent| format!("{percent} %"))
            .unwrap_or_default(),
    ]
}

/// What a reader of the numbers must know.
fn doubts(loaded: &Loaded) -> Vec<String> {
    let saturated = loaded.saturated_from_s.map(|second| {
        let busy = loaded.series.busy_percent.iter();
        let seconds = busy.filter(|it| **it >= SATURATED_PERCENT).count();
        format!(
            "From second {second} on this machine, not the step, was the limit ({seconds} second(s) at {SATURATED_PERCENT} % or \
             more): what is slow or fails after it says something about this machine."
        )
    });
    let late = (loaded.late_p99_us >= 5000).then(|| {
        format!(
            "1 % of the requests were sent {} late or later, which is in the latencies: this machine was busy.",
            duration(loaded.late_p99_us as f64)
        )
    });
    saturated.into_iter().chain(late).collect()
}

fn failures(rows: &[(&str, &Loaded)]) -> Section {
    let mut section = Section {
        heading: "What failed".to_owned(),
        about: "what clients got, and what the function wrote to its log meanwhile".to_owned(),
        columns: vec![
            Column::new("step", Content::Group),
            Column::new("times", Content::Number),
            Column::new("what", Content::Message),
        ],
        ..Section::default()
    };
    for (name, loaded) in rows {
        let errors = loaded.errors.iter();
        let mut all: Vec<(u64, String)> =
            errors.map(|(what, count)| (*count, what.clone())).collect();
        all.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        let logged = loaded.logged.iter();
        all.extend(logged.map(|(what, count)| (*count, format!("logged: {what}"))));
        all.extend(throttled_by_parameter_store(loaded));
        let cells = all.into_iter();
        section
            .rows
            .extend(cells.map(|(count, what)| vec![(*name).to_owned(), count.to_string(), what]));
    }
    section
}

/// What its clients may never see: an SDK asks again after a pause, which keeps the environment, until Lambda has none left.
fn throttled_by_parameter_store(loaded: &Loaded) -> Option<(u64, String)> {
    let count = |name: &str| loaded.counts.get(name).copied().unwrap_or_default();
    let throttled = count("parameters.throttled");
    let calls = count("parameters.get_parameter") + count("parameters.get_parameters");
    let what = format!(
        "calls throttled by Parameter Store, of {calls}: whoever asks again later keeps an environment busy meanwhile"
    );
    (throttled > 0).then_some((throttled, what))
}

/// What the sample's authors published of the same ramp, where this is that ramp.
pub fn published(load: &Load, facts: &Facts) -> Result<Option<String>, Error> {
    if load.strategy != "ramp" {
        return Ok(None);
    }
    let number =
        |name: &str, unit: &str| facts.number(&format!("published.sample.load.{name}"), unit);
    let offered = load.steps.values().map(Loaded::offered_per_second);
    Ok(Some(format!(
        "The sample in Node.js on AWS, unoptimised and optimised, under this ramp (published, not measured here): {} and {} \
         requests/s, {} and {} cold starts, p99 {} s and under {} ms. The ramp offers {:.1}/s on average, so that {} cannot be \
         an average of all of it: read it as \"nothing was lost\".",
        number("rate_before", "requests/s")?,
        number("rate_after", "requests/s")?,
        number("cold_starts_before", "cold starts")?,
        number("cold_starts_after", "cold starts")?,
        number("p99_before", "s")?,
        number("p99_after", "ms")?,
        offered.fold(0.0, f64::max),
        number("rate_after", "requests/s")?,
    )))
}
