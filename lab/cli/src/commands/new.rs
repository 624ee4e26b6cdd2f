//! `lab new`: my own turn.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;

use super::output;

use lab_workspace::Workspace;
use lab_workspace::{own_function, own_step};

const EXAMPLES: &str = "\
Examples:
  cargo lab new mine --from 03      steps/mine, a copy of 03 to change
  cargo lab run 03 mine 04          is it faster than where it comes from, and than what the ladder does next?
  cargo lab new --function ~/prices    a function that is no step: an example with a function.toml that explains itself
  cargo lab run ~/prices";

/// Begin a step of your own, a crate copied from a step; or a function that is no step, with a `function.toml`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct New {
    /// The crate's name and folder: small letters, digits and '-'
    #[arg(required_unless_present = "function", requires = "from")]
    name: Option<String>,
    /// The step that it begins as (3, 03, 03-parameters-extension)
    #[arg(long, value_name = "STEP", requires = "name")]
    from: Option<String>,
    /// Write a function.toml, and where there is no bootstrap yet, an example that runs
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["name", "from"])]
    function: Option<PathBuf>,
}

impl New {
    /// Makes what was asked for and says what to do with it.
    pub fn run(self) -> Result<()> {
        match &self.function {
            Some(folder) => new_function(folder),
            None => self.new_step(),
        }
    }

    fn new_step(&self) -> Result<()> {
        let name = self.name.as_deref().context("a step has a name")?;
        let from = self.from.as_deref().context("a step comes from one")?;
        let workspace = Workspace::load()?;
        let from = workspace.step(from)?;
        own_step::create(&workspace.root, from, name)?;
        let next = from.number().map(|number| format!("{:02}", number + 1));
        let next = next.filter(|next| workspace.step(next).is_ok());
        let before = &from.name;
        let short = from
            .number()
            .map_or_else(|| before.clone(), |number| format!("{number:02}"));
        let against = next.map(|next| format!(" {next}")).unwrap_or_default();
        output::line(&format!(
            "steps/{name} is {before} under its own name.\n\n\
             change it, then\n  \
             cargo lab run {short} {name}{against}\n  \
             cargo lab compare {short} {name}\n  \
             git diff --no-index steps/{before} steps/{name}\n\n\
             deploy it (infra/README.md) with: npm run deploy -- {name}\n\
             be rid of it with: rm -r steps/{name} && cargo update --workspace --offline"
        ))
    }
}

fn new_function(folder: &Path) -> Result<()> {
    let written = own_function::create(folder)?;
    let shown = folder.display();
    output::line(&format!(
        "{shown}: {}\n\n\
         it runs as it is; put your own bootstrap there, and say in function.toml what it needs and what it is sent:\n  \
         cargo lab run {shown}\n  \
         cargo lab trace {shown}\n  \
         cargo lab serve {shown}",
        written.join(", ")
    ))
}
