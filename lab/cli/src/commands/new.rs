//! `lab new`: my own turn.

use anyhow::Result;
use clap::Args;

use lab_workspace::Workspace;
use lab_workspace::own_step;

const EXAMPLES: &str = "\
Examples:
  cargo lab new mine --from 03      steps/mine, a copy of 03 to change
  cargo lab run 03 mine 04          is it faster than where it comes from, and than what the ladder does next?";

/// Begin a step of your own: a crate copied from a step, named, measured by the next run, deployable.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct New {
    /// The crate's name and folder: small letters, digits and '-'
    name: String,
    /// The step that it begins as (3, 03, 03-parameters-extension)
    #[arg(long, value_name = "STEP")]
    from: String,
}

impl New {
    /// Makes the crate and says what to do with it.
    pub fn run(self) -> Result<()> {
        let workspace = Workspace::load()?;
        let from = workspace.step(&self.from)?;
        own_step::create(&workspace.root, from, &self.name)?;
        let next = from.number().map(|number| format!("{:02}", number + 1));
        let next = next.filter(|next| workspace.step(next).is_ok());
        let (name, before) = (&self.name, &from.name);
        let short = from
            .number()
            .map_or_else(|| before.clone(), |number| format!("{number:02}"));
        let against = next.map(|next| format!(" {next}")).unwrap_or_default();
        println!(
            "steps/{name} is {before} under its own name.\n\n\
             change it, then\n  \
             cargo lab run {short} {name}{against}\n  \
             cargo lab compare {short} {name}\n  \
             git diff --no-index steps/{before} steps/{name}\n\n\
             deploy it (infra/README.md) with: npm run deploy -- {name}\n\
             be rid of it with: rm -r steps/{name} && cargo update --workspace --offline"
        );
        Ok(())
    }
}
