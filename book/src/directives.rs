//! What `{{lab ...}}` can name.
//!
//! | directive | stands for |
//! |---|---|
//! | `p50 STEP [PROFILE]` | the median of warm requests; likewise `p99`, `closed`, `per-second`, `init`, `first`, `cold`, `cpu`, `throttled`, `network`, `memory`, `binary`, `zip`, `cost`, `samples` |
//! | `gain STEP [PROFILE]` | what the step changed, in words with the interval |
//! | `ratio STEP STEP [PROFILE]` | how many times as fast the second one is |
//! | `count STEP NAME [cold]` | how often a warm (or the first) request asked a service for something |
//! | `counts STEP...` | handshakes and round trips of a warm request of each, as a table |
//! | `turn STEP [NEXT]` | the commands of an exercise: a copy of the step, measured beside it (and the next one), with what is counted of it |
//! | `fact KEY` | a value of `data/facts.toml` with its unit, as people write it |
//! | `hourly`, `unsure` | what the shared stacks cost by the hour; the facts that are hardly more than a guess |
//! | `clean-clone first`, `ladder`, `first-again` | how long the README's commands take in an empty clone, one after the other |
//! | `clean-clone compiled`, `track` | until all steps are compiled; then each command of the 90-minute track, as a table |
//! | `machine` | where and with what the reference was measured |
//! | `catalogue` | the steps with their ideas |
//! | `result STEP` | the reference beside the reader's own numbers |
//! | `ladder [PROFILE]`, `chart [PROFILE]` | all steps as a table, as a figure |
//! | `sensitivity` | every step's median and gain over all distances that `data/facts.toml` thinks possible |
//! | `traffic` | every step where requests are seconds apart |
//! | `asides` | the steps beside the ladder, each against the step that it changes |
//! | `cold`, `sizes` | all steps: cold start, size and cost |
//! | `faults [STEP WORD]` | what clients get while a service fails; one step in the faults that have WORD in their names |
//! | `fault-timeout` | the function timeout meanwhile |
//! | `diff STEP [FILE...]` | the change against the step before, these files first |
//! | `architecture STEP` | who talks to whom, and what the step moved, as a figure |
//! | `distribution STEP`, `waterfall STEP [cold]` | a step beside the one it changes, as a figure |
//! | `tuning STEP`, `tuning-curve STEP STEP`, `matrix [cold]` | a step at several memory sizes, cold starts of two as curves, all steps as a table |
//! | `load STRATEGY`, `load-chart STRATEGY STEP`, `load-offered STRATEGY` | what became of the steps under a load |
//! | `ceiling` | the rate at which each step meets its first limit |
//! | `truth` | what others measured on AWS, beside the same in the lab |
//! | `languages`, `languages sizes`, `languages words` | both ends of the Node.js sample beside 00 and 07: a table, at two memory sizes, a sentence |
//! | `about STEP` | reading time and, if the code is not the measured one, a warning; the idea stands above the diff, so that it gives no prediction away |
//! | `answer N` | "The second answer.": which of a prediction's three answers is right |
//! | `explorer`, `quota`, `age`, `limits` | figures that a reader can change: the ladder over other distances, the CPU quota, the age of an answer, the ceiling |
//! | `span STEP STEP` | two steps to one scale, as a figure |
//! | `principles` | each chapter's sentences in bold |
//! | `score` | how many of its predictions the reader got right, where scripts run |

use anyhow::{Context as _, Result, bail};
use lab_results::faults::FaultMatrix;
use lab_results::format::duration;
use lab_results::tuning::Temperature;
use lab_results::view::quantity::count;
use lab_results::view::tuning::MatrixCell;
use lab_workspace::clean_clone::{CleanClone, minutes};
use lab_workspace::{Step, Workspace, short_step};

use crate::calibration::{self, Calibration};
use crate::measured::{Measured, PROFILE};
use crate::{
    architecture, diff, explorer, facts, figures, freshness, instruments, limits, predictions,
    principles, tables, truth,
};

/// Everything that a chapter may refer to.
pub struct Directives {
    measured: Measured,
    faults: FaultMatrix,
    calibration: Calibration,
}

impl Directives {
    /// Reads facts and results.
    pub fn load(workspace: Workspace) -> Result<Self> {
        Ok(Self {
            faults: FaultMatrix::load(&workspace.root.join("data/results/faults.json"))?,
            calibration: Calibration::load(&workspace)?,
            measured: Measured::load(workspace)?,
        })
    }

