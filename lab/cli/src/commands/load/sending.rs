//! What every load has in common: what is sent, and what becomes of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use lab_bench::load::Strategy;
use lab_bench::load::send::Sample;
use lab_bench::load::summary::broken;
use lab_results::ceiling::Ceilings;
use lab_results::chart;
use lab_results::conditions::Conditions;
use lab_results::facts::Facts;
use lab_results::load::{Load, Loaded};
use lab_results::schema::{Place, ResultsFile};
use lab_results::view;
use lab_workspace::Workspace;

use crate::commands::arguments::{Label, Output};
use crate::commands::output;

/// The sample's own strategy.
const STRATEGY: &str = "data/load/ramp.yml";

/// Arguments of every load.
#[derive(Debug, Args)]
pub(in crate::commands) struct Sending {
    /// What is sent and when, in Artillery's format
    #[arg(long, value_name = "FILE", default_value = STRATEGY)]
    strategy: PathBuf,
    /// Draw the load into this file, too
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    #[command(flatten)]
    pub output: Output,
    #[command(flatten)]
    label: Label,
}

impl Sending {
    /// The strategy. A path is taken from where the command is given, else from the repository.
    pub fn strategy(&self, workspace: &Workspace) -> Result<Strategy> {
        if self.strategy.exists() {
            Strategy::load(&self.strategy)
        } else {
            Strategy::load(&workspace.root.join(&self.strategy))
        }
    }

    /// What is known before anything is sent.
    pub fn begin(&self, conditions: Conditions, strategy: &Strategy, through: &str) -> Load {
        Load {
            conditions: Conditions {
                label: self.label.label.clone(),
                ..conditions
            },
            strategy: strategy.name.clone(),
            phases: strategy.describe(),
            through: through.to_owned(),
            apdex_threshold_ms: strategy.apdex_threshold.as_secs_f64() * 1e3,
            concurrency: None,
            steps: BTreeMap::new(),
        }
    }

    /// Prints, draws and keeps what was seen. Fails where the strategy ensures what does not hold.
    pub fn finish(
        &self,
        loads: &Loads,
        place: Place,
        kept_in: &Path,
        strategy: &Strategy,
        workspace: &Workspace,
        facts: &Facts,
    ) -> Result<()> {
        self.print(loads, place, facts, workspace)?;
        // After the tables: a full disk takes the file, not what was measured.
        self.draw(&loads.load)?;
        let results = workspace.root.join(kept_in);
        ResultsFile::add_load(&results, place, loads.load.clone())
            .context("the tables above are not in the results file")?;
        eprintln!("results: {}", kept_in.display());
        loads.ensure(strategy)
    }

    fn print(
        &self,
        loads: &Loads,
        place: Place,
        facts: &Facts,
        workspace: &Workspace,
    ) -> Result<()> {
        if self.output.json {
            let mut alone = ResultsFile::new(place);
            alone.merge_load(loads.load.clone());
            return output::written(alone.write(std::io::stdout().lock()));
        }
        let mut sections = view::load::sections(&loads.load, &loads.order);
        let published = view::load::published(&loads.load, facts)?;
        if let (Some(last), Some(published)) = (sections.last_mut(), published) {
            last.notes.push(published);
        }
        // Files and URLs have no measurement, a step perhaps none yet: then there is no ceiling to show.
        if let Ok(ceilings) = Ceilings::compute(&workspace.root, None, &loads.order, facts) {
            sections.extend(view::ceiling::sections(&ceilings));
        }
        output::sections(&sections, self.output.width)
    }

    fn draw(&self, load: &Load) -> Result<()> {
        let Some(path) = &self.svg else {
            return Ok(());
        };
        let svg = chart::ramp(load).context("nothing was sent: there is nothing to draw")?;
        output::file("drawn", path, &svg)
    }
}

pub(in crate::commands) struct Loads {
    pub load: Load,
    order: Vec<String>,
    samples: Vec<Vec<Sample>>,
}

impl Loads {
    pub fn new(load: Load) -> Self {
        Self {
            load,
            order: Vec::new(),
            samples: Vec::new(),
        }
    }

    pub fn add(&mut self, name: &str, (loaded, samples): (Loaded, Vec<Sample>)) {
        self.load.steps.insert(name.to_owned(), loaded);
        self.order.push(name.to_owned());
        self.samples.push(samples);
    }

    fn ensure(&self, strategy: &Strategy) -> Result<()> {
        let mut all = Vec::new();
        for (name, samples) in self.order.iter().zip(&self.samples) {
            let broken = broken(&strategy.ensure, samples).into_iter();
            all.extend(broken.map(|what| format!("{name}: {what}")));
        }
        if all.is_empty() {
            return Ok(());
        }
        bail!("not as the strategy ensures: {}", all.join("; "))
    }
}

pub(in crate::commands) fn in_short(loaded: &Loaded) -> String {
    format!(
        "{} of {} served, {} failed",
        loaded.served,
        loaded.offered,
        loaded.failed()
    )
}
