//! The steps, as their manifests describe them. Nothing about a step is written down anywhere else: a new crate under
//! `steps/` is found, built and measured without touching the lab.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use cargo_metadata::{Metadata, MetadataCommand, Package};
use lab_results::facts::Facts;
use lab_results::step_name::{FLOOR, is_floor, ladder_number};
use serde::Deserialize;

use crate::builder::RELEASE;

/// One crate under `steps/` that is a Lambda function.
#[derive(Debug, Clone)]
pub struct Step {
    /// Folder and binary: `05-elasticache`.
    pub name: String,
    /// The package: `step-05-elasticache`.
    pub package: String,
    /// Its folder.
    pub folder: PathBuf,
    /// Memory size, MiB.
    pub memory_mb: u32,
    /// The time that one invocation may take.
    pub timeout: Duration,
    /// The environment variables of its own; `{{resolve:ssm:NAME}}` in one is what Parameter Store held when it was deployed.
    pub variables: BTreeMap<String, String>,
    /// What the step's manifest says besides cargo-lambda's keys.
    pub manifest: Manifest,
}

/// `[package.metadata.step]`
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Manifest {
    /// A few words.
    pub title: String,
    /// What changes against the step before, in one sentence.
    #[serde(default)]
    pub idea: Option<String>,
    /// The step that this one changes; none for the first one and the floor.
    #[serde(default)]
    pub from: Option<String>,
    /// The floor that it stands on, the handler on the same runtime that asks nobody, where that is not the usual one.
    #[serde(default)]
    pub floor: Option<String>,
    /// The files that differ from that step's.
    #[serde(default)]
    pub changes: BTreeSet<String>,
    /// The architecture that it is deployed for.
    pub architecture: Architecture,
    /// The services that it talks to.
    pub services: Vec<BackingService>,
    /// The roots that its programs trust besides the lab's own.
    pub trust_anchors: TrustAnchors,
    /// Whether the Parameters and Secrets extension is attached.
    pub extension: bool,
    /// The cargo profile that it is built in, where that is not `release`.
    #[serde(default)]
    pub profile: Option<String>,
    /// Minutes that its chapter takes to read.
    #[serde(default)]
    pub minutes: Option<u32>,
}

/// A service, by its name in the manifests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BackingService {
    /// Parameter Store
    Parameters,
    /// Aurora PostgreSQL behind RDS Proxy
    Database,
    /// ElastiCache
    Cache,
}

impl BackingService {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Parameters, Self::Database, Self::Cache];

    /// Its name in the manifests.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Parameters => "parameters",
            Self::Database => "database",
            Self::Cache => "cache",
        }
    }
}

/// The roots in the file that `SSL_CERT_FILE` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TrustAnchors {
    /// Those of Lambda's own image, which every handshake's set-up has to parse.
    Platform,
    /// The lab's own only.
    None,
}

/// An architecture, by AWS's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Architecture {
    /// Intel and AMD
    #[serde(rename = "x86_64")]
    X86_64,
    /// Graviton
    #[serde(rename = "arm64")]
    Arm64,
}

impl Architecture {
    /// AWS's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
        }
    }
}

/// The repository, as `cargo metadata` sees it.
#[derive(Debug, Clone)]
pub struct Workspace {
    /// The folder of the top-level `Cargo.toml`.
    pub root: PathBuf,
    /// Cargo's folder for what it builds.
    pub target: PathBuf,
    /// All steps: the numbered ones in their order, then the others by name.
    pub steps: Vec<Step>,
    facts: OnceLock<Facts>,
}

impl Workspace {
    /// `data/facts.toml`, which is read once.
    pub fn facts(&self) -> Result<&Facts> {
        if let Some(facts) = self.facts.get() {
            return Ok(facts);
        }
        let facts = Facts::load(&self.root.join("data/facts.toml"))?;
        Ok(self.facts.get_or_init(|| facts))
    }

    /// Asks cargo for the workspace around the current folder.
    pub fn load() -> Result<Self> {
        Self::load_from(Path::new("."))
    }

    /// The same around another folder.
    pub fn load_from(folder: &Path) -> Result<Self> {
        let metadata = metadata(folder)?;
        let root = metadata.workspace_root.clone().into_std_path_buf();
        let mut steps = steps(&metadata, &root)?;
        steps.sort_by_key(|step| (step.number().is_none(), step.name.clone()));
        let target = metadata.target_directory.clone().into_std_path_buf();
        Ok(Self {
            root,
            target,
            steps,
            facts: OnceLock::new(),
        })
    }

