//! What `{{lab ...}}` can name.
//!
//! | directive | stands for |
//! |---|---|
//! | `p50 STEP [PROFILE]` | the median of warm requests; likewise `p99`, `closed`, `per-second`, `init`, `first`, `cold`, `cpu`, `throttled`, `network`, `memory`, `binary`, `zip`, `cost`, `samples` |
//! | `gain STEP [PROFILE]` | what the step changed, in words with the interval |
//! | `ratio STEP STEP [PROFILE]` | how many times faster the second one is |
//! | `count STEP NAME [cold]` | how often a warm (or the first) request asked a service for something |
//! | `fact KEY` | a value of `data/facts.toml` with its unit |
//! | `hourly`, `unsure` | what the shared stacks cost by the hour; the facts that are hardly more than a guess |
//! | `clean-clone first`, `ladder`, `first-again` | how long the README's commands take in an empty clone, one after the other |
//! | `clean-clone compiled`, `track` | until all steps are compiled; then each command of the 90-minute track, as a table |
//! | `machine` | where and with what the reference was measured |
//! | `catalogue` | the steps with their ideas |
//! | `result STEP` | the reference beside the reader's own numbers |
//! | `ladder [PROFILE]`, `chart [PROFILE]` | all steps as a table, as a figure |
//! | `asides` | the steps beside the ladder, each against the step that it changes |
//! | `cold`, `sizes` | all steps: cold start, size and cost |
//! | `faults [STEP WORD]` | what clients get while a service fails; one step in the faults that have WORD in their names |
//! | `fault-timeout` | the function timeout meanwhile |
//! | `diff STEP` | the change against the step before |
//! | `architecture STEP` | who talks to whom, and what the step moved, as a figure |
//! | `distribution STEP`, `waterfall STEP [cold]` | a step beside the one it changes, as a figure |
//! | `tuning STEP`, `tuning-curve STEP STEP`, `matrix [cold]` | a step at several memory sizes, cold starts of two as curves, all steps as a table |
//! | `load STRATEGY`, `load-chart STRATEGY STEP`, `load-offered STRATEGY` | what became of the steps under a load |
//! | `ceiling` | the rate at which each step meets its first limit |
//! | `about STEP` | idea, reading time and, if the code is not the measured one, a warning |

use anyhow::{Context as _, Result, bail};
use lab_results::facts::Facts;
use lab_results::faults::FaultMatrix;
use lab_results::format::duration;
use lab_results::tuning::Temperature;
use lab_results::view::quantity::count;
use lab_results::view::tuning::MatrixCell;
use lab_workspace::clean_clone::{CleanClone, minutes};
use lab_workspace::{Step, Workspace};

use crate::measured::{Measured, PROFILE};
use crate::{architecture, diff, facts, figures, freshness, limits, tables};

/// Everything that a chapter may refer to.
pub struct Directives {
    workspace: Workspace,
    facts: Facts,
    measured: Measured,
    faults: FaultMatrix,
}

impl Directives {
    /// Reads facts and results.
    pub fn load(workspace: Workspace) -> Result<Self> {
        Ok(Self {
            measured: Measured::load(&workspace)?,
            faults: FaultMatrix::load(&workspace.root.join("data/results/faults.json"))?,
            facts: workspace.facts()?.clone(),
            workspace,
        })
    }

