//! `lab run`: how fast is each step, cold and warm?

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result};
use clap::Args;
use lab_bench::choice::Choice;
use lab_bench::log::LogFile;
use lab_bench::measure::{Extent, measure};
use lab_bench::target::Target;
use lab_results::conditions::Conditions;
use lab_results::facts::Facts;
use lab_results::leaderboard::{Line, Result as Shared};
use lab_results::schema::{Measurement, Method, Place, ResultsFile, Session};
use lab_results::view::advice;
use lab_workspace::Workspace;
use lab_workspace::progress::{Progress, elapsed};

use super::arguments::{
    Bench, Configuration, Invocations, LOCAL_RESULTS, Label, Output, Rounds, Sessions, Targets,
    ToBoard,
};
use super::output;
use super::ready::Started;

const EXAMPLES: &str = "\
Examples:
  cargo lab run                       the whole ladder, and the floors
  cargo lab run 03                    03, the step before it, and the floor
  cargo lab run 00 02 05 --quick      three steps, a first impression
  cargo lab run --profile loopback    without any distance to the services
  cargo lab run 05 --memory 1024      another memory size than the manifest's
  cargo lab run ~/prices              a folder with a function.toml (`cargo lab new --function ~/prices`)
  cargo lab run 02 --advice           which chapters are about what was counted of it
  cargo lab run 04 mine --label ada --board http://HOST:8080/
  cargo lab run ./my/bootstrap        any executable that speaks the Lambda Runtime API
  cargo lab run ./target/lambda/05-elasticache/bootstrap --like 05";

/// Measure steps: build them, start their services, and take interleaved rounds of cold and warm invocations.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Run {
    #[command(flatten)]
    targets: Targets,
    #[command(flatten)]
    rounds: Rounds,
    #[command(flatten)]
    sessions: Sessions,
    #[command(flatten)]
    invocations: Invocations,
    #[command(flatten)]
    configuration: Configuration,
    #[command(flatten)]
    bench: Bench,
    /// For steps as well: say which chapters are about what was counted, as for a function that is no step
    #[arg(long, requires = "names", conflicts_with = "json")]
    advice: bool,
    /// The empty handler that functions of your own stand on, a folder or a file [default: the lab's, at each one's memory size]
    #[arg(long, value_name = "FILE", requires = "names")]
    floor: Option<PathBuf>,
    /// Keep every line that the functions write
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    label: Label,
    #[command(flatten)]
    to_board: ToBoard,
}

impl Run {
    /// Measures and prints.
    pub async fn run(self) -> Result<()> {
        self.to_board.check(self.label.label.as_ref())?;
        let workspace = Workspace::load()?;
        let targets = self.choice().targets(&workspace)?;
        let kept_in = self.output.results(LOCAL_RESULTS);
        let results = workspace.root.join(kept_in);
        ResultsFile::prepare(&results, Place::Local)?;
        let log = self.log.as_deref().map(LogFile::create).transpose()?;
        let begin = Instant::now();
        let one_session = |number| self.one_session(&workspace, &targets, number, log.as_ref());
        let mut session = one_session(1).await?;
        for number in 2..=self.sessions.sessions {
            session.extend(one_session(number).await?);
        }
        let took = elapsed(begin);

        let facts = workspace.facts()?;
        let order: Vec<String> = targets.iter().map(|target| target.name.clone()).collect();
        output::print(Place::Local, &session, &order, facts, &self.output)?;
        self.advise(&workspace, &targets, &session, facts)?;
        let line = self.share(&session);
        eprintln!("\nbuilt, started and measured in {took}; {}", self.holds());
        // After the tables: a full disk takes the file, not what was measured.
        self.keep(&results, session)
            .context("the tables above are not in the results file")?;
        eprintln!(
            "results: {} (earlier sessions of other steps are kept)",
            kept_in.display()
        );
        if let Some(line) = line {
            self.to_board.send(&line.to_string()).await;
        }
        eprintln!("{}", self.next());
        Ok(())
    }

    fn choice(&self) -> Choice {
        Choice {
            in_a_room: self.label.label.is_some(),
            floor: self.floor.as_ref().map(|it| it.display().to_string()),
            ..self.configuration.of(self.targets.choice())
        }
    }

