//! `lab load`: what happens as the rate rises, and where is the ceiling?

mod aws;
mod run;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use lab_results::ceiling::Ceilings;
use lab_results::chart;
use lab_results::facts::Facts;
use lab_results::load as results;
use lab_results::schema::{Method, Place, ResultsFile};
use lab_results::view;

use self::run::{Run, in_short};
use super::aws::RESULTS as AWS_RESULTS;
use super::output;
use super::ready::{self, Origin};
use super::run::RESULTS;
use crate::programs;
use lab_bench::load::emulated::{self, Account};
use lab_bench::load::{Strategy, remote};
use lab_bench::run_directory::clear_leftovers;
use lab_bench::target::{Choice, Target};
use lab_bench::testbed::{Lab, Setup};
use lab_workspace::Workspace;
use lab_workspace::progress::Progress;

const EXAMPLES: &str = "\
Examples:
  cargo lab load 00 05                               the sample's ramp, one step after the other
  cargo lab load 05 --strategy data/load/burst.yml   any file that Artillery takes, as far as the lab knows it
  cargo lab load 05 --concurrency 50                 more environments than a new account has
  cargo lab load --ceiling                           no load: what would be the limit on AWS, computed
  cargo lab load --url http://127.0.0.1:9000/        any server, for example `cargo lab serve 05`
  cargo lab load --aws 05 --dry-run                  deployed steps (infra/README.md): what is sent, and what it costs

The load is open: requests are sent when they are due, whatever became of the last ones, and their latency counts from
then. Steps run in the emulated service of this process, without HTTP in between; each has the machine for itself.
The exit code is 1 where the strategy ensures something that does not hold.";

/// The sample's own strategy.
const STRATEGY: &str = "data/load/ramp.yml";

/// Put steps under load: requests at a rising rate, served, failed and how fast; and where the ceiling is.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
// Switches of a command line are what they are.
#[allow(clippy::struct_excessive_bools)]
pub struct Load {
    /// Steps (5, 05, 05-elasticache, floor) or files
    #[arg(value_name = "STEP or FILE", required_unless_present_any = ["url", "ceiling"])]
    names: Vec<String>,
    /// What is sent and when, in Artillery's format
    #[arg(long, value_name = "FILE", default_value = STRATEGY)]
    strategy: PathBuf,
    /// Environments that the account may have [default: a new account's, from data/facts.toml]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000), conflicts_with_all = ["url", "aws"])]
    concurrency: Option<u32>,
    /// Memory size in MB instead of the manifests'; 128 to 10240
    #[arg(long, value_name = "MB", value_parser = clap::value_parser!(u32).range(128..=10240), conflicts_with_all = ["url", "aws"])]
    memory: Option<u32>,
    /// Network profile of data/facts.toml: how far away the neighbours are
    #[arg(long, value_name = "NAME", default_value = "region", conflicts_with_all = ["url", "aws", "ceiling"])]
    profile: String,
    /// Run files with this step's memory, neighbours and extension
    #[arg(long, value_name = "STEP", conflicts_with_all = ["url", "aws"])]
    like: Option<String>,
    /// Instead of steps: any HTTP server
    #[arg(long, value_name = "URL", conflicts_with = "names")]
    url: Option<String>,
    /// Instead of the lab: the steps that are deployed to AWS, through their APIs and the AWS CLI
    #[arg(long, conflicts_with = "url")]
    aws: bool,
    /// With --aws: say what would be sent and what it costs, and send nothing
    #[arg(long, requires = "aws")]
    dry_run: bool,
    /// With --aws: what is deployed [default: infra/outputs.json, which npm run deploy writes]
    #[arg(long, value_name = "FILE", requires = "aws")]
    outputs: Option<PathBuf>,
    /// Send nothing: compute at what rate each limit of AWS would bite, from what was measured
    #[arg(long, conflicts_with_all = ["url", "aws"])]
    ceiling: bool,
    /// Results file [default in data/results: local.json, with --aws aws.json]; --ceiling reads it
    #[arg(long, value_name = "FILE")]
    results: Option<PathBuf>,
    /// Draw the load into this file, too
    #[arg(long, value_name = "FILE", conflicts_with = "ceiling")]
    svg: Option<PathBuf>,
    /// A name for this load, kept in the results
    #[arg(long, value_name = "NAME")]
    label: Option<String>,
    /// Print JSON instead of tables
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    width: output::Width,
    /// Do not ask before a private copy of a missing program is unpacked, or before AWS charges for requests
    #[arg(long, short)]
    yes: bool,
}

impl Load {
    /// Loads and prints.
    pub async fn run(self) -> Result<()> {
        let workspace = Workspace::load()?;
        let facts = workspace.facts()?;
        if self.ceiling {
            return self.print_ceiling(&workspace, facts);
        }
        let strategy = Strategy::load(&self.strategy_path(&workspace))?;
        let place = if self.aws { Place::Aws } else { Place::Local };
        let usual = if self.aws { AWS_RESULTS } else { RESULTS };
        let kept_in = self.results.as_deref().unwrap_or(Path::new(usual));
        let results = workspace.root.join(kept_in);
        if !self.dry_run {
            ResultsFile::prepare(&results, place)?;
        }
        let run = match &self.url {
            _ if self.aws => match self.aws(&workspace, facts, &strategy).await? {
                Some(run) => run,
                None => return Ok(()),
            },
            Some(url) => self.url(&workspace, url, &strategy).await?,
            None => self.emulated(&workspace, facts, &strategy).await?,
        };
        self.print(&run, place, facts, &workspace)?;
        // After the tables: a full disk takes the file, not what was measured.
        self.draw(&run.load)?;
        ResultsFile::add_load(&results, place, run.load.clone())
            .context("the tables above are not in the results file")?;
        eprintln!("results: {}", kept_in.display());
        run.ensure(&strategy)
    }

