//! `lab load`: what happens as the rate rises?

pub(super) mod sending;

use anyhow::Result;
use clap::Args;
use lab_bench::choice::Choice;
use lab_bench::load::emulated::{self, Account};
use lab_bench::load::{Strategy, remote};
use lab_results::facts::Facts;
use lab_results::schema::{Place, ResultsFile};
use lab_workspace::Workspace;
use lab_workspace::progress::Progress;

use self::sending::{Loads, Sending, agree, in_short};
use super::arguments::{Bench, Configuration, LOCAL_RESULTS};
use super::ready::{Started, conditions};

const EXAMPLES: &str = "\
Examples:
  cargo lab load 00 05                               the sample's ramp, one step after the other
  cargo lab load 05 --strategy data/load/burst.yml   any file that Artillery takes, as far as the lab knows it
  cargo lab load 05 --concurrency 50                 more environments than a new account has
  cargo lab load --url http://127.0.0.1:9000/        any server, for example `cargo lab serve 05`

The load is open: requests are sent when they are due, whatever became of the last ones, and their latency counts from
then. Steps run in the emulated service of this process, without HTTP in between; each has the machine for itself.
The exit code is 1 where the strategy ensures something that does not hold.
`cargo lab ceiling` computes what would be the limit on AWS, `cargo lab aws load` loads deployed steps.";

/// Put steps under load: requests at a rising rate, served, failed and how fast.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Load {
    /// Steps (5, 05, 05-elasticache, floor) or files
    #[arg(value_name = "STEP or FILE", required_unless_present = "url")]
    names: Vec<String>,
    /// Instead of steps: any HTTP server
    #[arg(long, value_name = "URL", conflicts_with_all = ["names", "concurrency", "memory", "like", "profile"])]
    url: Option<String>,
    /// Environments that the account may have [default: a new account's, from data/facts.toml]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    concurrency: Option<u32>,
    #[command(flatten)]
    configuration: Configuration,
    #[command(flatten)]
    bench: Bench,
    #[command(flatten)]
    sending: Sending,
}

impl Load {
    /// Loads and prints.
    pub async fn run(self) -> Result<()> {
        let workspace = Workspace::load()?;
        let facts = workspace.facts()?;
        let strategy = self.sending.strategy(&workspace)?;
        agree(&strategy, self.bench.consent.yes)?;
        let kept_in = self.sending.output.results(LOCAL_RESULTS);
        ResultsFile::prepare(&workspace.root.join(kept_in), Place::Local)?;
        let loads = match &self.url {
            Some(url) => self.url(&workspace, url, &strategy).await?,
            None => self.emulated(&workspace, facts, &strategy).await?,
        };
        self.sending
            .finish(&loads, Place::Local, kept_in, &strategy, &workspace, facts)
    }

    async fn emulated(
        &self,
        workspace: &Workspace,
        facts: &Facts,
        strategy: &Strategy,
    ) -> Result<Loads> {
        let choice = self.configuration.of(Choice {
            names: self.names.clone(),
            ..Choice::default()
        });
        let account = Account {
            concurrency: match self.concurrency {
                Some(concurrency) => concurrency,
                None => facts.new_account_concurrency()?,
            },
            parameter_quota: facts.parameter_store_quota()?,
        };
        let targets = choice.named(workspace)?;
        let quota = Some(account.parameter_quota);
        let started = Started::new(workspace, &targets, &self.bench, quota).await?;
        let through = "in the emulated service of this process, without HTTP in between";
        let mut load = self.sending.begin(started.conditions, strategy, through);
        load.concurrency = Some(account.concurrency);
        eprintln!("each step: {}", strategy.describe());
        let mut loads = Loads::new(load);
        for (target, executable) in targets.iter().zip(&started.executables) {
            let mut progress = Progress::start(target.name.clone());
            let what = (target, executable.as_path());
            let lab = &started.lab;
            let loaded = emulated::load(lab, what, strategy, account, &mut progress).await?;
            progress.done(&in_short(&loaded.0));
            loads.add(&target.name, loaded);
        }
        started.lab.stop().await;
        Ok(loads)
    }

    async fn url(&self, workspace: &Workspace, url: &str, strategy: &Strategy) -> Result<Loads> {
        let load = self.sending.begin(
            conditions(workspace),
            strategy,
            "over HTTP, connections reused",
        );
        let mut loads = Loads::new(load);
        eprintln!("{}", strategy.describe());
        let mut progress = Progress::start(url);
        let loaded = remote::load(url, false, strategy, &mut progress).await?;
        progress.done(&in_short(&loaded.0));
        loads.add(url, loaded);
        Ok(loads)
    }
}