    /// Starts everything, measures and stops everything.
    async fn one_session(
        &self,
        workspace: &Workspace,
        targets: &[Target],
        number: u32,
        log: Option<&LogFile>,
    ) -> Result<Session> {
        let mut ready = Started::new(workspace, targets, &self.bench, None).await?;
        if let Some(log) = log {
            ready.lab.log_to(log.clone());
        }
        let prepared = ready.check(targets).await?;
        let extent = self.extent();
        let of = match self.sessions.sessions {
            1 => "measuring".to_owned(),
            several => format!("measuring, session {number} of {several}"),
        };
        let mut progress = Progress::start(of);
        let measurements = measure(&ready.lab, &prepared, &extent, &mut progress).await?;
        progress.done("");
        let session = self.session(ready.conditions, &extent, measurements);
        ready.lab.stop().await;
        Ok(session)
    }

    /// Keeps the session, as one of its own or with what is there already.
    fn keep(&self, results: &Path, session: Session) -> Result<()> {
        if !self.sessions.continues {
            ResultsFile::add(results, Place::Local, session)?;
            return Ok(());
        }
        let mut joined = Ok(());
        ResultsFile::change(results, Place::Local, |file| {
            joined = file.join(session.clone());
            if joined.is_err() {
                file.merge(session);
            }
        })?;
        if let Err(why) = joined {
            eprintln!("--continue: {why}, so that this is a session of its own");
        }
        Ok(())
    }

    /// What the intervals hold for.
    fn holds(&self) -> String {
        match self.sessions.sessions {
            1 => "intervals hold within this session (--sessions 3 starts everything anew)"
                .to_owned(),
            several => format!("intervals resample {several} sessions, then rounds"),
        }
    }

    /// How much each session measures, each time in another random order.
    fn extent(&self) -> Extent {
        self.invocations
            .of(self.rounds.extent(Extent::FULL, Extent::QUICK))
    }

    fn session(
        &self,
        conditions: Conditions,
        extent: &Extent,
        measurements: BTreeMap<String, Measurement>,
    ) -> Session {
        Session {
            conditions: Conditions {
                label: self.label.label.clone(),
                method: Method {
                    quick: self.rounds.quick,
                    rounds: extent.rounds,
                    seed: Some(extent.seed),
                    warm_up: (extent.warm_up > 0).then_some(extent.warm_up),
                    paced_gap_ms: extent.gap.as_secs_f64() * 1000.0,
                    ..conditions.method
                },
                ..conditions
            },
            measurements,
        }
    }

    /// Which chapters are about what was counted of functions that are no steps; with `--advice` of every one that is named.
    fn advise(
        &self,
        workspace: &Workspace,
        targets: &[Target],
        session: &Session,
        facts: &Facts,
    ) -> Result<()> {
        if self.output.json {
            return Ok(());
        }
        let cpu = facts.cpu()?;
        let steps = self
            .targets
            .names
            .iter()
            .filter_map(|it| workspace.step(it).ok());
        let named: Vec<&str> = steps.map(|step| step.name.as_str()).collect();
        let wanted = targets.iter().filter(|target| {
            !target.is_built_here() || self.advice && named.contains(&target.name.as_str())
        });
        let sections = wanted.filter_map(|target| {
            let measurement = session.measurements.get(&target.name)?;
            let conditions = &session.conditions;
            Some(advice::section(&target.name, measurement, conditions, &cpu))
        });
        output::sections(&sections.collect::<Vec<_>>(), self.output.width)
    }

    /// The line that a labelled run ends with: it is pasted where `compare -` reads it.
    fn share(&self, session: &Session) -> Option<Line> {
        let label = session.conditions.label.as_ref()?;
        let line = Shared::of(session, label).map(Line);
        match &line {
            None => eprintln!("no line to paste: it needs a crate besides the floor"),
            Some(_) if self.output.json => {}
            Some(line) => {
                println!("\nto paste, for a leaderboard with `cargo lab compare -`:\n{line}");
            }
        }
        line
    }

    /// What to try next, one line.
    fn next(&self) -> &'static str {
        if self.rounds.quick {
            "next: the same without --quick, for intervals"
        } else if self.bench.profile != "loopback" {
            "next: --profile loopback shows what is left when the services are no distance away"
        } else if !self.targets.names.is_empty() {
            "next: cargo lab run measures the whole ladder"
        } else {
            "next: change a step and run it again: cargo lab run 05"
        }
    }
}
