//! What the person at the keyboard wants measured: steps by name, or any executable that speaks the Runtime API.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::code::Code;
use crate::event::Events;
use crate::layers::Layers;
use crate::runtime;
use crate::testbed::{EXTENSION, POPULATE};
use lab_lambda::OPT;
use lab_workspace::builder;
use lab_workspace::cargo_project::CargoProject;
use lab_workspace::function_file::FunctionFile;
use lab_workspace::{Architecture, BackingService, FLOOR, Step, TrustAnchors, Workspace};

/// Memory size in MiB of a file, unless it is told: that of the sample's function.
const FILE_MEMORY_MB: u32 = 256;
/// Characters that the name of a function may have.
pub const LONGEST_NAME: usize = 64;
/// Timeout of a file.
const FILE_TIMEOUT: Duration = Duration::from_secs(10);

/// One thing to measure, with the configuration it runs under.
#[derive(Debug, Clone)]
pub struct Target {
    /// The step's name, or the file as it was given.
    pub name: String,
    /// A few words about it.
    pub title: String,
    /// Where its executable comes from.
    pub source: Source,
    /// The step that it changes, or that a file is run like: what it is compared with.
    pub from: Option<String>,
    /// The empty handler that it stands on.
    pub floor: Option<String>,
    /// Memory size, MiB.
    pub memory_mb: u32,
    /// True where `--memory` says something else than the manifest.
    pub memory_overridden: bool,
    /// The time that one invocation may take.
    pub timeout: Duration,
    /// The architecture that it is priced for.
    pub architecture: Architecture,
    /// The services that it talks to.
    pub services: Vec<BackingService>,
    /// The roots that it trusts.
    pub trust_anchors: TrustAnchors,
    /// Whether the Parameters and Secrets extension is attached.
    pub extension: bool,
    /// What is at `/opt`.
    pub layers: Option<Layers>,
    /// The environment variables of its own, as its manifest has them.
    pub variables: BTreeMap<String, String>,
    /// What it is sent.
    pub events: Events,
    /// Its `function.toml`, whose data the services get; none for a step, and for a file without one.
    pub own: Option<Arc<FunctionFile>>,
}

/// Where a target's executable comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// It is built from this package.
    Package(String),
    /// It is built from a crate that is not this repository's.
    Project(CargoProject),
    /// It is there.
    File(Code),
}

impl Target {
    /// The executable, built if need be.
    pub async fn executable(&self, workspace: &Workspace) -> Result<PathBuf> {
        match &self.source {
            Source::Package(package) => builder::build_one(&workspace.root, package).await,
            Source::Project(project) => project.build().await,
            Source::File(code) => Ok(code.executable.clone()),
        }
    }

    /// The name under which it is invoked, as Lambda allows names: 1 to 64 letters, digits, hyphens and underscores
    /// (docs.aws.amazon.com/lambda, API reference, `CreateFunction`). A file has that of its folder if it is a
    /// `bootstrap`, else its own.
    pub fn function_name(&self) -> String {
        let is_file = !self.is_built_here() && self.own.is_none();
        let path = std::path::absolute(&self.name).unwrap_or_default();
        let path = match path.file_name() {
            Some(name) if is_file && name == "bootstrap" => path.parent(),
            _ => Some(&*path),
        };
        let last = path.and_then(Path::file_stem).filter(|_| is_file);
        let name = last.map_or_else(|| self.name.as_str().into(), OsStr::to_string_lossy);
        let allowed = |it: char| it.is_ascii_alphanumeric() || "-_".contains(it);
        let name: String = name
            .chars()
            .map(|it| if allowed(it) { it } else { '-' })
            .take(LONGEST_NAME)
            .collect();
        if name.is_empty() {
            "function".to_owned()
        } else {
            name
        }
    }

    /// True for a step; false for a function of the reader's own.
    pub fn is_built_here(&self) -> bool {
        matches!(self.source, Source::Package(_))
    }

