//! `lab load --aws`: the deployed steps under load.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use lab_results::facts::Facts;
use lab_results::format::usd;

use super::run::{Run, in_short};
use super::{Load, must_be_steps, remote};
use crate::commands::aws::{OUTPUTS, agree, in_one_region};
use crate::commands::output;
use lab_bench::aws::cli::Cli;
use lab_bench::aws::connection::Connection;
use lab_bench::aws::measure::NO_ROUTE;
use lab_bench::aws::outputs::{Deployed, Outputs};
use lab_bench::aws::plan::cost_of;
use lab_bench::aws::reports;
use lab_bench::load::Strategy;
use lab_bench::target::{Choice, Target};
use lab_workspace::Workspace;
use lab_workspace::progress::Progress;

impl Load {
    /// Loads one deployed step after the other; nothing with `--dry-run`.
    pub(super) async fn aws(
        &self,
        workspace: &Workspace,
        facts: &Facts,
        strategy: &Strategy,
    ) -> Result<Option<Run>> {
        let functions = self.functions(workspace)?;
        eprintln!("{}", plan(&functions, strategy, facts)?);
        if self.dry_run {
            let commands = commands(&functions, strategy);
            output::written(write!(std::io::stdout().lock(), "{commands}"))?;
            return Ok(None);
        }
        agree(self.yes)?;
        let mut load = self.begin(
            workspace,
            strategy,
            "through the steps' HTTP APIs, connections kept",
        );
        load.conditions.region = functions
            .first()
            .map(|(_, deployed)| deployed.region.clone());
        let mut run = Run::new(load);
        for (target, deployed) in &functions {
            let mut progress = Progress::start(target.name.clone());
            let loaded = one(target, deployed, strategy, &mut progress)
                .await
                .with_context(|| target.name.clone())?;
            progress.done(&in_short(&loaded.0));
            run.add(&target.name, loaded);
        }
        Ok(Some(run))
    }

    fn functions(&self, workspace: &Workspace) -> Result<Vec<(Target, Deployed)>> {
        let file = self.outputs.as_deref().unwrap_or(Path::new(OUTPUTS));
        let outputs = Outputs::load(&workspace.root.join(file))?;
        let choice = Choice {
            names: self.names.clone(),
            ..Choice::default()
        };
        let targets = choice.named(workspace)?;
        must_be_steps(&targets)?;
        let named: Vec<String> = targets.iter().map(|target| target.name.clone()).collect();
        let functions = outputs.choose(targets, &named)?;
        in_one_region(&functions)?;
        Ok(functions)
    }
}

/// The load, and what the REPORT lines say of it.
async fn one(
    target: &Target,
    deployed: &Deployed,
    strategy: &Strategy,
    progress: &mut Progress,
) -> Result<(
    lab_results::load::Loaded,
    Vec<lab_bench::load::send::Sample>,
)> {
    let cli = Cli::new(&deployed.region);
    let mut clock = Connection::open(&deployed.url).await?;
    let begin = clock.get_path(NO_ROUTE).await?.date;
    let begin = begin.with_context(|| format!("{} sends no Date", deployed.url))?;
    drop(clock);
    let stadiums = target.serves_stadiums();
    let (mut loaded, samples) = remote::load(&deployed.url, stadiums, strategy, progress).await?;
    progress.update("waiting for the REPORT lines");
    // The check is one of them. Whoever was refused left none.
    let least = 1 + loaded.served as usize;
    let group = deployed.log_group();
    let found = reports::at_least(&cli, &group, begin, least).await?;
    let cold = found.iter().filter(|report| report.init.is_some()).count();
    loaded.cold_starts = Some(cold as u64);
    // Each environment says once what its init phase took.
    loaded.environments = Some(cold as u64);
    loaded.memory_mb = Some(deployed.memory_mb()?);
    Ok((loaded, samples))
}

/// A few lines: how much is sent where, and what that costs.
fn plan(functions: &[(Target, Deployed)], strategy: &Strategy, facts: &Facts) -> Result<String> {
    // Slower than any step but the first; nobody knows before.
    let ms = facts.number("published.sample.before", "ms")?;
    let requests = 1 + strategy.arrivals().len();
    let mut cost = 0.0;
    for (_, deployed) in functions {
        cost += cost_of(deployed, requests as f64, facts, ms)?;
    }
    let names: Vec<&str> = functions
        .iter()
        .map(|(target, _)| target.name.as_str())
        .collect();
    let region = functions
        .first()
        .map_or("", |(_, deployed)| deployed.region.as_str());
    Ok(format!(
        "{} in {region}, one after the other: {}.\n\
         Estimated cost: at most {}, if a request takes {ms} ms (prices of facts.toml, without the free tier, logs, traces). \
         What the shared stacks cost by the hour comes on top: `npm run prices` in infra/.",
        names.join(", "),
        strategy.describe(),
        usd(cost),
    ))
}

/// Every command and request, in their order.
fn commands(functions: &[(Target, Deployed)], strategy: &Strategy) -> String {
    let each = functions.iter().map(|(_, deployed)| {
        let (server, url) = (deployed.url.trim_end_matches('/'), &deployed.url);
        let cli = Cli::new(&deployed.region);
        let group = deployed.log_group();
        format!(
            "\n{}\n  GET {server}{NO_ROUTE}   (API Gateway's 404; its Date is THEN)\n  \
             GET {url}   (must be right)\n  \
             GET {server}{}   {} times in {} s, when each is due\n  \
             {}   (until there is a REPORT line for each right answer)\n",
            deployed.function_name,
            strategy.path,
            strategy.arrivals().len(),
            strategy.duration().as_secs_f64(),
            cli.line(&reports::command(&group, "THEN")),
        )
    });
    each.collect()
}
