//! What a measurement will do and cost, before it does it.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
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
    /// A few lines: how much is measured where, and what that costs.
    pub fn summary(&self, facts: &Facts) -> Result<String> {
        let Extent {
            rounds,
            paced,
            closed,
            ..
        } = self.extent;
        let requests = 1 + paced + closed;
        let changes = (rounds + 1) * self.functions.len() as u32;
        Ok(format!(
            "{}: {rounds} rounds of up to {requests} requests each, {changes} changes of a description.\n{}",
            where_from(self.functions),
            // The check is a request, too.
            estimate(self.functions, 1 + rounds * requests, facts)?
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
            warm_up: _,
            seed: _,
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

/// The steps and their Region: `00-unoptimized, floor in us-east-1`.
pub fn where_from(functions: &[(Target, Deployed)]) -> String {
    let names: Vec<&str> = functions.iter().map(|(it, _)| it.name.as_str()).collect();
    let region = functions.first().map_or("", |(_, first)| &first.region);
    format!("{} in {region}", names.join(", "))
}

/// What it costs at most that each function answers so many requests: Lambda's and API Gateway's fees, and Lambda's time.
pub fn estimate(functions: &[(Target, Deployed)], requests: u32, facts: &Facts) -> Result<String> {
    // Slower than any step but the first; nobody knows before.
    let ms = facts.number("published.sample.before", "ms")?;
    let prices = facts.prices()?;
    let mut cost = 0.0;
    for (_, deployed) in functions {
        let (name, architecture) = (&deployed.function_name, &deployed.architecture);
        let million = prices.million(&[ms * 1e3], deployed.memory_mb()?, architecture);
        let million = million
            .with_context(|| format!("{name}: {architecture} is no architecture of Lambda"))?;
        cost += million.total() * f64::from(requests) / 1e6;
    }
    Ok(format!(
        "Estimated cost: at most {}, if a request takes {ms} ms (prices of facts.toml, without the free tier, logs, traces). \
         What the shared stacks cost by the hour comes on top: `npm run prices` in infra/.",
        usd(cost)
    ))
}
