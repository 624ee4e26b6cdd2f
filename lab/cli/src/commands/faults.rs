//! `lab run --faults`: what does each step do when a neighbour fails?

use std::io::Write as _;
use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context as _, Result};
use lab_results::facts::Facts;
use lab_results::faults::FaultMatrix;
use lab_results::format::timestamp;
use lab_results::schema::Limits;

use crate::programs;
use lab_bench::faults::{self, Fault, TIMEOUT};
use lab_bench::machine;
use lab_bench::run_directory::clear_leftovers;
use lab_bench::target::{Target, executables};
use lab_bench::testbed::{Lab, Setup, facts_path};
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
    /// Do not ask before a private copy of a program is unpacked.
    pub yes: bool,
}

/// Takes the matrix, prints it and keeps it.
pub async fn run(workspace: &Workspace, request: Request<'_>) -> Result<()> {
    let network = Facts::load(&facts_path(workspace))?.network(request.profile)?;
    clear_leftovers();
    let programs = programs::ensure(request.yes).await?;
    let started = timestamp(SystemTime::now());
    let build = machine::build(&workspace.root);
    let mut targets = request.targets;
    targets.retain(Target::serves_stadiums);
    let executables = executables(workspace, &targets).await?;
    let targets: Vec<_> = targets.into_iter().zip(executables).collect();
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
    let enforced = lab.platform.limits.enforced();
    let matrix = FaultMatrix {
        started,
        machine: machine::machine(),
        build,
        network,
        limits: Limits {
            cpu: enforced,
            memory: enforced,
            how: lab.platform.limits.how().to_owned(),
        },
        timeout_ms: TIMEOUT.as_millis() as u64,
        rows,
    };
    lab.stop().await;
    print(&matrix, request.json)?;
    let kept_in = request.results.unwrap_or(Path::new(RESULTS));
    // After the table: a full disk takes the file, not what was measured.
    matrix
        .save(&workspace.root.join(kept_in))
        .context("the table above is not in the results file")?;
    eprintln!("\nresults: {}", kept_in.display());
    Ok(())
}

fn print(matrix: &FaultMatrix, json: bool) -> Result<()> {
    let text = if json {
        serde_json::to_string_pretty(matrix)?
    } else {
        format!(
            "\nFAULTS  each one in the running neighbour; function timeout {} s; times are the client's, and count the init phase \
             where an environment had to start\n{}",
            TIMEOUT.as_secs(),
            crate::table::faults::table(&matrix.rows, true)
        )
    };
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}
