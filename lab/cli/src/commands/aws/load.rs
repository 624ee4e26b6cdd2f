//! `lab aws load`: the deployed steps under load.

use std::io::Write as _;

use anyhow::{Context as _, Result};
use clap::Args;
use lab_bench::aws::cli::Cli;
use lab_bench::aws::connection::Connection;
use lab_bench::aws::measure::NO_ROUTE;
use lab_bench::aws::outputs::Deployed;
use lab_bench::aws::plan::{estimate, where_from};
use lab_bench::aws::reports;
use lab_bench::choice::Choice;
use lab_bench::load::{Strategy, remote};
use lab_bench::target::Target;
use lab_results::facts::Facts;
use lab_results::schema::{Place, ResultsFile};
use lab_workspace::Workspace;
use lab_workspace::progress::Progress;

use super::{agree, functions, region};
use crate::commands::arguments::{AWS_RESULTS, Consent, Deployment};
use crate::commands::load::sending::{self, Loads, Sending, in_short};
use crate::commands::output;
use crate::commands::ready::conditions;

/// What happens to the deployed steps as the rate rises?
#[derive(Debug, Args)]
pub(super) struct Load {
    /// Steps (5, 05, 05-elasticache, floor)
    #[arg(value_name = "STEP", required = true)]
    names: Vec<String>,
    #[command(flatten)]
    sending: Sending,
    #[command(flatten)]
    deployment: Deployment,
    #[command(flatten)]
    consent: Consent,
}

impl Load {
    /// Loads one deployed step after the other; nothing with `--dry-run`.
    pub(super) async fn run(self) -> Result<()> {
        let workspace = Workspace::load()?;
        let facts = workspace.facts()?;
        let strategy = self.sending.strategy(&workspace)?;
        let kept_in = self.sending.output.results(AWS_RESULTS);
        let choice = Choice {
            names: self.names.clone(),
            ..Choice::default()
        };
        let targets = choice.named(&workspace)?;
        let functions = functions(&workspace, targets, &self.names, &self.deployment)?;
        eprintln!("{}", plan(&functions, &strategy, facts)?);
        if self.deployment.dry_run {
            let commands = commands(&functions, &strategy);
            return output::written(write!(std::io::stdout().lock(), "{commands}"));
        }
        sending::agree(&strategy, self.consent.yes)?;
        agree(&self.consent)?;
        ResultsFile::prepare(&workspace.root.join(kept_in), Place::Aws)?;
        let through = "through the steps' HTTP APIs, connections reused";
        let mut load = self
            .sending
            .begin(conditions(&workspace), &strategy, through);
        load.conditions.region = region(&functions);
        let mut loads = Loads::new(load);
        for (target, deployed) in &functions {
            let mut progress = Progress::start(target.name.clone());
            let loaded = one(target, deployed, &strategy, &mut progress)
                .await
                .with_context(|| target.name.clone())?;
            progress.done(&in_short(&loaded.0));
            loads.add(&target.name, loaded);
        }
        self.sending
            .finish(&loads, Place::Aws, kept_in, &strategy, &workspace, facts)
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
    // The check is a request, too.
    let requests = 1 + strategy.requests() as u32;
    Ok(format!(
        "{}, one after the other: {}.\n{}",
        where_from(functions),
        strategy.describe(),
        estimate(functions, requests, facts)?
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
            strategy.requests(),
            strategy.duration().as_secs_f64(),
            cli.line(&reports::command(&group, "THEN")),
        )
    });
    each.collect()
}