    /// What the words of a directive stand for.
    pub fn value(&self, words: &[&str]) -> Result<String> {
        let step = |name: &&str| self.workspace.step(name);
        match words {
            ["fact", key] => self.fact(key),
            ["hourly"] => facts::hourly(&self.facts),
            ["unsure"] => Ok(facts::unsure(&self.facts)),
            ["clean-clone", what] => self.clean_clone(what),
            ["asides"] => Ok(tables::asides(&self.measured, &self.workspace)),
            ["machine"] => tables::machine(&self.measured),
            ["catalogue"] => Ok(tables::catalogue(&self.workspace)),
            ["ladder"] => Ok(tables::ladder(&self.measured, &self.workspace, PROFILE)),
            ["ladder", profile] => Ok(tables::ladder(&self.measured, &self.workspace, profile)),
            ["chart"] => tables::chart(&self.measured, &self.workspace, PROFILE),
            ["chart", profile] => tables::chart(&self.measured, &self.workspace, profile),
            ["cold"] => Ok(tables::cold(&self.measured, &self.workspace)),
            ["sizes"] => Ok(tables::sizes(&self.measured, &self.workspace)),
            ["faults"] => tables::faults(&self.faults, None),
            ["faults", name, about] => tables::faults(&self.faults, Some((step(name)?, about))),
            ["fault-timeout"] => Ok(duration(self.faults.timeout_ms as f64 * 1000.0)),
            ["result", name] => tables::result(&self.measured, &self.workspace, step(name)?),
            ["diff", name] => diff::of(&self.workspace, step(name)?),
            ["architecture", name] => {
                architecture::figure(&self.measured, &self.workspace, step(name)?)
            }
            ["distribution", name] => {
                figures::distribution(&self.measured, &self.workspace, step(name)?)
            }
            ["waterfall", name] => self.waterfall(step(name)?, Temperature::Warm),
            ["waterfall", name, "cold"] => self.waterfall(step(name)?, Temperature::Cold),
            ["tuning", name] => figures::tuning(&self.measured, step(name)?),
            ["tuning-curve", one, other] => {
                figures::tuning_curve(&self.measured, [step(one)?, step(other)?])
            }
            ["matrix"] => self.matrix(MatrixCell::WarmAndCost),
            ["matrix", "cold"] => self.matrix(MatrixCell::Cold),
            ["load", strategy] => limits::load(&self.measured, &self.workspace, strategy),
            ["load-chart", strategy, name] => figures::ramp(&self.measured, strategy, step(name)?),
            ["load-offered", strategy] => {
                limits::offered(&self.measured, &self.workspace, strategy)
            }
            ["ceiling"] => limits::ceilings(&self.measured, &self.workspace, &self.facts),
            ["about", name] => self.about(step(name)?),
            ["gain", name] => self.measured.gain(step(name)?, PROFILE),
            ["gain", name, profile] => self.measured.gain(step(name)?, profile),
            ["ratio", before, after] => self.measured.ratio(step(before)?, step(after)?, PROFILE),
            ["ratio", before, after, profile] => {
                self.measured.ratio(step(before)?, step(after)?, profile)
            }
            ["count", name, what] => self.count(step(name)?, what, false),
            ["count", name, what, "cold"] => self.count(step(name)?, what, true),
            [what, name] => self.number(what, step(name)?, PROFILE),
            [what, name, profile] => self.number(what, step(name)?, profile),
            _ => bail!("this is no directive; book/src/directives.rs lists them"),
        }
    }

    fn fact(&self, key: &str) -> Result<String> {
        let fact = self.facts.get(key)?;
        Ok(format!("{} {}", fact.value, fact.unit).trim().to_owned())
    }

    fn number(&self, what: &str, step: &Step, profile: &str) -> Result<String> {
        let (_, measurement) = self.measured.of(step, profile)?;
        self.measured.number(what, measurement)
    }

    fn matrix(&self, shown: MatrixCell) -> Result<String> {
        limits::matrix(&self.measured, &self.workspace, shown)
    }

    fn waterfall(&self, step: &Step, temperature: Temperature) -> Result<String> {
        figures::waterfall(&self.measured, &self.workspace, step, temperature)
    }

    fn clean_clone(&self, what: &str) -> Result<String> {
        let measured = CleanClone::load(&self.workspace.root);
        let measured = measured
            .context("data/results/clean-clone.json cannot be read: .ci/clean-clone writes it")?;
        Ok(minutes(match what {
            "first" => measured.first_s,
            "ladder" => measured.ladder_s,
            "first-again" => measured.first_again_s,
            "compiled" => measured.first_s + measured.ladder_s,
            "track" => return Ok(tables::track(&measured)),
            _ => bail!("clean-clone knows first, ladder, first-again, compiled and track"),
        }))
    }

    fn count(&self, step: &Step, what: &str, cold: bool) -> Result<String> {
        let (_, measurement) = self.measured.of(step, PROFILE)?;
        let known = measurement.counts_cold();
        let counts = if cold {
            &known
        } else {
            &measurement.counts_warm()
        };
        // Zeros are left out of the file: a name that nobody ever counted is a mistake all the same.
        let all = self
            .measured
            .reference
            .sessions
            .iter()
            .flat_map(|session| session.measurements.values());
        if !all
            .flat_map(|other| other.counts_cold().into_keys())
            .any(|name| name == what)
        {
            bail!("nothing called {what} is counted");
        }
        Ok(count(counts.get(what).copied().unwrap_or_default()))
    }

    fn about(&self, step: &Step) -> Result<String> {
        let manifest = &step.manifest;
        let idea = manifest.idea.as_deref();
        let idea = idea.with_context(|| format!("{} has no idea in its manifest", step.name))?;
        let minutes = manifest
            .minutes
            .map_or_else(String::new, |minutes| format!(" About {minutes} minutes."));
        let (session, _) = self.measured.of(step, PROFILE)?;
        let stale = freshness::changed(&self.workspace.root, step, session)?;
        let stale = if stale.is_empty() {
            String::new()
        } else {
            banner(&stale)
        };
        Ok(format!("> **{idea}**{minutes}\n{stale}"))
    }
}

fn banner(files: &[String]) -> String {
    let names: Vec<String> = files.iter().map(|file| format!("`{file}`")).collect();
    format!(
        "\n<p class=\"stale\">The code of this step is not the code that the reference measured: {} changed since. Measure it \
         again before you trust the numbers on this page.</p>\n",
        names.join(", ").replace('`', "")
    )
}
