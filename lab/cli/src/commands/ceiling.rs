//! `lab ceiling`: at what rate would each limit of AWS bite?

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use lab_results::ceiling::Ceilings;
use lab_results::view::ceiling::sections;
use lab_workspace::Workspace;

use super::output::{self, Width};

const EXAMPLES: &str = "\
Examples:
  cargo lab ceiling            every step that was measured
  cargo lab ceiling 00 05      two steps
  cargo lab ceiling --json 05  as JSON, all limits";

/// Compute at what rate each limit of AWS would bite, from what was measured. Nothing is sent.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Ceiling {
    /// Steps (5, 05, 05-elasticache, floor); none: all that were measured
    #[arg(value_name = "STEP")]
    names: Vec<String>,
    /// The results file to compute from [default: data/results/local.json, else reference.json]
    #[arg(long, value_name = "FILE")]
    results: Option<PathBuf>,
    /// Print JSON instead of tables
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    width: Width,
}

impl Ceiling {
    /// Computes and prints.
    pub fn run(self) -> Result<()> {
        let workspace = Workspace::load()?;
        let mut steps = Vec::new();
        for name in &self.names {
            steps.push(workspace.step(name)?.name.clone());
        }
        let file = self.results.as_deref();
        let ceilings = Ceilings::compute(&workspace.root, file, &steps, workspace.facts()?)?;
        if self.json {
            return output::line(&serde_json::to_string_pretty(&ceilings)?);
        }
        output::sections(&sections(&ceilings), self.width)
    }
}
