//! Pictures of what the lab measured: spreads, waterfalls, curves of memory sizes, ramps.

use anyhow::{Context as _, Result};
use lab_results::chart;
use lab_results::trace::Trace;
use lab_results::tuning::Temperature;
use lab_workspace::Step;

use crate::measured::{Measured, PROFILE};
use crate::tables::picture;

/// How far the warm requests of a step are spread, beside the step that it changes.
pub fn distribution(measured: &Measured, step: &Step) -> Result<String> {
    let steps = with_before(measured, step)?;
    let wanted: Vec<&str> = steps.iter().map(|step| step.name.as_str()).collect();
    let session = measured.reference.newest_with(Some(PROFILE), &wanted);
    let names = || wanted.join(" and ");
    let session =
        session.with_context(|| format!("no session of the reference measured {}", names()));
    let mut session = session?.clone();
    let measurements = &mut session.measurements;
    measurements.retain(|name, _| wanted.contains(&name.as_str()));
    drawn(chart::distribution(&session))
}

/// Why a traced warm request is not as fast as a measured one.
const TRACED: &str = "*Traced requests are among the first of their environment, and each also sends its trace: most take longer than those of \
                      the result. Look at the proportions.*";

/// Where the time of a request goes, beside the step that it changes.
pub fn waterfall(measured: &Measured, step: &Step, temperature: Temperature) -> Result<String> {
    let steps = with_before(measured, step)?.into_iter();
    let traces = steps.map(|step| trace(measured, step, temperature));
    let picture = drawn(chart::waterfall(&traces.collect::<Result<Vec<_>>>()?))?;
    Ok(match temperature {
        Temperature::Cold => picture,
        Temperature::Warm => format!("{picture}\n\n{TRACED}"),
    })
}

fn trace<'a>(measured: &'a Measured, step: &Step, temperature: Temperature) -> Result<&'a Trace> {
    let fits = |trace: &&Trace| {
        trace.step == step.name
            && trace.temperature == temperature
            && trace.conditions.profile() == Some(PROFILE)
    };
    let found = measured.reference.traces.iter().rev().find(fits);
    found.with_context(|| {
        let cold = match temperature {
            Temperature::Cold => " --cold",
            Temperature::Warm => "",
        };
        format!(
            "data/results/reference.json has no trace: cargo lab trace {}{cold} --results data/results/reference.json",
            step.name
        )
    })
}

/// One step at several memory sizes.
pub fn tuning(measured: &Measured, step: &Step) -> Result<String> {
    let found = measured.tuning(step)?;
    drawn(chart::tuning(&[found], measured.prices()))
}

/// Cold starts of two steps over the memory sizes.
pub fn tuning_curve(measured: &Measured, steps: [&Step; 2]) -> Result<String> {
    let [one, other] = steps.map(|step| measured.tuning(step));
    drawn(chart::tuning_curve(&[one?, other?]))
}

/// One step under a strategy, second by second.
pub fn ramp(measured: &Measured, strategy: &str, step: &Step) -> Result<String> {
    let mut load = measured.under_load(strategy, step)?.clone();
    load.steps.retain(|name, _| *name == step.name);
    drawn(chart::ramp(&load))
}

fn drawn(svg: Option<String>) -> Result<String> {
    Ok(picture(&svg.context("nothing can be drawn of it")?))
}

/// The step that this one changes, if any, and the step.
fn with_before<'a>(measured: &'a Measured, step: &'a Step) -> Result<Vec<&'a Step>> {
    let before = measured.workspace.before(step)?;
    Ok(before.into_iter().chain([step]).collect())
}
