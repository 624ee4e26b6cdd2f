//! `lab tune`: which memory size?

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail, ensure};
use clap::{Args, ValueEnum};
use lab_results::chart;
use lab_results::price::Prices;
use lab_results::schema::{Conditions, Method, Place, ResultsFile};
use lab_results::tuning::{SIZES, Strategy, Tuning};
use lab_results::view::tuning as table;

use super::arguments::{Bench, Invocations, LOCAL_RESULTS, Output, Rounds};
use super::output;
use super::ready::Started;
use lab_bench::choice::Choice;
use lab_bench::measure::{Extent, Prepared, measure_each};
use lab_bench::target::Target;
use lab_bench::testbed::Testbed;
use lab_workspace::Workspace;
use lab_workspace::progress::Progress;

const EXAMPLES: &str = "\
Examples:
  cargo lab tune 05                                which memory size for 05?
  cargo lab tune 00 05 --quick                     two steps, a first impression
  cargo lab tune --all --svg tuning.svg            every step by every size, as a picture too
  cargo lab tune 05 --power 128,256,512            other sizes than the usual six
  cargo lab tune 05 --strategy balanced --weight 0.7 --json
                                                   AWS Lambda Power Tuning's JSON (of several steps one object by
                                                   each name); the weight is the cost's
  cargo lab tune 05 --compare 00                   and a link that shows both in one picture";

/// Measure steps at several memory sizes, in turns, with AWS Lambda Power Tuning's arithmetic.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Tune {
    /// Steps (5, 05, 05-elasticache, floor) or files
    #[arg(value_name = "STEP or FILE", required_unless_present = "all")]
    names: Vec<String>,
    /// Every step there is
    #[arg(long, conflicts_with = "names")]
    all: bool,
    /// Memory sizes in MB, 128 to 10240
    #[arg(long, value_name = "MB,MB,...", value_delimiter = ',', default_values_t = SIZES,
          value_parser = clap::value_parser!(u32).range(128..=10240))]
    power: Vec<u32>,
    /// What is wanted: it decides what --json calls the power
    #[arg(long, value_enum, default_value_t = Wanted::Cost)]
    strategy: Wanted,
    /// With the balanced strategy: how much the cost weighs against the time, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.5)]
    weight: f64,
    /// Measure this step as well, and link to a picture of each step beside it
    #[arg(long, value_name = "STEP")]
    compare: Option<String>,
    #[command(flatten)]
    rounds: Rounds,
    #[command(flatten)]
    invocations: Invocations,
    #[command(flatten)]
    bench: Bench,
    /// Run files with this step's services and extension
    #[arg(long, value_name = "STEP")]
    like: Option<String>,
    /// Write the matrix as a picture
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

/// What is wanted of a memory size.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Wanted {
    /// The cheapest
    Cost,
    /// The fastest
    Speed,
    /// The best of both, by --weight
    Balanced,
}

/// A step at each of these sizes, as far as it answers there, and what came instead at the others.
async fn at_sizes(
    step: &Prepared,
    sizes: &[u32],
    lab: &Testbed,
    progress: &mut Progress,
) -> (Vec<Prepared>, BTreeMap<u32, String>) {
    let (mut answers, mut fails) = (Vec::new(), BTreeMap::new());
    for &memory_mb in sizes {
        let name = &step.target.name;
        progress.update(format!("checking {name}, {memory_mb} MB"));
        let mut prepared = step.of_size(memory_mb);
        match prepared.check(lab).await {
            Ok(_) => answers.push(prepared),
            Err(error) => {
                let why = format!("{error:#}");
                progress.print(&format!("{name} fails at {memory_mb} MB: {why}"));
                fails.insert(memory_mb, why.lines().next().unwrap_or_default().to_owned());
            }
        }
    }
    (answers, fails)
}

