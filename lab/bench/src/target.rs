//! What the person at the keyboard wants measured: steps by name, or any executable that speaks the Runtime API.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::event::{Event, Events};
use crate::testbed::{EXTENSION, POPULATE};
use lab_workspace::builder;
use lab_workspace::function_file::{FILE_NAME, FunctionFile};
use lab_workspace::{Architecture, BackingService, FLOOR, Step, TrustAnchors, Workspace};

/// Memory size in MiB of a file, unless it is told: that of the sample's function.
const FILE_MEMORY_MB: u32 = 256;
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
    /// It is there.
    File(PathBuf),
}

impl Target {
    /// The executable, built if need be.
    pub async fn executable(&self, workspace: &Workspace) -> Result<PathBuf> {
        match &self.source {
            Source::Package(package) => builder::build_one(&workspace.root, package).await,
            Source::File(path) => Ok(path.clone()),
        }
    }

    /// True for a step, which the lab builds; false for a file, which is there.
    pub fn is_built_here(&self) -> bool {
        matches!(self.source, Source::Package(_))
    }

    /// What may be missing when a file does not answer: it runs without services, unless a step lends it its own.
    pub fn hint(&self) -> Option<&'static str> {
        let is_bare = !self.is_built_here() && self.services.is_empty();
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
            variables: step.variables.clone(),
            events: Events::default(),
            own: None,
        }
    }

    /// What a path means: a folder with a `function.toml`, that file itself, or an executable.
    fn of_path(name: &str, workspace: &Workspace, like: Option<&Step>) -> Result<Self> {
        let path = std::path::absolute(name).with_context(|| format!("{name} is no path"))?;
        let described = if path.is_dir() {
            Some(path.join(FILE_NAME)).filter(|file| file.exists())
        } else {
            Some(path).filter(|path| path.extension().is_some_and(|it| it == "toml"))
        };
        match (described, like) {
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
        let executable = if file.code.is_dir() {
            file.code.join("bootstrap")
        } else {
            file.code.clone()
        };
        let shown = executable.display().to_string();
        require_executable(&shown, &executable)
            .with_context(|| format!("{}: code", path.display()))?;
        let weighted = file
            .events
            .iter()
            .map(|entry| Ok((Event::of_entry(entry)?, entry.weight)));
        let weighted = weighted.collect::<Result<Vec<_>>>()?;
        let mut variables = file.variables.clone();
        variables.insert("_HANDLER".to_owned(), file.handler.clone());
        Ok(Self {
            title: if file.title.is_empty() {
                "a function of your own".to_owned()
            } else {
                file.title.clone()
            },
            source: Source::File(executable),
            from: None,
            floor: None,
            memory_mb: file.memory,
            memory_overridden: false,
            timeout: Duration::from_secs(file.timeout),
            architecture: file.architecture,
            services: file.services(),
            trust_anchors: TrustAnchors::Platform,
            extension: file.extension,
            variables,
            events: if weighted.is_empty() {
                Events::default()
            } else {
                Events::new(weighted)
            },
            own: Some(Arc::new(file)),
            name,
        })
    }

    fn of_file(name: &str, like: Option<&Step>) -> Result<Self> {
        let path = std::path::absolute(name).with_context(|| format!("{name} is no path"))?;
        require_executable(name, &path)?;
        let configured = like.map(Self::of_step);
        Ok(Self {
            name: name.to_owned(),
            title: "a file".to_owned(),
            source: Source::File(path),
            from: like.map(|step| step.name.clone()),
            floor: None,
            ..configured.unwrap_or_else(|| Self {
                name: String::new(),
                title: String::new(),
                source: Source::File(PathBuf::new()),
                from: None,
                floor: None,
                memory_mb: FILE_MEMORY_MB,
                memory_overridden: false,
                timeout: FILE_TIMEOUT,
                architecture: Architecture::X86_64,
                services: Vec::new(),
                trust_anchors: TrustAnchors::Platform,
                extension: false,
                variables: BTreeMap::new(),
                events: Events::default(),
                own: None,
            })
        })
    }
}

/// The executables of `targets`, in their order: built where need be, as many in one call of cargo as can be, and with
/// them what the testbed runs.
pub async fn executables(workspace: &Workspace, targets: &[Target]) -> Result<Vec<PathBuf>> {
    let packages = targets.iter().filter_map(|target| match &target.source {
        Source::Package(package) => Some(package.as_str()),
        Source::File(_) => None,
    });
    let packages: Vec<&str> = packages.chain([POPULATE]).collect();
    let (built, _) = tokio::try_join!(
        builder::build(&workspace.root, &packages),
        builder::build_lab_executable(&workspace.root, EXTENSION),
    )?;
    let executable = |target: &Target| match &target.source {
        Source::Package(package) => built
            .get(package)
            .cloned()
            .with_context(|| format!("{package} has no executable")),
        Source::File(path) => Ok(path.clone()),
    };
    targets.iter().map(executable).collect()
}