    /// The step that `name` means: `5`, `05`, `05-elasticache` or `step-05-elasticache`.
    pub fn step(&self, name: &str) -> Result<&Step> {
        let wanted = name.strip_prefix("step-").unwrap_or(name);
        let number = wanted.parse::<u32>().ok();
        let found = self
            .steps
            .iter()
            .find(|step| step.name == wanted || number.is_some() && step.number() == number);
        found.with_context(|| {
            let known: Vec<&str> = self.steps.iter().map(|step| step.name.as_str()).collect();
            let known = known.join(", ");
            format!("there is no step {name}. The steps are: {known}")
        })
    }

    /// The step that this one changes; none for the first one and the floors.
    pub fn before(&self, step: &Step) -> Result<Option<&Step>> {
        let from = step.manifest.from.as_deref();
        from.map(|name| self.step(name)).transpose()
    }

    /// The ladder: the numbered steps.
    pub fn ladder(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|step| step.number().is_some())
    }

    /// The usual empty handler, which shows what this machine and the lab cost by themselves.
    pub fn floor(&self) -> Option<&Step> {
        self.steps.iter().find(|step| step.name == FLOOR)
    }
}

impl Step {
    /// The empty handler on the same runtime, by name; none for a floor itself.
    pub fn floor(&self) -> Option<&str> {
        let named = self.manifest.floor.as_deref();
        (!is_floor(&self.name)).then(|| named.unwrap_or(FLOOR))
    }

    /// The cargo profile that it is built in.
    pub fn profile(&self) -> &str {
        self.manifest.profile.as_deref().unwrap_or(RELEASE)
    }

    /// The number in front of the name, if it is on the ladder.
    pub fn number(&self) -> Option<u32> {
        ladder_number(&self.name)
    }

    /// True for a crate that a reader began with `lab new`: it comes from a step and is held to no list of changes.
    pub fn is_own(&self) -> bool {
        self.number().is_none() && self.manifest.from.is_some() && self.manifest.changes.is_empty()
    }
}

/// What cargo says of the workspace around a folder.
pub(crate) fn metadata(folder: &Path) -> Result<Metadata> {
    let metadata = MetadataCommand::new().current_dir(folder).no_deps().exec();
    metadata.context("cannot read the workspace: run this inside a clone of the repository")
}

fn steps(metadata: &Metadata, root: &Path) -> Result<Vec<Step>> {
    let under_steps = root.join("steps");
    let packages = metadata.packages.iter().filter(|package| {
        package
            .manifest_path
            .as_std_path()
            .starts_with(&under_steps)
            && package.targets.iter().any(cargo_metadata::Target::is_bin)
    });
    packages
        .map(|package| step(package).with_context(|| format!("in {}", package.manifest_path)))
        .collect()
}

fn step(package: &Package) -> Result<Step> {
    #[derive(Deserialize)]
    struct All {
        step: Manifest,
        lambda: Lambda,
    }
    #[derive(Deserialize)]
    struct Lambda {
        deploy: Deploy,
    }
    #[derive(Deserialize)]
    struct Deploy {
        memory: u32,
        timeout: u64,
        #[serde(default)]
        env: BTreeMap<String, String>,
    }
    let All { step, lambda } = serde_json::from_value(package.metadata.clone()).context(
        "[package.metadata.step] and [package.metadata.lambda.deploy] must describe the step",
    )?;
    let folder = package.manifest_path.parent();
    let folder = folder.context("a manifest lies in a folder")?;
    let name = folder
        .file_name()
        .context("a step has a folder of its own")?
        .to_owned();
    let mut targets = package.targets.iter();
    if !targets.any(|target| target.is_bin() && target.name == name) {
        bail!("the binary must have the folder's name, {name}");
    }
    Ok(Step {
        name,
        package: package.name.to_string(),
        folder: folder.to_owned().into_std_path_buf(),
        memory_mb: lambda.deploy.memory,
        timeout: Duration::from_secs(lambda.deploy.timeout),
        variables: lambda.deploy.env,
        manifest: step,
    })
}