impl Tune {
    /// Measures and prints.
    pub async fn run(self) -> Result<()> {
        ensure!(
            (0.0..=1.0).contains(&self.weight),
            "--weight {} must lie between 0 (only the time counts) and 1 (only the cost)",
            self.weight
        );
        let workspace = Workspace::load()?;
        let kept_in = self.output.results(LOCAL_RESULTS);
        let results = workspace.root.join(kept_in);
        ResultsFile::prepare(&results, Place::Local)?;
        let (targets, baseline) = self.targets(&workspace)?;
        let ready = Started::new(&workspace, &targets, &self.bench, None).await?;
        let checked = ready.check(&targets).await?;
        eprintln!("built and started in {}", ready.took);
        let prices = ready.facts.prices()?;
        let tunings = self.measure(&ready, &checked, &targets).await?;
        ready.lab.stop().await;

        let strategy = self.strategy();
        let shown = table::Shown {
            tunings: &tunings,
            prices: &prices,
            strategy,
            weight: self.weight,
            baseline: baseline.as_deref(),
        };
        if self.output.json {
            output::line(&table::json(&shown)?)?;
        } else {
            output::sections(&table::sections(&shown)?, self.output.width)?;
        }
        self.draw(&tunings, &prices)?;
        // After the tables: a full disk takes the file, not what was measured.
        ResultsFile::change(&results, Place::Local, |file| {
            for tuning in tunings {
                file.merge_tuning(tuning);
            }
        })
        .context("the tables above are not in the results file")?;
        eprintln!("results: {}", kept_in.display());
        Ok(())
    }

    /// What is measured, and the name of the step that the others are linked with.
    fn targets(&self, workspace: &Workspace) -> Result<(Vec<Target>, Option<String>)> {
        let mut names = self.names.clone();
        names.extend(self.compare.clone());
        let choice = Choice {
            names,
            all: self.all,
            like: self.like.clone(),
            ..Choice::default()
        };
        let targets = choice.named(workspace)?;
        let baseline = match &self.compare {
            Some(name) => Some(workspace.step(name)?.name.clone()),
            None => None,
        };
        Ok((targets, baseline))
    }

    fn strategy(&self) -> Strategy {
        match self.strategy {
            Wanted::Cost => Strategy::Cost,
            Wanted::Speed => Strategy::Speed,
            Wanted::Balanced => Strategy::Balanced(self.weight),
        }
    }

    /// Every step at every size, all of them in the same interleaved rounds.
    async fn measure(
        &self,
        ready: &Started,
        checked: &[Prepared],
        targets: &[Target],
    ) -> Result<Vec<Tuning>> {
        let mut sizes = self.power.clone();
        sizes.sort_unstable();
        sizes.dedup();
        let lab = &ready.lab;
        let mut progress = Progress::start(format!(
            "measuring {} step(s) at {} sizes",
            targets.len(),
            sizes.len()
        ));
        let (mut prepared, mut failed) = (Vec::new(), Vec::new());
        for step in checked {
            let (answers, fails) = at_sizes(step, &sizes, lab, &mut progress).await;
            if answers.is_empty() {
                let why = fails.into_values().next_back().unwrap_or_default();
                bail!("{} answers at none of these sizes: {why}", step.target.name);
            }
            failed.push((answers.len(), fails));
            prepared.extend(answers);
        }
        let extent = self.extent();
        let measured = measure_each(lab, &prepared, &extent, &mut progress).await?;
        progress.done("");
        let mut measured = measured.into_iter();
        let tunings = targets
            .iter()
            .zip(failed)
            .map(|(target, (count, failed))| Tuning {
                step: target.name.clone(),
                memory_mb: target.memory_mb,
                conditions: Conditions {
                    method: Method {
                        quick: self.rounds.quick,
                        rounds: extent.rounds,
                        warm_up: (extent.warm_up > 0).then_some(extent.warm_up),
                        seed: Some(extent.seed),
                        paced_gap_ms: extent.gap.as_secs_f64() * 1e3,
                        ..ready.conditions.method.clone()
                    },
                    ..ready.conditions.clone()
                },
                sizes: measured.by_ref().take(count).collect(),
                failed,
            });
        Ok(tunings.collect())
    }

    fn extent(&self) -> Extent {
        self.invocations
            .of(self.rounds.extent(Extent::TUNING, Extent::QUICK_TUNING))
    }

    fn draw(&self, tunings: &[Tuning], prices: &Prices) -> Result<()> {
        let Some(path) = &self.svg else { return Ok(()) };
        let tunings: Vec<&Tuning> = tunings.iter().collect();
        let picture = chart::tuning(&tunings, prices).context("there is nothing to draw")?;
        output::file("picture", path, &picture)
    }
}