/// What to choose from the command line.
#[derive(Debug, Default, Clone)]
pub struct Choice {
    /// Names of steps and paths of files.
    pub names: Vec<String>,
    /// Every step there is.
    pub all: bool,
    /// Another memory size than the manifests', MiB.
    pub memory_mb: Option<u32>,
    /// The step whose configuration files run under.
    pub like: Option<String>,
    /// The floor in any case: a room's results are told in it, whatever the floor of the crate.
    pub in_a_room: bool,
}

impl Choice {
    /// Exactly what is named, each once and in that order; with [`Choice::all`] every step.
    pub fn named(&self, workspace: &Workspace) -> Result<Vec<Target>> {
        let like = self.like(workspace)?;
        if self.all {
            return Ok(self.configured(workspace.steps.iter().map(Target::of_step).collect()));
        }
        let mut targets: Vec<Target> = Vec::new();
        for name in &self.names {
            let target = match workspace.step(name) {
                Ok(step) => Target::of_step(step),
                Err(_) if looks_like_a_path(name) => Target::of_path(name, workspace, like)?,
                Err(unknown) => return Err(unknown),
            };
            if targets.iter().all(|other| other.name != target.name) {
                targets.push(target);
            }
        }
        if like.is_some() && targets.iter().all(Target::is_built_here) {
            bail!("--like says how files are run, and no file is named");
        }
        Ok(self.configured(targets))
    }

    fn like<'a>(&self, workspace: &'a Workspace) -> Result<Option<&'a Step>> {
        self.like
            .as_deref()
            .map(|name| workspace.step(name))
            .transpose()
    }

    /// The targets in the order of the ladder: without a name the numbered steps and the floors that they stand on, one step
    /// with the step before it and their floors, several with theirs.
    pub fn targets(&self, workspace: &Workspace) -> Result<Vec<Target>> {
        let like = self.like(workspace)?;
        let mut steps: Vec<&Step> = Vec::new();
        let mut files = Vec::new();
        for name in &self.names {
            match workspace.step(name) {
                Ok(step) => steps.push(step),
                Err(_) if looks_like_a_path(name) => {
                    files.push(Target::of_path(name, workspace, like)?);
                }
                Err(unknown) => return Err(unknown),
            }
        }
        if like.is_some() && files.is_empty() {
            bail!("--like says how files are run, and no file is named");
        }
        if self.all {
            steps = workspace.steps.iter().collect();
        } else if self.names.is_empty() {
            steps = workspace.ladder().collect();
        } else if let [only] = steps[..]
            && let Some(before) = workspace.before(only)?
            && files.is_empty()
        {
            steps.push(before);
        }
        let mut floors: BTreeSet<&str> = steps.iter().filter_map(|step| step.floor()).collect();
        if steps.is_empty() || self.in_a_room {
            floors.insert(FLOOR);
        }
        for floor in floors {
            steps.push(workspace.step(floor)?);
        }
        let chosen = |step: &&Step| steps.iter().any(|chosen| chosen.name == step.name);
        let steps = workspace.steps.iter().filter(chosen).map(Target::of_step);
        Ok(self.configured(steps.chain(files).collect()))
    }

    fn configured(&self, mut targets: Vec<Target>) -> Vec<Target> {
        if let Some(memory_mb) = self.memory_mb {
            for target in &mut targets {
                target.memory_overridden = target.memory_mb != memory_mb;
                target.memory_mb = memory_mb;
            }
        }
        targets
    }
}

fn looks_like_a_path(name: &str) -> bool {
    name.contains('/') || Path::new(name).exists()
}

fn require_executable(name: &str, path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let metadata = std::fs::metadata(path).with_context(|| format!("cannot measure {name}"))?;
    if metadata.is_dir() {
        bail!(
            "cannot measure {name}: it is a folder without a {FILE_NAME}. Name the executable in it, for example {}, or \
             describe the function: cargo lab new --function {name}",
            Path::new(name).join("bootstrap").display()
        );
    }
    if metadata.permissions().mode() & 0o111 == 0 {
        bail!(
            "cannot measure {name}: it is not executable. If it is a Lambda bootstrap: chmod +x {name}"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_compared_with_the_step_that_it_is_run_like() {
        let workspace = Workspace::load().unwrap();
        let file = std::env::current_exe().unwrap().display().to_string();
        let from = |like: Option<&str>| {
            let choice = Choice {
                names: vec![file.clone()],
                like: like.map(str::to_owned),
                ..Choice::default()
            };
            choice.named(&workspace).unwrap()[0].from.clone()
        };
        assert_eq!(from(Some("05")).as_deref(), Some("05-elasticache"));
        assert_eq!(from(None), None);
    }

    #[test]
    fn a_room_always_measures_the_floor() {
        let workspace = Workspace::load().unwrap();
        let measured = |in_a_room| {
            let choice = Choice {
                names: vec!["aside-no-cache".to_owned()],
                in_a_room,
                ..Choice::default()
            };
            let targets = choice.targets(&workspace).unwrap();
            targets.iter().any(|target| target.name == FLOOR)
        };
        assert!(measured(true));
        assert!(
            !measured(false),
            "its floor is the bare one, as that of 12, which it is measured beside"
        );
    }
}
