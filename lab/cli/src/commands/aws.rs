//! `lab run --aws`: how fast are the deployed steps?

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::time::{Instant, SystemTime};

use anyhow::{Context as _, Result, bail};
use lab_results::conditions::Conditions;
use lab_results::format::timestamp;
use lab_results::schema::{Method, Place, ResultsFile, Session};

use super::output;
use super::ready::Origin;
use crate::programs;
use lab_bench::aws::measure::{Measured, Prepared, measure};
use lab_bench::aws::outputs::{Deployed, Outputs};
use lab_bench::aws::plan::Plan;
use lab_bench::machine;
use lab_bench::measure::Extent;
use lab_bench::target::{Choice, Target};
use lab_workspace::Workspace;
use lab_workspace::progress::{Progress, elapsed};

/// Where measurements are kept unless `--results` says otherwise.
pub(super) const RESULTS: &str = "data/results/aws.json";
/// What `npm run deploy` writes.
pub(super) const OUTPUTS: &str = "infra/outputs.json";

/// What was asked for on the command line.
// Switches of a command line are what they are.
#[allow(clippy::struct_excessive_bools)]
pub struct Request<'a> {
    /// Which steps.
    pub choice: Choice,
    /// How much.
    pub extent: Extent,
    /// Whether that is too little for intervals.
    pub quick: bool,
    /// Another file with what is deployed than the usual one.
    pub outputs: Option<&'a Path>,
    /// Another results file than the usual one.
    pub results: Option<&'a Path>,
    /// A name for the session.
    pub label: Option<String>,
    /// JSON instead of tables.
    pub json: bool,
    /// How wide tables may be.
    pub width: output::Width,
    /// Do not ask.
    pub yes: bool,
    /// Only say what would be done.
    pub dry_run: bool,
}

/// Measures, prints and keeps.
pub async fn run(workspace: &Workspace, request: Request<'_>) -> Result<()> {
    let outputs = workspace
        .root
        .join(request.outputs.unwrap_or(Path::new(OUTPUTS)));
    let functions = functions(workspace, &request.choice, &Outputs::load(&outputs)?)?;
    let facts = workspace.facts()?;
    let plan = Plan {
        functions: &functions,
        extent: request.extent,
    };
    eprintln!("{}", plan.summary(facts)?);
    if request.dry_run {
        return output::written(write!(std::io::stdout().lock(), "{}", plan.commands()));
    }
    agree(request.yes)?;
    let kept_in = request.results.unwrap_or(Path::new(RESULTS));
    let results = workspace.root.join(kept_in);
    ResultsFile::prepare(&results, Place::Aws)?;

    let started = timestamp(SystemTime::now());
    let build = machine::build(&workspace.root);
    let begin = Instant::now();
    let mut progress = Progress::start("measuring on AWS");
    let mut prepared = Vec::new();
    for (target, deployed) in &functions {
        progress.update(format!("checking that {} answers", target.name));
        let checked = Prepared::check(target, deployed).await;
        prepared.push(checked.with_context(|| target.name.clone())?);
    }
    let measured = measure(&prepared, &request.extent, &mut progress).await?;
    progress.done("");
    let Measured {
        measurements,
        traces_sampled,
        remarks,
    } = measured;
    let origin = Origin {
        started,
        machine: machine::machine(),
        build,
    };
    let method = Method {
        quick: request.quick,
        rounds: request.extent.rounds,
        paced_gap_ms: request.extent.gap.as_secs_f64() * 1000.0,
        traces_sampled,
        ..Method::default()
    };
    let region = functions
        .first()
        .map(|(_, deployed)| deployed.region.clone());
    let session = Session {
        conditions: Conditions {
            region,
            // AWS measured.
            machine: None,
            ..origin.conditions(request.label.clone(), method)
        },
        measurements,
    };
    let order: Vec<String> = functions
        .iter()
        .map(|(target, _)| target.name.clone())
        .collect();
    output::print(
        Place::Aws,
        &session,
        &order,
        facts,
        request.json,
        request.width,
    )?;
    for remark in &remarks {
        eprintln!("\nREMARK: {remark}");
    }
    eprintln!("\nmeasured in {}", elapsed(begin));
    // After the tables: a full disk takes the file, not what was measured.
    ResultsFile::add(&results, Place::Aws, session)
        .context("the tables above are not in the results file")?;
    eprintln!("results: {}", kept_in.display());
    eprintln!(
        "next: data/results/README.md says how to offer them; `npm run destroy -- all` in infra/ ends the costs"
    );
    Ok(())
}

/// The steps that were asked for, as far as they are deployed: those that were named must be.
fn functions(
    workspace: &Workspace,
    choice: &Choice,
    outputs: &Outputs,
) -> Result<Vec<(Target, Deployed)>> {
    let targets = choice.targets(workspace)?;
    if let Some(file) = targets.iter().find(|target| !target.is_built_here()) {
        bail!("{} is a file: --aws measures deployed steps", file.name);
    }
    let mut named = Vec::new();
    for name in &choice.names {
        named.push(workspace.step(name)?.name.clone());
    }
    let functions = outputs.choose(targets, &named)?;
    in_one_region(&functions)?;
    Ok(functions)
}

/// The AWS CLI is called for one Region.
pub(super) fn in_one_region(functions: &[(Target, Deployed)]) -> Result<()> {
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

/// Asks before anything costs; without a terminal only `--yes` is an answer.
pub(super) fn agree(yes: bool) -> Result<()> {
    if yes {
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
