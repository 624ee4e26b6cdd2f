//! `lab faults`: what does each step do when a service fails?

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use lab_bench::faults::{self, Fault, TIMEOUT};
use lab_bench::target::Target;
use lab_results::faults::FaultMatrix;
use lab_results::schema::SCHEMA;
use lab_results::view::faults::section;
use lab_results::view::section::Section;
use lab_workspace::Workspace;
use lab_workspace::progress::Progress;

use super::arguments::{Bench, FAULT_RESULTS, Output, Targets};
use super::output;
use super::ready::Started;

const EXAMPLES: &str = "\
Examples:
  cargo lab faults                         every step of the ladder in every fault
  cargo lab faults 05                      05, and the step before it
  cargo lab faults 02 05                   two steps
  cargo lab faults 05 --profile loopback   without any distance to the services";

/// Break the services behind steps: what the client gets, and when it is well again.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Faults {
    #[command(flatten)]
    targets: Targets,
    #[command(flatten)]
    bench: Bench,
    #[command(flatten)]
    output: Output,
}

impl Faults {
    /// Takes the matrix, prints it and keeps it.
    pub async fn run(self) -> Result<()> {
        let workspace = Workspace::load()?;
        let mut targets = self.targets.choice().targets(&workspace)?;
        targets.retain(|target| {
            target.serves_stadiums() || target.own.is_some() && has_service(target)
        });
        ensure!(
            !targets.is_empty(),
            "nothing here has a backing service that could fail: name a step with a database, or the folder of a function.toml"
        );
        let started = Started::new(&workspace, &targets, &self.bench, None).await?;
        let Started {
            lab,
            executables,
            conditions,
            ..
        } = started;
        let mut progress = Progress::start("putting the steps through the faults");
        let clock = lab.clock(&workspace).await?;
        let targets: Vec<_> = targets.into_iter().zip(executables).collect();
        let rows = faults::matrix(&lab, &clock, &targets, &Fault::ALL, &mut progress).await?;
        progress.done("");
        lab.stop().await;
        let matrix = FaultMatrix {
            schema: SCHEMA,
            conditions,
            timeout_ms: TIMEOUT.as_millis() as u64,
            rows,
        };
        self.print(&matrix)?;
        let results = self.output.results(FAULT_RESULTS);
        // After the table: a full disk takes the file, not what was measured.
        matrix
            .save(&workspace.root.join(results))
            .context("the table above is not in the results file")?;
        eprintln!("\nresults: {}", results.display());
        Ok(())
    }

    fn print(&self, matrix: &FaultMatrix) -> Result<()> {
        if self.output.json {
            return output::line(&serde_json::to_string_pretty(matrix)?);
        }
        let section = Section {
            heading: "Faults".to_owned(),
            about: format!(
                "each one in the running service; function timeout {} s; times are the client's, and count the init phase where an \
                 environment had to start",
                TIMEOUT.as_secs()
            ),
            ..section(&matrix.rows, true)
        };
        output::sections(&[section], self.output.width)
    }
}

/// True for a function with something behind it that can fail.
fn has_service(target: &Target) -> bool {
    let own = target.own.as_ref();
    let calls = own.is_some_and(|own| !own.upstreams.is_empty());
    target.extension || !target.services.is_empty() || calls
}
