//! `lab aws`: the same questions, asked of what is deployed.

mod load;
mod run;

use std::io::IsTerminal as _;
use std::path::Path;

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use lab_bench::aws::outputs::{Deployed, Outputs};
use lab_bench::target::Target;
use lab_workspace::Workspace;

use super::arguments::{Consent, Deployment};
use crate::programs;

const EXAMPLES: &str = "\
Examples:
  cargo lab aws run --dry-run          what would be done, and what it costs
  cargo lab aws run 05                 05, with the step before it and the floor if they are deployed
  cargo lab aws load 05 --dry-run      what would be sent, and what it costs";

/// What `npm run deploy` writes.
const OUTPUTS: &str = "infra/outputs.json";

/// Measure steps that are deployed to AWS (infra/README.md), through their APIs and the AWS CLI.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Aws {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Run),
    Load(load::Load),
}

impl Aws {
    /// Measures or loads, prints and keeps.
    pub async fn run(self) -> Result<()> {
        match self.command {
            Command::Run(run) => run.run().await,
            Command::Load(load) => load.run().await,
        }
    }
}

/// Those of the targets that are deployed; all of the steps that were `named` must be.
fn functions(
    workspace: &Workspace,
    targets: Vec<Target>,
    named: &[String],
    deployment: &Deployment,
) -> Result<Vec<(Target, Deployed)>> {
    let file = deployment.outputs.as_deref().unwrap_or(Path::new(OUTPUTS));
    let outputs = Outputs::load(&workspace.root.join(file))?;
    if let Some(file) = targets.iter().find(|target| !target.is_built_here()) {
        bail!(
            "{} is a file: `cargo lab aws` takes deployed steps",
            file.name
        );
    }
    let mut steps = Vec::new();
    for name in named {
        steps.push(workspace.step(name)?.name.clone());
    }
    let functions = outputs.choose(targets, &steps)?;
    in_one_region(&functions)?;
    Ok(functions)
}

/// The AWS CLI is called for one Region.
fn in_one_region(functions: &[(Target, Deployed)]) -> Result<()> {
    let regions = || {
        functions
            .iter()
            .map(|(_, deployed)| deployed.region.as_str())
    };
    if let Some(other) = regions().find(|region| Some(*region) != regions().next()) {
        bail!(
            "these steps are in several Regions, {} and {other}: measure those of one at a time",
            regions().next().unwrap_or_default()
        );
    }
    Ok(())
}

/// The Region of the functions, of which there is at least one.
fn region(functions: &[(Target, Deployed)]) -> Option<String> {
    functions
        .first()
        .map(|(_, deployed)| deployed.region.clone())
}

/// Asks before anything costs; without a terminal only `--yes` is an answer.
fn agree(consent: &Consent) -> Result<()> {
    if consent.yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        bail!("nothing was done: nobody can be asked here, so say --yes (or --dry-run)");
    }
    if !programs::agrees()? {
        bail!("nothing was done");
    }
    Ok(())
}
