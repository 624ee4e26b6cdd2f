//! `function.toml`: a function of the reader's own, with the settings, the services and the events that it needs. Its keys are
//! those of the steps' manifests where both say the same.

mod check;
mod entries;
mod lines;
mod references;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Deserialize;

pub use self::entries::{EventEntry, OwnDatabase, ParameterEntry, UpstreamEntry};
pub use self::references::expand;
use self::references::nearest;

use crate::bundle::BOOTSTRAP;
use crate::cargo_project::{CargoProject, MANIFEST};
use crate::{Architecture, BackingService};

/// The file's name beside the function.
pub const FILE_NAME: &str = "function.toml";

/// What `function.toml` says. Paths are absolute.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FunctionFile {
    /// The function's name; by default the folder's.
    #[serde(default)]
    pub name: String,
    /// A few words about it.
    #[serde(default)]
    pub title: String,
    /// The executable that speaks the Runtime API, the folder with one named `bootstrap`, a zip of that, or the folder of a
    /// crate.
    #[serde(default)]
    pub code: PathBuf,
    /// The crate in the folder that `code` names, where there is no `bootstrap` in it.
    #[serde(skip)]
    pub project: Option<CargoProject>,
    /// What runs the code.
    #[serde(default)]
    pub runtime: Runtime,
    /// What `_HANDLER` says, for runtimes that read it: `index.handler`.
    #[serde(default = "bootstrap")]
    pub handler: String,
    /// Memory size, MiB; Lambda's own default.
    #[serde(default = "default_memory")]
    pub memory: u32,
    /// The time that one invocation may take, s; Lambda's own default.
    #[serde(default = "default_timeout")]
    pub timeout: u64,
    /// The architecture that it is priced for.
    #[serde(default = "this_architecture")]
    pub architecture: Architecture,
    /// Whether the Parameters and Secrets extension is attached.
    #[serde(default)]
    pub extension: bool,
    /// Folders and zips whose files are at `/opt`, a later one's over an earlier one's; executables in their `extensions/` are
    /// started.
    #[serde(default)]
    pub layers: Vec<PathBuf>,
    /// Its environment variables; values may hold references.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    /// What Parameter Store holds, by name; values may hold references.
    #[serde(default)]
    pub parameters: BTreeMap<String, ParameterEntry>,
    /// Its PostgreSQL database.
    #[serde(default)]
    pub database: Option<OwnDatabase>,
    /// Whether it has a cache.
    #[serde(default)]
    pub cache: bool,
    /// Further parties that it calls over plain HTTP, by name.
    #[serde(default)]
    pub upstreams: BTreeMap<String, UpstreamEntry>,
    /// What it is sent; without any `GET /`.
    #[serde(default)]
    pub events: Vec<EventEntry>,
}

/// What runs the code.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Runtime {
    /// An OS-only runtime: the function's own bootstrap.
    #[default]
    Provided,
    /// Node.js, through AWS's package `aws-lambda-ric` in the function's folder.
    Nodejs,
    /// Python, through AWS's package `awslambdaric`.
    Python,
}

fn bootstrap() -> String {
    "bootstrap".to_owned()
}

fn default_memory() -> u32 {
    128
}

fn default_timeout() -> u64 {
    3
}

fn this_architecture() -> Architecture {
    if cfg!(target_arch = "aarch64") {
        Architecture::Arm64
    } else {
        Architecture::X86_64
    }
}

impl FunctionFile {
    /// The file that a path means: itself, the one in its folder, or the manifest of the crate there; none where the path means
    /// something else.
    pub fn at(path: &Path) -> Option<PathBuf> {
        if path.is_dir() {
            let described = path.join(FILE_NAME);
            let manifest = path.join(MANIFEST);
            let is_crate = manifest.exists() && !path.join(BOOTSTRAP).exists();
            return if described.exists() {
                Some(described)
            } else {
                Some(manifest).filter(|_| is_crate)
            };
        }
        path.extension()
            .is_some_and(|it| it == "toml")
            .then(|| path.to_owned())
    }

    /// Reads a file; of a crate without one, what its manifest says of its deployment. An error names the file, and the line or
    /// the key.
    pub fn load(path: &Path) -> Result<Self> {
        let path = std::path::absolute(path)?;
        let text = if path.file_name().is_some_and(|name| name == MANIFEST) {
            String::new()
        } else {
            std::fs::read_to_string(&path)
                .with_context(|| format!("cannot read {}", path.display()))?
        };
        Self::parse(&text, &path).with_context(|| path.display().to_string())
    }

    fn parse(text: &str, path: &Path) -> Result<Self> {
        let mut file: Self = toml::from_str(text).map_err(|error| {
            let text = error.to_string();
            let hint = nearest(&text)
                .map(|key| format!("\ndid you mean `{key}`?"))
                .unwrap_or_default();
            anyhow::anyhow!("{}{hint}", text.trim_end())
        })?;
        let folder = path.parent().context("a file lies in a folder")?;
        file.code = folder.join(&file.code);
        if file.runtime == Runtime::Provided && !file.code.join(BOOTSTRAP).exists() {
            file.project = CargoProject::at(&file.code)?;
        }
        for (event, line) in file.events.iter_mut().zip(lines::of_events(text)) {
            let name = path.file_name().unwrap_or_default();
            event.place = format!("{}, line {line}", name.display());
        }
        file.deployed_as(text);
        file.complete(folder);
        file.check()?;
        Ok(file)
    }

    /// Takes from a crate's manifest what the file leaves out.
    fn deployed_as(&mut self, text: &str) {
        let Some(project) = &self.project else {
            return;
        };
        let says = text.parse::<toml::Table>().unwrap_or_default();
        let left_out = |key: &str| !says.contains_key(key);
        let deploy = project.deploy.clone();
        if left_out("name") {
            self.name.clone_from(&project.binary);
        }
        if let Some(memory) = deploy.memory.filter(|_| left_out("memory")) {
            self.memory = memory;
        }
        if let Some(timeout) = deploy.timeout.filter(|_| left_out("timeout")) {
            self.timeout = timeout;
        }
        for (name, value) in deploy.env {
            self.variables.entry(name).or_insert(value);
        }
    }

    /// Fills in what the folder says, and makes the paths absolute.
    fn complete(&mut self, folder: &Path) {
        if self.name.is_empty() {
            let name = folder.file_name().unwrap_or_default();
            self.name = name.to_string_lossy().into_owned();
        }
        if let Some(database) = &mut self.database {
            if database.name.is_empty() {
                database.name = self.name.replace('-', "_").to_lowercase();
            }
            for file in &mut database.sql {
                *file = folder.join(&*file);
            }
        }
        for layer in &mut self.layers {
            *layer = folder.join(&*layer);
        }
        for upstream in self.upstreams.values_mut() {
            upstream.answer = folder.join(&upstream.answer);
        }
        for event in &mut self.events {
            event.file = event.file.as_ref().map(|file| folder.join(file));
        }
    }

    /// The services that it talks to.
    pub fn services(&self) -> Vec<BackingService> {
        let has = |service: &BackingService| match service {
            // The extension asks Parameter Store in the function's place.
            BackingService::Parameters => self.extension || !self.parameters.is_empty(),
            BackingService::Database => self.database.is_some(),
            BackingService::Cache => self.cache,
        };
        BackingService::ALL.into_iter().filter(has).collect()
    }
}

#[cfg(test)]
mod tests;
