//! The tables that a person reads: the ladder, the warm and the cold figures, the counts.

mod aws;
pub mod ceiling;
pub mod faults;
mod floor;
pub mod load;
pub mod tune;
pub mod waterfall;

use comfy_table::{CellAlignment, Table, presets};
use lab_results::format::{bytes, duration, short_name, times, usd};
use lab_results::interval::{Comparison, Verdict};
use lab_results::price::Prices;
use lab_results::scale::LogScale;
use lab_results::schema::{Measurement, Metric, Session};

use lab_workspace::{is_floor, short_step};

/// Columns of the longest bar.
const BAR_COLUMNS: usize = 24;

/// All tables of a session, in the order in which its targets are named.
pub fn tables(session: &Session, order: &[String], prices: &Prices) -> String {
    let rows: Vec<(&str, &Measurement)> = order
        .iter()
        .filter_map(|name| Some((name.as_str(), session.measurements.get(name)?)))
        .collect();
    let Some(profile) = session.profile() else {
        return aws::tables(session, &rows, prices);
    };
    format!(
        "\nTHE LADDER  median of warm invocations {} ms apart, network profile {profile}\n{}\n\n\
         WARM  the median and what explains it (modelled network, CPU time; the rest); a closed loop, one environment\n{}\n\n\
         {}\
         ABOVE THE FLOOR  as a multiple of the empty handler on the same runtime\n{}\n\n\
         COLD, SIZE, COST  medians; USD for a million warm requests: Lambda's duration and request fee\n{}\n\n\
         ASKED OF THE NEIGHBOURS  by the first (cold) / by a later invocation\n{}",
        session.method.paced_gap_ms,
        ladder(session, &rows, Metric::Warm),
        warm(&rows),
        changes(session, &rows, "invocations"),
        floor::distances(session, &rows),
        cold(&rows, prices),
        counts(&rows),
    )
}

fn ladder(session: &Session, rows: &[(&str, &Measurement)], metric: Metric) -> Table {
    let p50 = |measurement: &Measurement| measurement.p50(metric).map(|estimate| estimate.value);
    let values: Vec<f64> = rows
        .iter()
        .filter_map(|(_, measurement)| p50(measurement))
        .collect();
    let scale = LogScale::around(values);
    let bar = |value| scale.map(|scale| scale.bar(value, BAR_COLUMNS));
    let first = rows
        .iter()
        .map(|(name, _)| *name)
        .find(|name| !is_floor(name));
    let against_first = format!(
        "against {}",
        first.map_or_else(|| "the first".to_owned(), short_name)
    );
    let mut table = plain_table(
        &["step", "p50", "", "against the step before", &against_first],
        &[1, 4],
    );
    for (row, (name, measurement)) in rows.iter().enumerate() {
        let compared = against_step_before(session, rows, row, metric);
        let whole = first
            .filter(|first| *first != *name)
            .and_then(|first| session.compare(first, name, metric));
        table.add_row([
            short_name(name),
            p50(measurement).map(duration).unwrap_or_default(),
            p50(measurement).and_then(bar).unwrap_or_default(),
            compared.unwrap_or_default(),
            whole
                .map(|comparison| times(comparison.ratio))
                .unwrap_or_default(),
        ]);
    }
    table
}

/// The same comparison for what the ladder does not show: the cold start and the closed loop, which counts `what` per second.
/// Nothing where no step has one before it.
fn changes(session: &Session, rows: &[(&str, &Measurement)], what: &str) -> String {
    let mut table = plain_table(
        &["step", "init and first", "first alone", "closed loop"],
        &[],
    );
    for (row, (name, _)) in rows.iter().enumerate() {
        let cell = |metric| against_step_before(session, rows, row, metric).unwrap_or_default();
        if step_before(rows, row).is_some() {
            let cells = [Metric::Cold, Metric::First, Metric::PerSecond].map(cell);
            table.add_row(std::iter::once(short_name(name)).chain(cells));
        }
    }
    if table.is_empty() {
        return String::new();
    }
    format!(
        "AGAINST THE STEP BEFORE  in the cold start, and in {what} per second of the closed loop\n{table}\n\n"
    )
}

fn against_step_before(
    session: &Session,
    rows: &[(&str, &Measurement)],
    row: usize,
    metric: Metric,
) -> Option<String> {
    let before = step_before(rows, row)?;
    let comparison = session.compare(before, rows[row].0, metric)?;
    Some(in_words(&comparison, before))
}

/// The measured step that a row is held against: the one that it changes, else the row above. The floor changes nothing.
fn step_before<'a>(rows: &[(&'a str, &Measurement)], row: usize) -> Option<&'a str> {
    let from = rows[row].1.from.as_deref()?;
    let mut measured = rows.iter().map(|(name, _)| *name);
    measured
        .find(|name| *name == from)
        .or_else(|| Some(rows[row.checked_sub(1)?].0))
}

