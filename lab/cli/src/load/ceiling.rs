//! The ceiling of each step as a person reads it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use comfy_table::Table;
use lab_results::ceiling::{Kind, Limit, after_the_first, ceiling};
use lab_results::facts::Facts;
use lab_results::format::duration;
use lab_results::schema::{Metric, ResultsFile, Session};
use lab_results::stats::mean;
use serde::Serialize;

use crate::table::plain_table;
use crate::workspace::short_step;

/// The network profile of the measurements that are computed with.
const PROFILE: &str = "region";
/// What is measured on this machine, and what came with the repository.
const FILES: [&str; 2] = ["data/results/local.json", "data/results/reference.json"];

/// The ceilings of some steps.
#[derive(Debug, Serialize)]
pub struct Ceilings {
    /// The results file that they are computed from.
    pub from: PathBuf,
    /// Environments of an account, by default and where it is new.
    pub concurrency: [u64; 2],
    /// A step each.
    pub steps: Vec<Ceiling>,
}

/// The ceiling of one step.
#[derive(Debug, Serialize)]
pub struct Ceiling {
    /// Its folder.
    pub step: String,
    /// How long a warm request keeps its environment, on average, microseconds.
    pub busy_us: f64,
    /// Its limits in an account of the default concurrency, the first one first.
    pub limits: Vec<Limit>,
    /// The first one in a new account.
    pub new_account: Limit,
}

impl Ceilings {
    /// From the file that is named, else from the first of the usual ones that has all these steps; without steps all that
    /// the file has.
    pub fn compute(
        root: &Path,
        file: Option<&Path>,
        steps: &[String],
        facts: &Facts,
    ) -> Result<Self> {
        let files = match file {
            Some(file) => vec![file.to_owned()],
            None => FILES.map(PathBuf::from).to_vec(),
        };
        let mut missing = None;
        for from in files {
            let path = root.join(&from);
            if file.is_none() && !path.exists() {
                continue;
            }
            match Self::of(&ResultsFile::load(&path)?, from, steps, facts) {
                Ok(ceilings) => return Ok(ceilings),
                Err(error) => missing = Some(error),
            }
        }
        Err(missing.context("there is no results file: `cargo lab run` measures and writes one")?)
    }

    fn of(results: &ResultsFile, from: PathBuf, steps: &[String], facts: &Facts) -> Result<Self> {
        let concurrency = [
            facts.limits()?.concurrency,
            u64::from(facts.new_account_concurrency()?),
        ];
        let names: Vec<String> = if steps.is_empty() {
            let measured = results
                .sessions
                .iter()
                .flat_map(|it| it.measurements.keys());
            let names: std::collections::BTreeSet<&String> = measured.collect();
            names.into_iter().cloned().collect()
        } else {
            steps.to_vec()
        };
        let mut ceilings = Vec::new();
        for step in names {
            let profiles = [Some(PROFILE), None];
            let found = profiles
                .into_iter()
                .find_map(|profile| results.latest(profile, &step));
            let Some((session, _)) = found else {
                anyhow::ensure!(
                    steps.is_empty(),
                    "{} has no measurement of {step}: `cargo lab run {step}` makes one",
                    from.display()
                );
                continue;
            };
            ceilings.extend(of_step(session, step, concurrency, facts)?);
        }
        Ok(Self {
            from,
            concurrency,
            steps: ceilings,
        })
    }

    /// The tables.
    pub fn tables(&self) -> String {
        let mut text = format!(
            "\nTHE CEILING  requests/s at which each limit of AWS would bite, were it alone. Computed, not measured: mean durations \
             and counts\n             from {}, limits and prices from data/facts.toml; an account of {} environments ({} where it is \
             new)\n{}\n\n\
             WHAT IS FIRST, AND WHAT LIFTS IT  in an account of {} environments\n{}",
            self.from.display(),
            self.concurrency[0],
            self.concurrency[1],
            self.limits(),
            self.concurrency[0],
            self.firsts(),
        );
        let _ = writeln!(
            text,
            "The neighbours are taken to stay as fast under load as they are alone, and nothing else to use the account."
        );
        text
    }

    fn limits(&self) -> Table {
        let mut headings = vec!["step", "busy"];
        headings.extend(Kind::ALL.map(Kind::name));
        headings.extend(["first limit", "in a new account"]);
        let right: Vec<usize> = (1..headings.len()).collect();
        let mut table = plain_table(&headings, &right);
        for ceiling in &self.steps {
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
    fn firsts(&self) -> String {
        let mut text = String::new();
        let mut groups: Vec<(Vec<&str>, [String; 3])> = Vec::new();
        for ceiling in &self.steps {
            let Some(lines) = ceiling.first_in_words() else {
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
}

impl Ceiling {
    /// What is first, what lifts it, and what comes then.
    fn first_in_words(&self) -> Option<[String; 3]> {
        let first = self.limits.first()?;
        let (per_second, kind) = after_the_first(&self.limits)?;
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
}

fn of_step(
    session: &Session,
    step: String,
    concurrency: [u64; 2],
    facts: &Facts,
) -> Result<Option<Ceiling>> {
    let measurement = &session.measurements[&step];
    let network = session.network.as_ref();
    let [usual, new] = concurrency.map(|it| ceiling(measurement, network, facts, it));
    let busy = mean(&measurement.rounds_of(Metric::WarmDuration).concat());
    let first = new?.into_iter().next();
    let limits = usual?;
    Ok(busy.zip(first).map(|(busy_us, new_account)| Ceiling {
        step,
        busy_us,
        limits,
        new_account,
    }))
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
