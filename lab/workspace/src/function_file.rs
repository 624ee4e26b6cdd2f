//! `function.toml`: a function of the reader's own, with the settings, the services and the events that it needs. Its keys are
//! those of the steps' manifests where both say the same.

mod check;
mod references;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Deserialize;

pub use self::references::expand;
use self::references::nearest;

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
    /// The executable that speaks the Runtime API, the folder with one named `bootstrap`, or a zip of that.
    #[serde(default)]
    pub code: PathBuf,
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
    /// Its environment variables; values may hold references.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    /// What Parameter Store holds, by name; values may hold references.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
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

/// A database of its own, behind the proxy.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct OwnDatabase {
    /// Its name; by default the function's.
    #[serde(default)]
    pub name: String,
    /// The user who owns it.
    #[serde(default = "default_user")]
    pub user: String,
    /// The user's password; without one the user signs in with an IAM token.
    #[serde(default)]
    pub password: Option<String>,
    /// Files that are run as this user, in their order: the schema, the rows.
    #[serde(default)]
    pub sql: Vec<PathBuf>,
}

/// A party that answers every request alike.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct UpstreamEntry {
    /// The file that it answers with.
    pub answer: PathBuf,
    /// How long that takes, ms.
    pub delay_ms: f64,
    /// With which status.
    #[serde(default = "ok")]
    pub status: u16,
}

/// One event, and what must hold for its answer.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct EventEntry {
    /// A request to an HTTP API: `GET /orders/7?full=1`.
    #[serde(default)]
    pub request: Option<String>,
    /// The request's headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The request's body. API Gateway hands it on as text if the header `content-type` says that it is text, JSON, XML or
    /// JavaScript, else as base64.
    #[serde(default)]
    pub body: String,
    /// Instead of a request: a file with any JSON.
    #[serde(default)]
    pub file: Option<PathBuf>,
    /// How often it comes beside the others.
    #[serde(default = "once")]
    pub weight: u32,
    /// The answer's status; 200 where nothing is said. Of a request only.
    #[serde(default)]
    pub status: Option<u16>,
    /// A text that the answer (of a request: its body) contains.
    #[serde(default)]
    pub contains: Option<String>,
    /// Values in the answer (of a request: in its body), by JSON pointer.
    #[serde(default)]
    pub pointers: BTreeMap<String, serde_json::Value>,
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

fn default_user() -> String {
    "app".to_owned()
}

fn once() -> u32 {
    1
}

fn ok() -> u16 {
    200
}

impl FunctionFile {
    /// The file that a path means: itself, or the one in its folder; none where the path means something else.
    pub fn at(path: &Path) -> Option<PathBuf> {
        if path.is_dir() {
            return Some(path.join(FILE_NAME)).filter(|file| file.exists());
        }
        path.extension()
            .is_some_and(|it| it == "toml")
            .then(|| path.to_owned())
    }

    /// Reads a file. An error names the file, and the line or the key.
    pub fn load(path: &Path) -> Result<Self> {
        let path = std::path::absolute(path)?;
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
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
        file.complete(folder);
        file.check()?;
        Ok(file)
    }

    /// Fills in what the folder says, and makes the paths absolute.
    fn complete(&mut self, folder: &Path) {
        if self.name.is_empty() {
            let name = folder.file_name().unwrap_or_default();
            self.name = name.to_string_lossy().into_owned();
        }
        self.code = folder.join(&self.code);
        if let Some(database) = &mut self.database {
            if database.name.is_empty() {
                database.name = self.name.replace('-', "_").to_lowercase();
            }
            for file in &mut database.sql {
                *file = folder.join(&*file);
            }
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
