//! `lab run`: how fast is each step, cold and warm?

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result};
use clap::Args;
use lab_results::schema::{self, Measurement, Method, Place, ResultsFile, Session};

use super::compare::line_to_paste;
use super::ready::{self, Origin};
use super::{aws, faults, output};
use crate::programs;
use lab_bench::measure::{Extent, measure};
use lab_bench::run_directory::clear_leftovers;
use lab_bench::target::{Choice, Target};
use lab_bench::testbed::{Lab, Setup};
use lab_workspace::Workspace;
use lab_workspace::progress::{Progress, elapsed};

const EXAMPLES: &str = "\
Examples:
  cargo lab run                       the whole ladder, and the floors
  cargo lab run 03                    03, the step before it, and the floor
  cargo lab run 00 02 05 --quick      three steps, a first impression
  cargo lab run --profile loopback    without any distance to the neighbours
  cargo lab run 05 --memory 1024      another memory size than the manifest's
  cargo lab run --faults 02 05        break the neighbours of two steps, see what their clients get
  cargo lab run --aws 05 --dry-run    deployed steps (infra/README.md): what would be done, and what it costs
  cargo lab run ./my/bootstrap        any executable that speaks the Lambda Runtime API
  cargo lab run ./target/lambda/05-elasticache/bootstrap --like 05";

/// Where measurements are kept unless `--results` says otherwise.
pub(super) const RESULTS: &str = "data/results/local.json";

/// Measure steps: build them, start their neighbours, and take interleaved rounds of cold and warm invocations.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
// Switches of a command line are what they are.
#[allow(clippy::struct_excessive_bools, clippy::struct_field_names)]
pub struct Run {
    /// Steps (5, 05, 05-elasticache, floor) or files; none: the whole ladder
    #[arg(value_name = "STEP or FILE")]
    names: Vec<String>,
    /// Every step there is
    #[arg(long, conflicts_with = "names")]
    all: bool,
    /// Fewer rounds, no intervals: under half a minute once everything is built
    #[arg(long)]
    quick: bool,
    /// Instead of speed: what each step does when a neighbour fails
    #[arg(long, conflicts_with_all = ["quick", "rounds", "memory", "label", "like"])]
    faults: bool,
    /// Instead of the lab: the steps that are deployed to AWS, through their APIs and the AWS CLI
    #[arg(long, conflicts_with_all = ["faults", "memory", "like", "profile"])]
    aws: bool,
    /// With --aws: say what would be done and what it costs, and do nothing
    #[arg(long, requires = "aws")]
    dry_run: bool,
    /// With --aws: what is deployed [default: infra/outputs.json, which npm run deploy writes]
    #[arg(long, value_name = "FILE", requires = "aws")]
    outputs: Option<PathBuf>,
    /// Rounds, each with one fresh environment a step; intervals need at least 10
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: Option<u32>,
    /// Memory size in MB instead of the manifests'; 128 to 10240
    #[arg(long, value_name = "MB", value_parser = clap::value_parser!(u32).range(128..=10240))]
    memory: Option<u32>,
    /// Network profile of data/facts.toml: how far away the neighbours are
    #[arg(long, value_name = "NAME", default_value = "region")]
    profile: String,
    /// Run files with this step's memory, neighbours and extension
    #[arg(long, value_name = "STEP")]
    like: Option<String>,
    /// Results file [default in data/results: local.json, with --faults local-faults.json, with --aws aws.json]
    #[arg(long, value_name = "FILE")]
    results: Option<PathBuf>,
    /// Your name: kept in the results, and the run ends with a line to paste for `cargo lab compare -`
    #[arg(long, value_name = "NAME")]
    label: Option<String>,
    /// Print the session as JSON instead of tables
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    width: output::Width,
    /// Do not ask before a private copy of a missing program is unpacked, or before AWS charges for requests
    #[arg(long, short)]
    yes: bool,
}

