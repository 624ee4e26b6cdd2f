//! What the measuring commands do before they measure: build everything, start the neighbours, say what is not as on Lambda.

use std::path::PathBuf;
use std::time::{Instant, SystemTime};

use anyhow::Result;
use lab_results::conditions::Conditions;
use lab_results::facts::Facts;
use lab_results::format::timestamp;
use lab_results::schema::{self, Limits, Method};

use crate::programs;
use lab_bench::machine;
use lab_bench::measure::Prepared;
use lab_bench::run_directory::clear_leftovers;
use lab_bench::target::Target;
use lab_bench::testbed::{Lab, Setup};
use lab_workspace::builder;
use lab_workspace::clean_clone::CleanClone;
use lab_workspace::progress::{Progress, elapsed};
use lab_workspace::{Workspace, is_floor};

/// When a session began, on what machine and with what source.
pub(super) struct Origin {
    pub(super) started: String,
    pub(super) machine: schema::Machine,
    pub(super) build: schema::Build,
}

impl Origin {
    pub(super) fn now(workspace: &Workspace) -> Self {
        Self {
            started: timestamp(SystemTime::now()),
            machine: machine::machine(),
            build: machine::build(&workspace.root),
        }
    }

    /// The header of what this process measures. The id is unique: no two processes of a machine start as the same one in the
    /// same second.
    pub(super) fn conditions(self, label: Option<String>, method: Method) -> Conditions {
        Conditions {
            id: format!("{}-{}", self.started, std::process::id()),
            started: self.started,
            label,
            region: None,
            machine: Some(self.machine),
            build: self.build,
            network: None,
            limits: None,
            method,
        }
    }

    /// The same where the lab itself answers.
    pub(super) fn in_the_lab(
        self,
        label: Option<String>,
        method: Method,
        lab: &Lab,
        network: schema::Network,
    ) -> Conditions {
        Conditions {
            network: Some(network),
            limits: Some(limits(lab)),
            method: Method {
                pinning: Some(lab.platform.placement.describe()),
                ..method
            },
            ..self.conditions(label, Method::default())
        }
    }
}

/// A lab that is ready, and targets that answer.
pub(super) struct Ready {
    pub(super) facts: Facts,
    pub(super) lab: Lab,
    pub(super) prepared: Vec<Prepared>,
    pub(super) conditions: Conditions,
}

impl Ready {
    /// Builds the targets, starts the lab, and checks that every target answers.
    pub(super) async fn start(
        workspace: &Workspace,
        targets: &[Target],
        profile: &str,
        yes: bool,
    ) -> Result<Self> {
        let facts = workspace.facts()?.clone();
        let network = facts.network(profile)?;
        clear_leftovers();
        let programs = programs::ensure(yes).await?;
        let origin = Origin::now(workspace);
        let begin = Instant::now();
        let executables = build(workspace, targets).await?;
        let setup = Setup {
            workspace,
            profile,
            parameter_quota: None,
            programs,
        };
        let lab = Lab::start(setup).await?;
        warn_of_missing_limits(&lab, RUNS_FASTER);
        let conditions = origin.in_the_lab(None, Method::default(), &lab, network);
        let prepared = check(&lab, targets, &executables).await?;
        eprintln!("built and started in {}", elapsed(begin));
        Ok(Self {
            facts,
            lab,
            prepared,
            conditions,
        })
    }
}

/// Configures what was built, and checks that it answers.
pub(super) async fn check(
    lab: &Lab,
    targets: &[Target],
    executables: &[PathBuf],
) -> Result<Vec<Prepared>> {
    let mut checked = Vec::new();
    let progress = Progress::start("checking that every step answers");
    for (target, executable) in targets.iter().zip(executables) {
        let mut prepared = Prepared::new(lab, target, executable)?;
        let remark = prepared.check(lab).await?;
        if let Some(remark) = remark.filter(|_| !is_floor(&target.name)) {
            progress.print(&remark);
        }
        checked.push(prepared);
    }
    progress.done("they do");
    Ok(checked)
}

/// What holds the environments to their size here.
pub(super) fn limits(lab: &Lab) -> Limits {
    let limits = &lab.platform.limits;
    Limits {
        cpu: limits.enforced(),
        memory: limits.enforced(),
        how: limits.how().to_owned(),
    }
}

/// Builds everything before anything is measured, one package at a time.
pub(super) async fn build(workspace: &Workspace, targets: &[Target]) -> Result<Vec<PathBuf>> {
    let built = workspace.target.join(builder::PROFILE);
    let is_missing = |target: &Target| target.is_built_here() && !built.join(&target.name).exists();
    if targets.iter().all(is_missing)
        && let Some(experience) = CleanClone::load(&workspace.root)
    {
        eprintln!("{}", experience.expectation());
    }
    let mut executables = Vec::new();
    for target in targets {
        executables.push(target.executable(workspace).await?);
    }
    Ok(executables)
}

/// What follows for a measurement.
pub(super) const RUNS_FASTER: &str =
    "every step runs faster than on Lambda and a memory size means nothing";

/// Warns where nothing holds the environments to their size, `so_that` something is not as on Lambda.
pub(super) fn warn_of_missing_limits(lab: &Lab, so_that: &str) {
    if let lab_lambda::Limits::None { reason } = &lab.platform.limits {
        eprintln!(
            "WARNING: CPU and memory are NOT limited on this machine, so that {so_that}. The results are marked. ({reason}) \
             `cargo lab doctor` says what would help."
        );
    }
}
