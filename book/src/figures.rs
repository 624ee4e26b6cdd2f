//! Pictures of what the lab measured: spreads, waterfalls, curves of memory sizes, ramps.

use anyhow::{Context as _, Result};
use lab_results::chart;
use lab_results::load::Load;
use lab_results::schema::Session;
use lab_results::trace::Trace;
use lab_results::tuning::Temperature;
use lab_workspace::{Step, Workspace};

use crate::measured::{Measured, PROFILE};
use crate::tables::picture;

/// How far the warm requests of a step are spread, beside the step that it changes.
pub fn distribution(measured: &Measured, workspace: &Workspace, step: &Step) -> Result<String> {
    let names = with_before(workspace, step)?;
    let wanted: Vec<&str> = names.iter().map(|step| step.name.as_str()).collect();
    let session = measured.reference.newest_with(Some(PROFILE), &wanted);
    let session = session.with_context(|| {
        format!(
            "no session of the reference measured {}",
            wanted.join(" and ")
        )
    })?;
    let mut measurements = session.measurements.clone();
    measurements.retain(|name, _| wanted.contains(&name.as_str()));
    let session = Session {
        measurements,
        ..session.clone()
    };
    let svg = chart::distribution(&session).context("nothing can be drawn of it")?;
    Ok(picture(&svg))
}

/// Why a traced warm request is not as fast as a measured one.
const TRACED: &str = "*Traced requests are among the first of their environment, and each also sends its trace: most take longer than those of \
                      the result. Look at the proportions.*";

/// Where the time of a request goes, beside the step that it changes.
pub fn waterfall(
    measured: &Measured,
    workspace: &Workspace,
    step: &Step,
    temperature: Temperature,
) -> Result<String> {
    let steps = with_before(workspace, step)?;
    let traces: Result<Vec<&Trace>> = steps
        .iter()
        .map(|step| trace(measured, step, temperature))
        .collect();
    let svg = chart::waterfall(&traces?).context("nothing can be drawn of it")?;
    Ok(match temperature {
        Temperature::Cold => picture(&svg),
        Temperature::Warm => format!("{}\n\n{TRACED}", picture(&svg)),
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
    let svg = chart::tuning(&[found], measured.prices()).context("nothing can be drawn of it")?;
    Ok(picture(&svg))
}

/// Cold starts of two steps over the memory sizes.
pub fn tuning_curve(measured: &Measured, steps: [&Step; 2]) -> Result<String> {
    let [one, other] = steps.map(|step| measured.tuning(step));
    let svg = chart::tuning_curve(&[one?, other?]).context("nothing can be drawn of it")?;
    Ok(picture(&svg))
}

/// One step under a strategy, second by second.
pub fn ramp(measured: &Measured, strategy: &str, step: &Step) -> Result<String> {
    let load = measured.under_load(strategy, step)?;
    let mut steps = load.steps.clone();
    steps.retain(|name, _| *name == step.name);
    let alone = Load {
        steps,
        ..load.clone()
    };
    let svg = chart::ramp(&alone).context("nothing can be drawn of it")?;
    Ok(picture(&svg))
}

/// The step that this one changes, if any, and the step.
fn with_before<'a>(workspace: &'a Workspace, step: &'a Step) -> Result<Vec<&'a Step>> {
    let before = workspace.before(step)?;
    Ok(before.into_iter().chain([step]).collect())
}