/// `1.78x faster than 03 [1.71, 1.86]`, or that no change can be seen.
fn in_words(comparison: &Comparison, before: &str) -> String {
    let before = short_step(before);
    let ratio = if comparison.ratio >= 1.0 {
        format!("{} faster than {before}", times(comparison.ratio))
    } else {
        format!("{} slower than {before}", times(1.0 / comparison.ratio))
    };
    match (comparison.verdict(), comparison.interval) {
        (Some(Verdict::NoMeasurableChange), Some(interval)) => {
            format!(
                "no measurable change [{:.2}, {:.2}]",
                interval.low, interval.high
            )
        }
        (_, Some(interval)) if comparison.ratio >= 1.0 => {
            format!("{ratio} [{:.2}, {:.2}]", interval.low, interval.high)
        }
        (_, Some(interval)) => format!(
            "{ratio} [{:.2}, {:.2}]",
            1.0 / interval.high,
            1.0 / interval.low
        ),
        _ => format!("about {ratio}"),
    }
}

fn warm(rows: &[(&str, &Measurement)]) -> Table {
    let columns = [
        "step",
        "MB",
        "p50",
        "network",
        "CPU",
        "rest",
        "p95",
        "p99",
        "closed p50",
        "closed p99",
        "per second",
    ];
    let mut table = plain_table(&columns, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    for (name, measurement) in rows {
        let Some(paced) = measurement.summary(Metric::Warm) else {
            continue;
        };
        let closed = measurement.summary(Metric::Closed);
        let network = measurement.mean(|round| round.warm_network_us);
        let cpu = measurement.mean(|round| round.warm_cpu_us);
        let rest = measurement
            .explained_us()
            .map(|explained| paced.p50 - explained);
        let per_second = measurement
            .p50(Metric::PerSecond)
            .map(|estimate| format!("{:.0}", estimate.value));
        let cell = |value: Option<f64>| value.map(duration).unwrap_or_default();
        table.add_row([
            short_name(name),
            measurement.memory_mb.to_string(),
            duration(paced.p50),
            network
                .map(|us| {
                    if us > 0.0 {
                        duration(us)
                    } else {
                        "0".to_owned()
                    }
                })
                .unwrap_or_default(),
            cell(cpu),
            rest.map(signed).unwrap_or_default(),
            duration(paced.p95),
            duration(paced.p99),
            cell(closed.map(|summary| summary.p50)),
            cell(closed.map(|summary| summary.p99)),
            per_second.unwrap_or_default(),
        ]);
    }
    table
}

/// Requests that ran side by side are explained twice: the rest may be negative.
fn signed(us: f64) -> String {
    if us < 0.0 {
        format!("-{}", duration(-us))
    } else {
        duration(us)
    }
}

fn cold(rows: &[(&str, &Measurement)], prices: &Prices) -> Table {
    let columns = [
        "step",
        "arch",
        "binary",
        "zip",
        "init",
        "first",
        "together",
        "memory used",
        "USD/million",
    ];
    let mut table = plain_table(&columns, &[2, 3, 4, 5, 6, 7, 8]);
    for (name, measurement) in rows {
        let p50 = |metric| {
            measurement
                .p50(metric)
                .map(|estimate| duration(estimate.value))
                .unwrap_or_default()
        };
        table.add_row([
            short_name(name),
            measurement.architecture.clone(),
            measurement.binary_bytes.map(bytes).unwrap_or_default(),
            bytes(measurement.zip_bytes),
            p50(Metric::Init),
            p50(Metric::First),
            p50(Metric::Cold),
            measurement
                .max_memory_mib()
                .map(|mib| format!("{mib} MB"))
                .unwrap_or_default(),
            prices
                .million_of(measurement)
                .map(|cost| usd(cost.lambda()))
                .unwrap_or_default(),
        ]);
    }
    table
}

/// The counted things that the steps differ in, and their headings.
pub const COUNTED: [(&str, &[&str]); 6] = [
    (
        "SSM calls",
        &["parameters.get_parameter", "parameters.get_parameters"],
    ),
    (
        "TLS handshakes",
        &[
            "parameters.tls_handshakes",
            "database.tls_handshakes",
            "cache.tls_handshakes",
        ],
    ),
    ("SETs", &["database.sets"]),
    ("SSM round trips", &["parameters.round_trips"]),
    ("database", &["database.round_trips"]),
    ("cache", &["cache.round_trips"]),
];

fn counts(rows: &[(&str, &Measurement)]) -> Table {
    let headings: Vec<&str> = std::iter::once("step")
        .chain(COUNTED.iter().map(|(heading, _)| *heading))
        .collect();
    let mut table = plain_table(&headings, &[1, 2, 3, 4, 5, 6]);
    for (name, measurement) in rows {
        let (cold, warm) = (measurement.counts_cold(), measurement.counts_warm());
        let mut cells = vec![short_name(name)];
        for (_, counters) in COUNTED {
            let sum = |counts: &std::collections::BTreeMap<String, f64>| {
                let found = counters.iter().filter_map(|counter| counts.get(*counter));
                found.fold(0.0, |sum, count| sum + count)
            };
            cells.push(format!("{} / {}", count(sum(&cold)), count(sum(&warm))));
        }
        table.add_row(cells);
    }
    table
}

/// Whole numbers without decimals: a mean over invocations need not be one.
fn count(value: f64) -> String {
    if (value - value.round()).abs() < 0.05 {
        format!("{value:.0}")
    } else {
        format!("{value:.1}")
    }
}

/// An empty table without lines; the columns in `right` are numbers.
pub fn plain_table(headings: &[&str], right: &[usize]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(headings);
    for column in right {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}