impl Run {
    /// Measures and prints.
    pub async fn run(self) -> Result<()> {
        let workspace = Workspace::load()?;
        let choice = Choice {
            names: self.names.clone(),
            all: self.all,
            memory_mb: self.memory,
            like: self.like.clone(),
            in_a_room: self.label.is_some(),
        };
        if self.aws {
            let request = aws::Request {
                choice,
                extent: self.extent(),
                quick: self.quick,
                outputs: self.outputs.as_deref(),
                results: self.results.as_deref(),
                label: self.label,
                json: self.json,
                width: self.width,
                yes: self.yes,
                dry_run: self.dry_run,
            };
            return aws::run(&workspace, request).await;
        }
        let targets = choice.targets(&workspace)?;
        if self.faults {
            let request = faults::Request {
                targets,
                profile: &self.profile,
                results: self.results.as_deref(),
                json: self.json,
                width: self.width,
                yes: self.yes,
            };
            return faults::run(&workspace, request).await;
        }
        let facts = workspace.facts()?;
        let network = facts.network(&self.profile)?;
        let kept_in = self.results.as_deref().unwrap_or(Path::new(RESULTS));
        let results = workspace.root.join(kept_in);
        ResultsFile::prepare(&results, Place::Local)?;
        clear_leftovers();
        let programs = programs::ensure(self.yes).await?;

        // Before the lab binds itself to its CPUs, and before somebody edits a file while this runs.
        let origin = Origin::now(&workspace);
        let begin = Instant::now();
        let executables = ready::build(&workspace, &targets).await?;
        let setup = Setup {
            workspace: &workspace,
            profile: &self.profile,
            parameter_quota: None,
            programs,
        };
        let lab = Lab::start(setup).await?;
        let built = elapsed(begin);
        ready::warn_of_missing_limits(&lab, ready::RUNS_FASTER);

        let begin = Instant::now();
        let measurements = self.measure(&lab, &targets, &executables).await?;
        let session = self.session(origin, &lab, network, measurements);
        lab.stop().await;
        let measured = elapsed(begin);

        let order: Vec<String> = targets.iter().map(|target| target.name.clone()).collect();
        output::print(Place::Local, &session, &order, facts, self.json, self.width)?;
        if let Some(line) = line_to_paste(&session).filter(|_| !self.json) {
            println!("\nto paste, for a room's `cargo lab compare -`:\n{line}");
        }
        if self.label.is_some() && line_to_paste(&session).is_none() {
            eprintln!("no line to paste: it needs a crate besides the floor");
        }
        eprintln!("\nbuilt and started in {built}, measured in {measured}");
        // After the tables: a full disk takes the file, not what was measured.
        ResultsFile::add(&results, Place::Local, session)
            .context("the tables above are not in the results file")?;
        eprintln!(
            "results: {} (earlier sessions of other steps are kept)",
            kept_in.display()
        );
        eprintln!("{}", self.next());
        Ok(())
    }

    async fn measure(
        &self,
        lab: &Lab,
        targets: &[Target],
        executables: &[PathBuf],
    ) -> Result<BTreeMap<String, Measurement>> {
        let prepared = ready::check(lab, targets, executables).await?;
        let mut progress = Progress::start("measuring");
        let measurements = measure(lab, &prepared, &self.extent(), &mut progress).await?;
        progress.done("");
        Ok(measurements)
    }

    fn extent(&self) -> Extent {
        let extent = if self.quick {
            Extent::QUICK
        } else {
            Extent::FULL
        };
        Extent {
            rounds: self.rounds.unwrap_or(extent.rounds),
            ..extent
        }
    }

    fn session(
        &self,
        origin: Origin,
        lab: &Lab,
        network: schema::Network,
        measurements: BTreeMap<String, Measurement>,
    ) -> Session {
        let extent = self.extent();
        let method = Method {
            quick: self.quick,
            rounds: extent.rounds,
            paced_gap_ms: extent.gap.as_secs_f64() * 1000.0,
            ..Method::default()
        };
        Session {
            conditions: origin.in_the_lab(self.label.clone(), method, lab, network),
            measurements,
        }
    }

    /// What to try next, one line.
    fn next(&self) -> String {
        if self.quick {
            "next: the same without --quick, for intervals".to_owned()
        } else if self.profile != "loopback" {
            "next: --profile loopback shows what is left when the neighbours are no distance away"
                .to_owned()
        } else if !self.names.is_empty() {
            "next: cargo lab run measures the whole ladder".to_owned()
        } else {
            "next: change a step and run it again: cargo lab run 05".to_owned()
        }
    }
}
