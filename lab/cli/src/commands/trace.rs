//! `lab trace`: where do the milliseconds go?

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use lab_results::chart;
use lab_results::schema::{Place, ResultsFile};
use lab_results::trace::Trace;
use lab_results::view::waterfall;

use super::arguments::{Bench, Configuration, LOCAL_RESULTS, Output};
use super::output;
use super::ready::Started;
use lab_bench::choice::Choice;
use lab_bench::timeline::{Extent, Traces, trace};
use lab_workspace::Workspace;
use lab_workspace::progress::Progress;

const EXAMPLES: &str = "\
Examples:
  cargo lab trace 00                      one warm request, phase by phase
  cargo lab trace 05 --cold               a cold start: init, the first call of /next, the first request
  cargo lab trace 00 05                   two steps on one axis (also: trace 00 --beside 05)
  cargo lab trace 05 --svg trace.svg      as a picture
  cargo lab trace 05 --memory 128         where less CPU hurts";

/// Show what happened when in one request: the median of several, with the step's own X-Ray phases. The results file keeps
/// the cold and the warm timeline of steps at their own memory size.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct TraceCommand {
    /// Steps (5, 05, 05-elasticache, floor) or files; two are drawn on one axis
    #[arg(value_name = "STEP or FILE", required = true)]
    names: Vec<String>,
    /// Another step on the same axis
    #[arg(long, value_name = "STEP")]
    beside: Option<String>,
    /// The first request of an environment instead of a later one
    #[arg(long)]
    cold: bool,
    #[command(flatten)]
    configuration: Configuration,
    #[command(flatten)]
    bench: Bench,
    /// Write the picture
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

impl TraceCommand {
    /// Traces and prints.
    pub async fn run(self) -> Result<()> {
        let workspace = Workspace::load()?;
        let kept_in = self.output.results(LOCAL_RESULTS);
        let results = workspace.root.join(kept_in);
        ResultsFile::prepare(&results, Place::Local)?;
        let traces = self.trace(&workspace).await?;

        let shown: Vec<&Trace> = traces
            .iter()
            .map(|traces| {
                if self.cold {
                    &traces.cold
                } else {
                    &traces.warm
                }
            })
            .collect();
        if self.output.json {
            output::line(&serde_json::to_string_pretty(&shown)?)?;
        } else {
            output::sections(&waterfall::sections(&shown), self.output.width)?;
        }
        if let Some(path) = &self.svg {
            let picture = chart::waterfall(&shown).context("there is nothing to draw")?;
            output::file("picture", path, &picture)?;
        }
        if self.configuration.memory.is_some() {
            eprintln!("not kept: the memory size was given by hand");
            return Ok(());
        }
        // After the picture: a full disk takes the file, not what was measured.
        ResultsFile::change(&results, Place::Local, |file| {
            for Traces { cold, warm } in traces {
                file.merge_trace(cold);
                file.merge_trace(warm);
            }
        })
        .context("the timelines above are not in the results file")?;
        eprintln!("results: {}", kept_in.display());
        Ok(())
    }

    async fn trace(&self, workspace: &Workspace) -> Result<Vec<Traces>> {
        let mut names = self.names.clone();
        names.extend(self.beside.clone());
        let choice = self.configuration.of(Choice {
            names,
            ..Choice::default()
        });
        let targets = choice.named(workspace)?;
        let ready = Started::new(workspace, &targets, &self.bench, None).await?;
        let prepared = ready.check(&targets).await?;
        eprintln!("built and started in {}", ready.took);
        let mut progress = Progress::start("tracing");
        let mut traces = Vec::new();
        for prepared in &prepared {
            let conditions = &ready.conditions;
            let extent = Extent::USUAL;
            traces.push(trace(&ready.lab, prepared, conditions, extent, &mut progress).await?);
        }
        progress.done("");
        ready.lab.stop().await;
        Ok(traces)
    }
}
