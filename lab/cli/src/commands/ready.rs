//! What the measuring commands do before they measure: build everything, start the services, say what is not as on Lambda.

use std::path::PathBuf;
use std::time::{Instant, SystemTime};

use anyhow::Result;
use lab_results::conditions::Conditions;
use lab_results::facts::Facts;
use lab_results::format::timestamp;
use lab_results::schema::{Limits, Method};

use super::arguments::Bench;
use crate::programs;
use lab_bench::machine;
use lab_bench::measure::Prepared;
use lab_bench::run_directory::clear_stale;
use lab_bench::target::{Target, executables};
use lab_bench::testbed::{Setup, Testbed};
use lab_workspace::clean_clone::CleanClone;
use lab_workspace::progress::{Progress, elapsed};
use lab_workspace::{Workspace, is_floor};

/// The header of what this process measures, as far as it is known before anything is. The id is unique: no two processes of a
/// machine start as the same one in the same second.
pub(super) fn conditions(workspace: &Workspace) -> Conditions {
    let started = timestamp(SystemTime::now());
    Conditions {
        id: format!("{started}-{}", std::process::id()),
        started,
        label: None,
        region: None,
        machine: Some(machine::machine()),
        build: machine::build(workspace),
        network: None,
        limits: None,
        method: Method::default(),
    }
}

/// Targets that are built, and a lab that is ready to run them.
pub(super) struct Started {
    pub(super) facts: Facts,
    pub(super) lab: Testbed,
    /// One for each target.
    pub(super) executables: Vec<PathBuf>,
    pub(super) conditions: Conditions,
    /// How long building and starting took, for a person.
    pub(super) took: String,
}

impl Started {
    /// Builds the targets and starts the lab. Parameter Store answers `parameter_quota` requests per second, any number
    /// without one.
    pub(super) async fn new(
        workspace: &Workspace,
        targets: &[Target],
        bench: &Bench,
        parameter_quota: Option<u32>,
    ) -> Result<Self> {
        let facts = workspace.facts()?.clone();
        let network = facts.network(&bench.profile)?;
        clear_stale();
        let programs = programs::ensure(bench.consent.yes).await?;
        // Before the lab binds itself to its CPUs, and before somebody edits a file while this runs.
        let conditions = conditions(workspace);
        let begin = Instant::now();
        let executables = build(workspace, targets).await?;
        let setup = Setup {
            workspace,
            profile: &bench.profile,
            parameter_quota,
            programs,
        };
        let lab = Testbed::start(setup).await?;
        for target in targets {
            lab.provide(target).await?;
        }
        warn_of_missing_limits(&lab);
        let conditions = Conditions {
            network: Some(network),
            limits: Some(limits(&lab)),
            method: Method {
                parameter_quota,
                pinning: Some(lab.platform.placement.describe()),
                ..Method::default()
            },
            ..conditions
        };
        Ok(Self {
            facts,
            lab,
            executables,
            conditions,
            took: elapsed(begin),
        })
    }

    /// Configures what was built, checks that it answers, and says so.
    pub(super) async fn check(&self, targets: &[Target]) -> Result<Vec<Prepared>> {
        let mut checked = Vec::new();
        let progress = Progress::start("checking that every step answers");
        for (target, executable) in targets.iter().zip(&self.executables) {
            let mut prepared = Prepared::new(&self.lab, target, executable)?;
            let remark = prepared.check(&self.lab).await?;
            if let Some(remark) = remark.filter(|_| !is_floor(&target.name)) {
                progress.print(&remark);
            }
            checked.push(prepared);
        }
        progress.done("they do");
        Ok(checked)
    }
}

/// What holds the environments to their size here.
fn limits(lab: &Testbed) -> Limits {
    let limits = &lab.platform.limits;
    Limits {
        cpu: limits.enforced(),
        memory: limits.enforced(),
        how: limits.how().to_owned(),
    }
}

/// Builds everything before anything is measured.
async fn build(workspace: &Workspace, targets: &[Target]) -> Result<Vec<PathBuf>> {
    let is_missing = |target: &Target| {
        let step = workspace.steps.iter().find(|it| it.name == target.name);
        let built = step.map(|it| workspace.target.join(it.profile()).join(&it.name));
        built.is_some_and(|executable| !executable.exists())
    };
    if targets.iter().all(is_missing)
        && let Some(experience) = CleanClone::load(&workspace.root)
    {
        eprintln!("{}", experience.expectation());
    }
    executables(workspace, targets).await
}

/// Warns where nothing holds the environments to their size.
fn warn_of_missing_limits(lab: &Testbed) {
    if let lab_lambda::Cgroups::None { reason } = &lab.platform.limits {
        eprintln!(
            "WARNING: CPU and memory are NOT limited on this machine, so that every step runs faster than on Lambda and a \
             memory size means nothing. The results are marked. ({reason}) `cargo lab doctor` says what would help."
        );
    }
}