    /// What may be missing when a file does not answer: it runs without services, unless a step lends it its own.
    pub fn hint(&self) -> Option<&'static str> {
        let is_bare = !self.is_built_here() && self.own.is_none() && self.services.is_empty();
        is_bare.then_some(
            ". If it needs a step's memory, services or extension, name that step: --like 05",
        )
    }

    /// True for a handler that must answer with the stadiums: it has the table of them.
    pub fn serves_stadiums(&self) -> bool {
        self.own.is_none() && self.services.contains(&BackingService::Database)
    }

    /// The step, as its manifest configures it.
    pub fn of_step(step: &Step) -> Self {
        Self {
            name: step.name.clone(),
            title: step.manifest.title.clone(),
            source: Source::Package(step.package.clone()),
            from: step.manifest.from.clone(),
            floor: step.floor().map(str::to_owned),
            memory_mb: step.memory_mb,
            memory_overridden: false,
            timeout: step.timeout,
            architecture: step.manifest.architecture,
            services: step.manifest.services.clone(),
            trust_anchors: step.manifest.trust_anchors,
            extension: step.manifest.extension,
            layers: None,
            variables: step.variables.clone(),
            events: Events::default(),
            own: None,
        }
    }

    /// What a path means: a folder with a `function.toml`, that file itself, or an executable.
    pub(crate) fn of_path(name: &str, workspace: &Workspace, like: Option<&Step>) -> Result<Self> {
        match (FunctionFile::at(Path::new(name)), like) {
            (None, like) => Self::of_file(name, like),
            (Some(file), None) => Self::of_function(&file, workspace),
            (Some(file), Some(_)) => bail!(
                "--like says how a bare executable is run; {} says that itself",
                file.display()
            ),
        }
    }

    /// The function that a `function.toml` describes.
    fn of_function(path: &Path, workspace: &Workspace) -> Result<Self> {
        let file = FunctionFile::load(path)?;
        let name = file.name.clone();
        if workspace.steps.iter().any(|step| step.name == name) {
            bail!(
                "{}: there is a step {name}: name = \"...\" gives the function another one",
                path.display()
            );
        }
        let at = |key: &'static str| format!("{}: {key}", path.display());
        let layers = Layers::merge(&file.layers).with_context(|| at("layers"))?;
        if let Some(reason) = layers.as_ref().and_then(|it| it.elsewhere.as_deref()) {
            eprintln!(
                "{name}: its layers are not at /opt here ({reason}). PATH, LD_LIBRARY_PATH and the runtimes' own variables name \
                 where they are; a program that opens /opt itself does not find them."
            );
        }
        let mut variables = file.variables.clone();
        variables.insert("_HANDLER".to_owned(), file.handler.clone());
        let shown = file.code.display().to_string();
        let opt = layers.as_ref().map_or(Path::new(OPT), Layers::seen_at);
        let script =
            runtime::script(file.runtime, &file.code, opt).with_context(|| at("runtime"))?;
        let source = match (script, &file.project) {
            (Some(script), _) => {
                variables.insert("LAMBDA_TASK_ROOT".to_owned(), shown);
                Source::File(Code::run_by(&script, &file.code)?)
            }
            (None, Some(project)) => Source::Project(project.clone()),
            (None, None) => Source::File(Code::at(&shown, &file.code).with_context(|| at("code"))?),
        };
        Ok(Self {
            title: if file.title.is_empty() {
                "a function of your own".to_owned()
            } else {
                file.title.clone()
            },
            // Of a bootstrap or a managed runtime nobody knows which empty handler is its own.
            floor: file.project.is_some().then(|| FLOOR.to_owned()),
            source,
            from: None,
            memory_mb: file.memory,
            memory_overridden: false,
            timeout: Duration::from_secs(file.timeout),
            architecture: file.architecture,
            services: file.services(),
            trust_anchors: TrustAnchors::Platform,
            extension: file.extension,
            layers,
            variables,
            events: Events::of_entries(&file.events)?,
            own: Some(Arc::new(file)),
            name,
        })
    }

    fn of_file(name: &str, like: Option<&Step>) -> Result<Self> {
        let path = std::path::absolute(name).with_context(|| format!("{name} is no path"))?;
        let code = Code::at(name, &path)?;
        let bare = Self {
            name: name.to_owned(),
            title: "a file".to_owned(),
            source: Source::File(code),
            from: None,
            floor: None,
            memory_mb: FILE_MEMORY_MB,
            memory_overridden: false,
            timeout: FILE_TIMEOUT,
            architecture: Architecture::X86_64,
            services: Vec::new(),
            trust_anchors: TrustAnchors::Platform,
            extension: false,
            layers: None,
            variables: BTreeMap::new(),
            events: Events::default(),
            own: None,
        };
        let Some(step) = like else {
            return Ok(bare);
        };
        Ok(Self {
            name: bare.name,
            title: bare.title,
            source: bare.source,
            from: Some(step.name.clone()),
            floor: None,
            ..Self::of_step(step)
        })
    }
}

/// The executables of `targets`, in their order: built where need be, as many in one call of cargo as can be, and with
/// them what the testbed runs.
pub async fn executables(workspace: &Workspace, targets: &[Target]) -> Result<Vec<PathBuf>> {
    let packages = targets.iter().filter_map(|target| match &target.source {
        Source::Package(package) => Some(package.as_str()),
        Source::Project(_) | Source::File(_) => None,
    });
    let packages: Vec<&str> = packages.chain([POPULATE]).collect();
    let (built, _) = tokio::try_join!(
        builder::build(&workspace.root, &packages),
        builder::build_lab_executable(&workspace.root, EXTENSION),
    )?;
    let mut executables = Vec::new();
    for target in targets {
        executables.push(match &target.source {
            Source::Package(package) => {
                let executable = built.get(package).cloned();
                executable.with_context(|| format!("{package} has no executable"))?
            }
            Source::Project(project) => project.build().await?,
            Source::File(code) => code.executable.clone(),
        });
    }
    Ok(executables)
}

#[cfg(test)]
mod tests;
