//! `lab run --faults`: what does each step do when a neighbour fails?

use std::path::Path;

use anyhow::{Context as _, Result};
use lab_results::faults::FaultMatrix;
use lab_results::schema::{Method, SCHEMA};
use lab_results::view;
use lab_results::view::section::Section;

use super::output;
use super::ready::Origin;
use crate::programs;
use lab_bench::faults::{self, Fault, TIMEOUT};
use lab_bench::run_directory::clear_leftovers;
use lab_bench::target::Target;
use lab_bench::testbed::{Lab, Setup};
use lab_workspace::Workspace;
use lab_workspace::progress::Progress;

/// Where the matrix goes unless `--results` says otherwise.
const RESULTS: &str = "data/results/local-faults.json";

/// What was asked for on the command line.
pub struct Request<'a> {
    /// What is put through the faults.
    pub targets: Vec<Target>,
    /// The network profile outside the faults.
    pub profile: &'a str,
    /// Another file than the usual one.
    pub results: Option<&'a Path>,
    /// JSON instead of the table.
    pub json: bool,
    /// How wide the table may be.
    pub width: output::Width,
    /// Do not ask before a private copy of a program is unpacked.
    pub yes: bool,
}

/// Takes the matrix, prints it and keeps it.
pub async fn run(workspace: &Workspace, request: Request<'_>) -> Result<()> {
    let network = workspace.facts()?.network(request.profile)?;
    clear_leftovers();
    let programs = programs::ensure(request.yes).await?;
    let origin = Origin::now(workspace);
    let mut targets = Vec::new();
    for target in request.targets.into_iter().filter(Target::serves_stadiums) {
        let executable = target.executable(workspace).await?;
        targets.push((target, executable));
    }
    let setup = Setup {
        workspace,
        profile: request.profile,
        parameter_quota: None,
        programs,
    };
    let lab = Lab::start(setup).await?;
    let mut progress = Progress::start("putting the steps through the faults");
    let clock = lab.clock(workspace).await?;
    let rows = faults::matrix(&lab, &clock, &targets, &Fault::ALL, &mut progress).await?;
    progress.done("");
    let matrix = FaultMatrix {
        schema: SCHEMA,
        conditions: origin.in_the_lab(None, Method::default(), &lab, network),
        timeout_ms: TIMEOUT.as_millis() as u64,
        rows,
    };
    lab.stop().await;
    print(&matrix, request.json, request.width)?;
    let kept_in = request.results.unwrap_or(Path::new(RESULTS));
    // After the table: a full disk takes the file, not what was measured.
    matrix
        .save(&workspace.root.join(kept_in))
        .context("the table above is not in the results file")?;
    eprintln!("\nresults: {}", kept_in.display());
    Ok(())
}

fn print(matrix: &FaultMatrix, json: bool, width: output::Width) -> Result<()> {
    if json {
        return output::line(&serde_json::to_string_pretty(matrix)?);
    }
    let section = Section {
        heading: "Faults".to_owned(),
        about: format!(
            "each one in the running service; function timeout {} s; times are the client's, and count the init phase where an \
             environment had to start",
            TIMEOUT.as_secs()
        ),
        ..view::faults::section(&matrix.rows, true)
    };
    output::sections(&[section], width)
}
