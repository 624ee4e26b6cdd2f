//! The ceiling of each step as a person reads it.

use std::fmt::Write as _;

use comfy_table::Table;
use lab_bench::ceiling::{Ceiling, Ceilings};
use lab_results::ceiling::{Kind, Limit, after_the_first};
use lab_results::format::duration;
use lab_results::step_name::short_step;

use crate::table::plain_table;

/// The tables.
pub fn tables(ceilings: &Ceilings) -> String {
    let mut text = format!(
        "\nTHE CEILING  requests/s at which each limit of AWS would bite, were it alone. Computed, not measured: mean durations \
         and counts\n             from {}, limits and prices from data/facts.toml; an account of {} environments ({} where it is \
         new)\n{}\n\n\
         WHAT IS FIRST, AND WHAT LIFTS IT  in an account of {} environments\n{}",
        ceilings.from.display(),
        ceilings.concurrency[0],
        ceilings.concurrency[1],
        limits(ceilings),
        ceilings.concurrency[0],
        firsts(ceilings),
    );
    let _ = writeln!(
        text,
        "The neighbours are taken to stay as fast under load as they are alone, and nothing else to use the account."
    );
    text
}

fn limits(ceilings: &Ceilings) -> Table {
    let mut headings = vec!["step", "busy"];
    headings.extend(Kind::ALL.map(Kind::name));
    headings.extend(["first limit", "in a new account"]);
    let right: Vec<usize> = (1..headings.len()).collect();
    let mut table = plain_table(&headings, &right);
    for ceiling in &ceilings.steps {
        let mut cells = vec![ceiling.step.clone(), duration(ceiling.busy_us)];
        for kind in Kind::ALL {
            let limit = ceiling.limits.iter().find(|limit| limit.kind == kind);
            cells.push(limit.map_or("-".to_owned(), |limit| rate(limit.per_second)));
        }
        let named = |limit: &Limit| format!("{} {}", rate(limit.per_second), limit.kind.name());
        cells.push(ceiling.limits.first().map_or(String::new(), named));
        cells.push(named(&ceiling.new_account));
        table.add_row(cells);
    }
    table
}

/// Neighbouring steps with the same first limit share their lines.
fn firsts(ceilings: &Ceilings) -> String {
    let mut text = String::new();
    let mut groups: Vec<(Vec<&str>, [String; 3])> = Vec::new();
    for ceiling in &ceilings.steps {
        let Some(lines) = first_in_words(ceiling) else {
            continue;
        };
        let number = short_step(&ceiling.step);
        match groups.last_mut() {
            Some((steps, same)) if *same == lines => steps.push(number),
            _ => groups.push((vec![number], lines)),
        }
    }
    for (steps, [first, lift, next]) in groups {
        let _ = write!(
            text,
            " {}: {first}\n     lifted by {lift}\n     then {next}\n",
            steps.join(", ")
        );
    }
    text
}

/// What is first, what lifts it, and what comes then.
fn first_in_words(ceiling: &Ceiling) -> Option<[String; 3]> {
    let first = ceiling.limits.first()?;
    let (per_second, kind) = after_the_first(&ceiling.limits)?;
    let still = if kind == first.kind { " still" } else { "" };
    let next = format!("{}/s, {}{still}", rate(per_second), kind.name());
    let told = format!(
        "{}/s, {}: {}",
        rate(first.per_second),
        first.kind.name(),
        first.because
    );
    Some([told, first.lift.clone(), next])
}

/// Thousands apart, no decimals: `12,300`.
fn rate(per_second: f64) -> String {
    // More digits than three would be invented.
    let digits = per_second.max(1.0).log10().floor() as i32;
    let unit = 10_f64.powi((digits - 2).max(0));
    let rounded = (per_second / unit).round() * unit;
    let whole = format!("{rounded:.0}");
    let groups: Vec<&str> = whole
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| std::str::from_utf8(group).unwrap_or_default())
        .collect();
    groups.join(",")
}

#[cfg(test)]
mod tests {
    use super::rate;

    #[test]
    fn rates_have_three_digits() {
        let shown = [0.4, 40.0, 278.4, 10_000.0, 647_431.0].map(rate);
        assert_eq!(shown, ["0", "40", "278", "10,000", "647,000"]);
    }
}