    /// What the words of a directive stand for.
    pub fn value(&self, words: &[&str]) -> Result<String> {
        let measured = &self.measured;
        let workspace = &measured.workspace;
        let step = |name: &&str| workspace.step(name);
        match words {
            ["fact", key] => self.fact(key),
            ["hourly"] => facts::hourly(workspace.facts()?),
            ["unsure"] => Ok(facts::unsure(workspace.facts()?)),
            ["clean-clone", what] => self.clean_clone(what),
            ["sensitivity"] => tables::sensitivity(measured),
            ["traffic"] => Ok(tables::traffic(measured)),
            ["asides"] => Ok(tables::asides(measured)),
            ["machine"] => tables::machine(measured),
            ["catalogue"] => Ok(tables::catalogue(measured)),
            ["ladder"] => Ok(tables::ladder(measured, PROFILE)),
            ["ladder", profile] => Ok(tables::ladder(measured, profile)),
            ["chart"] => tables::chart(measured, PROFILE),
            ["chart", profile] => tables::chart(measured, profile),
            ["cold"] => Ok(tables::cold(measured)),
            ["sizes"] => Ok(tables::sizes(measured)),
            ["faults"] => tables::faults(&self.faults, None),
            ["faults", name, about] => tables::faults(&self.faults, Some((step(name)?, about))),
            ["fault-timeout"] => Ok(duration(self.faults.timeout_ms as f64 * 1000.0)),
            ["result", name] => tables::result(measured, step(name)?),
            ["diff", name, first @ ..] => diff::of(workspace, step(name)?, first),
            ["architecture", name] => architecture::figure(measured, step(name)?),
            ["distribution", name] => figures::distribution(measured, step(name)?),
            ["waterfall", name] => figures::waterfall(measured, step(name)?, Temperature::Warm),
            ["waterfall", name, "cold"] => {
                figures::waterfall(measured, step(name)?, Temperature::Cold)
            }
            ["tuning", name] => figures::tuning(measured, step(name)?),
            ["tuning-curve", one, other] => {
                figures::tuning_curve(measured, [step(one)?, step(other)?])
            }
            ["matrix"] => limits::matrix(measured, MatrixCell::WarmAndCost),
            ["matrix", "cold"] => limits::matrix(measured, MatrixCell::Cold),
            ["load", strategy] => limits::load(measured, strategy),
            ["load-chart", strategy, name] => figures::ramp(measured, strategy, step(name)?),
            ["load-offered", strategy] => limits::offered(measured, strategy),
            ["ceiling"] => limits::ceilings(measured),
            ["truth"] => truth::table(measured, &self.calibration),
            ["languages"] => Ok(calibration::languages(measured, &self.calibration)),
            ["languages", "sizes"] => Ok(calibration::sizes(&self.calibration)),
            ["languages", "words"] => Ok(calibration::in_words(&self.calibration)),
            ["about", name] => self.about(step(name)?),
            ["answer", number] => predictions::answer(number),
            ["explorer"] => {
                let [region, loopback] =
                    [PROFILE, "loopback"].map(|it| tables::chart(measured, it));
                explorer::figure(measured, &format!("{}\n\n{}", region?, loopback?))
            }
            ["span", first, last] => instruments::span(measured, [step(first)?, step(last)?]),
            ["quota"] => instruments::quota(workspace.facts()?),
            ["age"] => Ok(instruments::age()),
            ["limits"] => instruments::limits(workspace.facts()?),
            ["principles"] => principles::list(&workspace.root),
            ["score"] => predictions::score(&workspace.root),
            ["gain", name] => measured.gain(step(name)?, PROFILE),
            ["gain", name, profile] => measured.gain(step(name)?, profile),
            ["ratio", before, after] => measured.ratio(step(before)?, step(after)?, PROFILE),
            ["ratio", before, after, profile] => {
                measured.ratio(step(before)?, step(after)?, profile)
            }
            ["counts", names @ ..] => {
                let steps: Result<Vec<&Step>> = names.iter().map(step).collect();
                tables::counts(measured, &steps?)
            }
            ["turn", from] => Ok(turn(step(from)?, None)),
            ["turn", from, next] => Ok(turn(step(from)?, Some(step(next)?))),
            ["count", name, what] => self.count(step(name)?, what, false),
            ["count", name, what, "cold"] => self.count(step(name)?, what, true),
            [what, name] => self.number(what, step(name)?, PROFILE),
            [what, name, profile] => self.number(what, step(name)?, profile),
            _ => bail!("this is no directive; book/src/directives.rs lists them"),
        }
    }

    fn fact(&self, key: &str) -> Result<String> {
        Ok(facts::spoken(self.measured.workspace.facts()?.get(key)?))
    }

    fn number(&self, what: &str, step: &Step, profile: &str) -> Result<String> {
        let (_, measurement) = self.measured.of(step, profile)?;
        self.measured.number(what, measurement)
    }

    fn clean_clone(&self, what: &str) -> Result<String> {
        let measured = CleanClone::load(&self.measured.workspace.root);
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
        let counts = if cold {
            measurement.counts_cold()
        } else {
            measurement.counts_warm()
        };
        // Zeros are left out of the file: a name that nobody ever counted is a mistake all the same.
        let sessions = self.measured.reference.sessions.iter();
        let mut all = sessions.flat_map(|session| session.measurements.values());
        if !all.any(|other| other.counts_cold().contains_key(what)) {
            bail!("nothing called {what} is counted");
        }
        Ok(count(counts.get(what).copied().unwrap_or_default()))
    }

    fn about(&self, step: &Step) -> Result<String> {
        let minutes = step.manifest.minutes;
        let minutes = minutes.map(|it| format!("About {it} minutes."));
        let minutes = minutes.unwrap_or_default();
        let (session, _) = self.measured.of(step, PROFILE)?;
        let stale = freshness::changed(&self.measured.workspace.root, step, session)?;
        let banner = if stale.is_empty() {
            String::new()
        } else {
            format!(
                "\n<p class=\"stale\">The code of this step is not the code that the reference measured: {} changed since. \
                 Measure it again before you trust the numbers on this page.</p>\n",
                stale.join(", ")
            )
        };
        Ok(format!("*{minutes}*\n{banner}"))
    }
}

/// The commands of an exercise, as a block of code.
fn turn(from: &Step, next: Option<&Step>) -> String {
    let from = short_step(&from.name);
    let next = next.map(|next| format!(" {}", short_step(&next.name)));
    let next = next.unwrap_or_default();
    format!("    cargo lab new mine --from {from}\n    cargo lab run {from} mine{next} --advice")
}
