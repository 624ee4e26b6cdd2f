//! What every load has in common: what is sent, and what becomes of it.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
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
use crate::programs;

/// The sample's own strategy.
const STRATEGY: &str = "data/load/ramp.yml";

/// Requests whose samples are kept without a question: each takes some hundred bytes.
const MANY: usize = 1_000_000;

/// Requests per second that are sent without a question: beyond it, most machines measure themselves.
const FAST: f64 = 5_000.0;

/// Why a load is a lot for this machine, if it is.
fn a_lot(strategy: &Strategy) -> Option<String> {
    let (requests, rate) = (strategy.requests(), strategy.peak_rate());
    let megabytes = requests / 10_000;
    if rate > FAST {
        return Some(format!(
            "{rate:.0} requests/s are more than most machines can send beside what answers them"
        ));
    }
    (requests > MANY).then(|| {
        format!("{requests} requests are a lot: what is kept of them takes about {megabytes} MB of memory")
    })
}

/// Says what of the file is passed over, and asks before a load that this machine can hardly send.
pub(in crate::commands) fn agree(strategy: &Strategy, yes: bool) -> Result<()> {
    if !strategy.passed_over.is_empty() {
        let names = strategy.passed_over.join(", ");
        eprintln!("passed over, since they change nothing of what is sent: {names}");
    }
    let Some(why) = a_lot(strategy) else {
        return Ok(());
    };
    eprintln!("{why}");
    if yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        bail!("{why}: nobody can be asked here, so say --yes, or take a smaller load");
    }
    ensure!(programs::agrees()?, "nothing was done");
    Ok(())
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_that_is_too_much_is_asked_about() {
        let told = |phase: &str| {
            let text = format!(
                "config:\n  phases:\n    - {phase}\nscenarios:\n  - flow:\n      - get:\n          url: /\n"
            );
            a_lot(&Strategy::parse(&text, Path::new("a.yml")).unwrap())
        };
        assert_eq!(told("{duration: 70, arrivalRate: 100}"), None);
        let fast = told("{duration: 1d, arrivalRate: 100000}").unwrap();
        assert!(fast.starts_with("100000 requests/s are more"), "{fast}");
        let long = told("{duration: 1d, arrivalRate: 100}").unwrap();
        assert!(
            long.contains("8640000 requests") && long.contains("864 MB"),
            "{long}"
        );
    }
}
