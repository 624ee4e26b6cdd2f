//! What a measurement will do and cost, before it does it.

use std::fmt::Write as _;

use anyhow::Result;
use lab_results::facts::Facts;
use lab_results::format::usd;

use super::cli::Cli;
use super::function::{change_command, configuration_command};
use super::measure::NO_ROUTE;
use super::outputs::Deployed;
use super::reports;
use crate::measure::Extent;
use crate::target::Target;

/// The deployed steps that are measured, and how much.
pub struct Plan<'a> {
    /// The steps, and where they are.
    pub functions: &'a [(Target, Deployed)],
    /// How much is measured.
    pub extent: Extent,
}

impl Plan<'_> {
    /// Requests that one function answers, at most: the check's, and those of the rounds.
    pub fn requests(&self) -> u32 {
        let Extent {
            rounds,
            paced,
            closed,
            ..
        } = self.extent;
        1 + rounds * (1 + paced + closed)
    }

    /// What it costs at most, USD: Lambda's and API Gateway's fees, and Lambda's time if each request took `ms`.
    pub fn cost(&self, facts: &Facts, ms: f64) -> Result<f64> {
        let mut cost = 0.0;
        for (_, deployed) in self.functions {
            cost += cost_of(deployed, f64::from(self.requests()), facts, ms)?;
        }
        Ok(cost)
    }

    /// A few lines: how much is measured where, and what that costs.
    pub fn summary(&self, facts: &Facts) -> Result<String> {
        // Slower than any step but the first; nobody knows before.
        let ms = facts.number("published.sample.before", "ms")?;
        let names: Vec<&str> = self
            .functions
            .iter()
            .map(|(target, _)| target.name.as_str())
            .collect();
        let changes = (self.extent.rounds + 1) * self.functions.len() as u32;
        Ok(format!(
            "{} in {}: {} rounds of up to {} requests each, {changes} changes of a description.\n\
             Estimated cost: at most {}, if a request takes {ms} ms (prices of facts.toml, without the free tier, logs, traces). \
             What the shared stacks cost by the hour comes on top: `npm run prices` in infra/.",
            names.join(", "),
            self.functions
                .first()
                .map_or("", |(_, deployed)| deployed.region.as_str()),
            self.extent.rounds,
            1 + self.extent.paced + self.extent.closed,
            usd(self.cost(facts, ms)?),
        ))
    }

    /// Every command and request, in their order.
    pub fn commands(&self) -> String {
        let Extent {
            rounds,
            paced,
            gap,
            closed,
            closed_time,
        } = self.extent;
        let mut text = String::new();
        for (_, deployed) in self.functions {
            let cli = Cli::new(&deployed.region);
            let (name, group) = (deployed.function_name.as_str(), deployed.log_group());
            let (server, url) = (deployed.url.trim_end_matches('/'), &deployed.url);
            let configuration = cli.line(&configuration_command(name));
            let change = |description| cli.line(&change_command(name, description));
            let logs = cli.line(&reports::command(&group, "THEN"));
            let _ = write!(
                text,
                "\n{name}\n  \
                 {configuration}\n  \
                 GET {server}{NO_ROUTE}   (API Gateway's 404; its Date is THEN)\n  \
                 GET {url}   (must be the stadiums)\n  \
                 {logs}   (until its REPORT line is there)\n  \
                 {rounds} times, in turn with the other functions:\n    \
                 {}\n    \
                 {configuration}   (until LastUpdateStatus is Successful)\n    \
                 GET {url}   (cold)\n    \
                 GET {url}   {paced} times, {} ms apart\n    \
                 GET {url}   {closed} times without a pause, or for {} ms\n  \
                 {}   (the one from before)\n  \
                 {logs}   (until all REPORT lines are there)\n",
                change("cargo lab: cold start N"),
                gap.as_millis(),
                closed_time.as_millis(),
                change("..."),
            );
        }
        text
    }
}

/// What so many requests of `ms` each cost, USD: Lambda's and API Gateway's fees, and Lambda's time.
pub fn cost_of(deployed: &Deployed, requests: f64, facts: &Facts, ms: f64) -> Result<f64> {
    let memory = deployed.memory_mb()?;
    let prices = facts.prices()?;
    let million = prices.million(&[ms * 1e3], memory, &deployed.architecture);
    let million = million.ok_or_else(|| {
        let (name, given) = (&deployed.function_name, &deployed.architecture);
        anyhow::anyhow!("{name}: {given} is no architecture of Lambda")
    })?;
    Ok(million.total() * requests / 1e6)
}
