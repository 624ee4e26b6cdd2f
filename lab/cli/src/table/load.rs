//! What a person sees of a load.

use std::fmt::Write as _;

use comfy_table::Table;
use lab_results::facts::{Error, Facts};
use lab_results::format::duration;
use lab_results::load::{Load, Loaded};

use crate::table::plain_table;
use lab_bench::load::busy::SATURATED_PERCENT;

/// Columns of a whole second's bar.
const BAR_COLUMNS: usize = 40;
/// Lines of the picture of a load.
const LINES: usize = 14;

/// All tables, in the order in which the steps were loaded.
pub fn tables(load: &Load, order: &[String]) -> String {
    let rows: Vec<(&str, &Loaded)> = order
        .iter()
        .filter_map(|name| Some((name.as_str(), load.steps.get(name)?)))
        .collect();
    let mut text = format!(
        "\nLOAD  {}: {}\n{}\n{}\n",
        load.strategy,
        load.phases,
        conditions(load),
        figures(load, &rows)
    );
    for (name, loaded) in &rows {
        let _ = write!(text, "\n{}", course(name, loaded));
    }
    if rows.iter().any(|(_, loaded)| loaded.failed() > 0) {
        let _ = write!(
            text,
            "\nWHAT FAILED  what clients got, and what the function wrote to its log meanwhile\n{}\n",
            failures(&rows)
        );
    }
    text
}

fn conditions(load: &Load) -> String {
    let mut text = format!("      {}", load.through);
    if let Some(concurrency) = load.concurrency {
        let _ = write!(text, "; at most {concurrency} environments");
    }
    if let Some(quota) = load.parameter_quota {
        let _ = write!(text, "; Parameter Store answers {quota} requests/s");
    }
    if let Some(network) = &load.network {
        let _ = write!(text, "; network profile {}", network.profile);
    }
    text + "\n      latency counts from when a request was due; that of right answers"
}

fn figures(load: &Load, rows: &[(&str, &Loaded)]) -> Table {
    let apdex = format!("Apdex {} ms", load.apdex_threshold_ms);
    let columns = [
        "step",
        "offered/s",
        "served/s",
        "best second",
        "failed",
        "first at",
        "cold starts",
        "environments",
        "p50",
        "p95",
        "p99",
        "max",
        &apdex,
    ];
    let mut table = plain_table(&columns, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    for (name, loaded) in rows {
        let known = |count: Option<u64>| count.map_or("-".to_owned(), |count| count.to_string());
        let latency = |of: fn(&lab_results::load::Latency) -> u64| {
            let latency = loaded.latency.as_ref().map(of);
            latency.map_or("-".to_owned(), |us| duration(us as f64))
        };
        table.add_row([
            (*name).to_owned(),
            format!("{:.1}", loaded.offered_per_second()),
            format!("{:.1}", loaded.served_per_second()),
            loaded.served_at_most().to_string(),
            loaded.failed().to_string(),
            loaded
                .first_error_s
                .map_or("-".to_owned(), |second| format!("{second:.1} s")),
            known(loaded.cold_starts),
            known(loaded.environments),
            latency(|it| it.p50_us),
            latency(|it| it.p95_us),
            latency(|it| it.p99_us),
            latency(|it| it.max_us),
            format!("{:.2} {}", loaded.apdex(), loaded.apdex_in_words()),
        ]);
    }
    table
}

/// The load over time: a line for a few seconds each.
fn course(name: &str, loaded: &Loaded) -> String {
    let series = &loaded.series;
    let width = series.offered.len().div_ceil(LINES).max(1);
    let peaks = || series.offered.iter().chain(&series.served);
    let most = peaks().copied().max().unwrap_or(1).max(1);
    let mut text =
        format!("{name}  a second's mean: █ served, ▒ failed, · offered and not answered then\n");
    for begin in (0..series.offered.len()).step_by(width) {
        let end = (begin + width).min(series.offered.len());
        let mean = |counts: &[u32]| {
            counts[begin..end]
                .iter()
                .copied()
                .map(f64::from)
                .sum::<f64>()
                / (end - begin) as f64
        };
        let (offered, served, failed) = (
            mean(&series.offered),
            mean(&series.served),
            mean(&series.failed),
        );
        let columns = |count: f64| (count / f64::from(most) * BAR_COLUMNS as f64).round() as usize;
        let filled = columns(served) + columns(failed);
        let bar = "█".repeat(columns(served))
            + &"▒".repeat(columns(failed))
            + &"·".repeat(columns(offered).saturating_sub(filled));
        let slowest = series.p95_us[begin..end].iter().max().copied();
        let p95 = slowest
            .filter(|us| *us > 0)
            .map_or(String::new(), |us| format!(", p95 {}", duration(us as f64)));
        let busy = series.busy_percent.get(begin..end).unwrap_or_default();
        let busy = busy.iter().max().map_or(String::new(), |percent| {
            format!(", CPUs up to {percent} % busy")
        });
        let failed = if failed > 0.0 {
            format!(", {failed:.1} failed")
        } else {
            String::new()
        };
        let _ = writeln!(
            text,
            "{begin:>5} s  {bar:<BAR_COLUMNS$}  {offered:.1}/s offered, {served:.1} served{failed}{p95}{busy}"
        );
    }
    text + &doubts(loaded)
}

/// What a reader of the numbers must know.
fn doubts(loaded: &Loaded) -> String {
    let mut text = String::new();
    if let Some(second) = loaded.saturated_from_s {
        let busy = loaded.series.busy_percent.iter();
        let seconds = busy.filter(|it| **it >= SATURATED_PERCENT).count();
        let _ = writeln!(
            text,
            "      From second {second} on this machine, not the step, was the limit ({seconds} second(s) at {SATURATED_PERCENT} % \
             or more): what is slow or fails after it says something about this machine."
        );
    }
    if loaded.late_p99_us >= 5000 {
        let _ = writeln!(
            text,
            "      1 % of the requests were sent {} late or later, which is in the latencies: this machine was busy.",
            duration(loaded.late_p99_us as f64)
        );
    }
    text
}

fn failures(rows: &[(&str, &Loaded)]) -> Table {
    let mut table = plain_table(&["step", "times", "what"], &[1]);
    for (name, loaded) in rows {
        let mut name = Some(*name);
        let mut rows: Vec<(&u64, String)> = loaded
            .errors
            .iter()
            .map(|(what, count)| (count, what.clone()))
            .collect();
        rows.sort_by(|one, other| other.0.cmp(one.0));
        let logged = loaded.logged.iter();
        rows.extend(logged.map(|(what, count)| (count, format!("logged: {what}"))));
        let refused = refused_by_parameter_store(loaded);
        rows.extend(refused.as_ref().map(|(count, what)| (count, what.clone())));
        for (count, what) in rows {
            table.add_row([
                name.take().unwrap_or_default().to_owned(),
                count.to_string(),
                what,
            ]);
        }
    }
    table
}

/// What its clients may never see: an SDK asks again after a pause, which keeps the environment, until Lambda has none left.
fn refused_by_parameter_store(loaded: &Loaded) -> Option<(u64, String)> {
    let count = |name: &str| loaded.counts.get(name).copied().unwrap_or_default();
    let refused = count("parameters.throttled");
    let calls = count("parameters.get_parameter") + count("parameters.get_parameters");
    let what = format!(
        "calls refused by Parameter Store, of {calls}: whoever asks again later keeps an environment busy meanwhile"
    );
    (refused > 0).then_some((refused, what))
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
        "\nThe sample in Node.js on AWS, unoptimised and optimised, under this ramp (published, not measured here): {} and {} \
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