    /// A path is taken from where the command is given, else from the repository.
    fn strategy_path(&self, workspace: &Workspace) -> PathBuf {
        if self.strategy.exists() {
            self.strategy.clone()
        } else {
            workspace.root.join(&self.strategy)
        }
    }

    fn print_ceiling(&self, workspace: &Workspace, facts: &Facts) -> Result<()> {
        let mut steps = Vec::new();
        for name in &self.names {
            steps.push(workspace.step(name)?.name.clone());
        }
        let file = self.results.as_deref();
        let ceilings = Ceilings::compute(&workspace.root, file, &steps, facts)?;
        if self.json {
            return output::line(&serde_json::to_string_pretty(&ceilings)?);
        }
        output::sections(&view::ceiling::sections(&ceilings), self.width)
    }

    async fn emulated(
        &self,
        workspace: &Workspace,
        facts: &Facts,
        strategy: &Strategy,
    ) -> Result<Run> {
        let choice = Choice {
            names: self.names.clone(),
            memory_mb: self.memory,
            like: self.like.clone(),
            ..Choice::default()
        };
        let account = Account {
            concurrency: match self.concurrency {
                Some(concurrency) => concurrency,
                None => facts.new_account_concurrency()?,
            },
            parameter_quota: facts.parameter_store()?.quota_per_second,
        };
        let targets = choice.named(workspace)?;
        let network = facts.network(&self.profile)?;
        clear_leftovers();
        let programs = programs::ensure(self.yes).await?;
        let mut load = self.begin(
            workspace,
            strategy,
            "in the emulated service of this process, without HTTP in between",
        );
        let mut executables = Vec::new();
        for target in &targets {
            executables.push(target.executable(workspace).await?);
        }
        let lab = Lab::start(Setup {
            workspace,
            profile: &self.profile,
            parameter_quota: Some(account.parameter_quota),
            programs,
        })
        .await?;
        ready::warn_of_missing_limits(&lab, "a step serves more than on Lambda");
        load.conditions.network = Some(network);
        load.conditions.limits = Some(ready::limits(&lab));
        load.concurrency = Some(account.concurrency);
        load.conditions.method.parameter_quota = Some(account.parameter_quota);
        eprintln!("each step: {}", strategy.describe());
        let mut run = Run::new(load);
        for (target, executable) in targets.iter().zip(&executables) {
            let mut progress = Progress::start(target.name.clone());
            let what = (target, executable.as_path());
            let loaded = emulated::load(&lab, what, strategy, account, &mut progress).await?;
            progress.done(&in_short(&loaded.0));
            run.add(&target.name, loaded);
        }
        lab.stop().await;
        Ok(run)
    }

    async fn url(&self, workspace: &Workspace, url: &str, strategy: &Strategy) -> Result<Run> {
        let load = self.begin(workspace, strategy, "over HTTP, connections kept");
        let mut run = Run::new(load);
        eprintln!("{}", strategy.describe());
        let mut progress = Progress::start(url);
        let loaded = remote::load(url, false, strategy, &mut progress).await?;
        progress.done(&in_short(&loaded.0));
        run.add(url, loaded);
        Ok(run)
    }

    /// What is known before anything is sent.
    fn begin(&self, workspace: &Workspace, strategy: &Strategy, through: &str) -> results::Load {
        let origin = Origin::now(workspace);
        results::Load {
            conditions: origin.conditions(self.label.clone(), Method::default()),
            strategy: strategy.name.clone(),
            phases: strategy.describe(),
            through: through.to_owned(),
            apdex_threshold_ms: strategy.apdex_threshold.as_secs_f64() * 1e3,
            concurrency: None,
            steps: BTreeMap::new(),
        }
    }

    fn print(&self, run: &Run, place: Place, facts: &Facts, workspace: &Workspace) -> Result<()> {
        if self.json {
            let mut alone = ResultsFile::new(place);
            alone.merge_load(run.load.clone());
            return output::written(alone.write(std::io::stdout().lock()));
        }
        let mut sections = view::load::sections(&run.load, &run.order);
        if let (Some(last), Some(published)) = (
            sections.last_mut(),
            view::load::published(&run.load, facts)?,
        ) {
            last.notes.push(published);
        }
        // Files and URLs have no measurement, a step perhaps none yet: then there is no ceiling to show.
        if let Ok(ceilings) = Ceilings::compute(&workspace.root, None, &run.order, facts) {
            sections.extend(view::ceiling::sections(&ceilings));
        }
        output::sections(&sections, self.width)
    }

    fn draw(&self, load: &results::Load) -> Result<()> {
        let Some(path) = &self.svg else {
            return Ok(());
        };
        let svg = chart::ramp(load).context("nothing was sent: there is nothing to draw")?;
        output::file("drawn", path, &svg)
    }
}

/// Only a step may be deployed.
fn must_be_steps(targets: &[Target]) -> Result<()> {
    match targets.iter().find(|target| !target.is_built_here()) {
        Some(file) => bail!("{} is a file: --aws loads deployed steps", file.name),
        None => Ok(()),
    }
}
