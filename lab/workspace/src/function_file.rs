//! `function.toml`: a function of the reader's own, with the settings, the services and the events that it needs. Its keys are
//! those of the steps' manifests where both say the same.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;

use crate::{Architecture, BackingService};

/// The file's name beside the function.
pub const FILE_NAME: &str = "function.toml";

/// How alike two keys must be for one to be offered for the other, from 0 to 1 (Jaro-Winkler).
const ALIKE: f64 = 0.75;

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

    fn check(&self) -> Result<()> {
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        ensure!(
            (1..=64).contains(&self.name.len()) && self.name.chars().all(is_allowed),
            "name = {:?}: Lambda allows 1 to 64 letters, digits, - and _",
            self.name
        );
        ensure!(
            (128..=10_240).contains(&self.memory),
            "memory = {}: Lambda has 128 to 10240 MB",
            self.memory
        );
        ensure!(
            (1..=900).contains(&self.timeout),
            "timeout = {}: Lambda has 1 to 900 s",
            self.timeout
        );
        if self.runtime != Runtime::Provided {
            ensure!(
                self.handler.contains('.'),
                "handler = {:?}: a file without its ending and a function in it, like \"index.handler\"",
                self.handler
            );
            ensure!(
                self.code.is_dir(),
                "code: {} must be the folder of the handler's file",
                self.code.display()
            );
        }
        for (table, values) in [
            ("variables", &self.variables),
            ("parameters", &self.parameters),
        ] {
            for (name, value) in values {
                self.check_references(value)
                    .with_context(|| format!("{table}.{name}"))?;
            }
        }
        for (name, upstream) in &self.upstreams {
            upstream
                .check(name)
                .with_context(|| format!("upstreams.{name}"))?;
        }
        for (index, event) in self.events.iter().enumerate() {
            event
                .check()
                .with_context(|| format!("events, number {}", index + 1))?;
        }
        Ok(())
    }

    fn check_references(&self, value: &str) -> Result<()> {
        let known = self.references();
        expand(value, |name| {
            ensure!(
                known.iter().any(|it| it == name),
                "there is no {{{name}}}{}. Known here: {}",
                nearest_of(name, known.iter().map(String::as_str))
                    .map(|near| format!(", did you mean {{{near}}}?"))
                    .unwrap_or_default(),
                if known.is_empty() {
                    "none, since the function has no [database], no cache = true and no [upstreams]"
                        .to_owned()
                } else {
                    known.join(", ")
                }
            );
            Ok(String::new())
        })
        .map(drop)
    }

    /// What a value may refer to.
    fn references(&self) -> Vec<String> {
        let mut known = Vec::new();
        if let Some(database) = &self.database {
            known.extend([
                "database.endpoint",
                "database.port",
                "database.name",
                "database.user",
            ]);
            if database.password.is_some() {
                known.push("database.password");
            }
        }
        if self.cache {
            known.extend(["cache.endpoint", "cache.port"]);
        }
        let upstreams = self.upstreams.keys();
        let upstreams = upstreams.map(|name| format!("upstreams.{name}.url"));
        known
            .into_iter()
            .map(str::to_owned)
            .chain(upstreams)
            .collect()
    }

    /// The services that it talks to.
    pub fn services(&self) -> Vec<BackingService> {
        let has = |service: &BackingService| match service {
            BackingService::Parameters => !self.parameters.is_empty(),
            BackingService::Database => self.database.is_some(),
            BackingService::Cache => self.cache,
        };
        BackingService::ALL.into_iter().filter(has).collect()
    }
}

impl UpstreamEntry {
    fn check(&self, name: &str) -> Result<()> {
        ensure!(
            !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '-'),
            "a name of small letters and -, so that {{upstreams.NAME.url}} can refer to it"
        );
        ensure!(
            self.answer.is_file(),
            "answer: there is no file {}",
            self.answer.display()
        );
        ensure!(
            (0.0..=900_000.0).contains(&self.delay_ms),
            "delay-ms = {}: from 0 to 900000",
            self.delay_ms
        );
        ensure!(
            (100..=599).contains(&self.status),
            "status = {}: from 100 to 599",
            self.status
        );
        Ok(())
    }
}

impl EventEntry {
    fn check(&self) -> Result<()> {
        match (&self.request, &self.file) {
            (Some(request), None) => {
                let (method, path) = request.split_once(' ').unwrap_or_default();
                ensure!(
                    !method.is_empty()
                        && method.chars().all(|c| c.is_ascii_uppercase())
                        && path.starts_with('/'),
                    "request = {request:?}: a method and a path, like \"GET /orders/7\""
                );
            }
            (None, Some(file)) => {
                ensure!(
                    self.status.is_none() && self.headers.is_empty() && self.body.is_empty(),
                    "status, headers and body belong to a request: an event from a file has its answer's JSON only"
                );
                let text = std::fs::read(file)
                    .with_context(|| format!("file: cannot read {}", file.display()))?;
                serde_json::from_slice::<serde_json::Value>(&text)
                    .with_context(|| format!("file: {} is no JSON", file.display()))?;
            }
            _ => {
                bail!("either request = \"GET /\" or file = \"event.json\" says what the event is")
            }
        }
        ensure!(self.weight > 0, "weight = 0: leave the event out instead");
        for pointer in self.pointers.keys() {
            ensure!(
                pointer.is_empty() || pointer.starts_with('/'),
                "pointers: {pointer:?} must begin with /, like \"/items/0/name\""
            );
        }
        Ok(())
    }
}

/// Replaces each reference, `{word.word}`, by what `of` answers for it. Other braces are text: JSON may be in a value.
pub fn expand(value: &str, of: impl Fn(&str) -> Result<String>) -> Result<String> {
    let mut expanded = String::new();
    let mut rest = value;
    while let Some(start) = rest.find('{') {
        let (text, from) = rest.split_at(start);
        expanded.push_str(text);
        let name = from[1..].split('}').next().unwrap_or_default();
        let is_reference = from[1..].len() > name.len()
            && name.split('.').count() > 1
            && name.split('.').all(|word| {
                !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c == '-')
            });
        if is_reference {
            expanded.push_str(&of(name)?);
            rest = &from[name.len() + 2..];
        } else {
            expanded.push('{');
            rest = &from[1..];
        }
    }
    expanded.push_str(rest);
    Ok(expanded)
}

/// The known key that an error about an unknown one most likely means.
fn nearest(error: &str) -> Option<&str> {
    let (_, told) = error.split_once("unknown field `")?;
    let (unknown, known) = told.split_once('`')?;
    nearest_of(unknown, known.split('`').skip(1).step_by(2))
}

fn nearest_of<'a>(unknown: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let likeness = |key: &&str| strsim::jaro_winkler(unknown, key);
    let nearest = known.max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(&nearest) >= ALIKE).then_some(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<FunctionFile> {
        FunctionFile::parse(text, Path::new("/somewhere/orders/function.toml"))
    }

    fn error(text: &str) -> String {
        format!("{:#}", parse(text).unwrap_err())
    }

    #[test]
    fn an_empty_file_is_a_function_with_lambdas_own_defaults() {
        let file = parse("").unwrap();
        assert_eq!((file.name.as_str(), file.memory), ("orders", 128));
        assert_eq!(file.code, Path::new("/somewhere/orders"));
        assert_eq!((file.timeout, file.services().len()), (3, 0));
    }

    #[test]
    fn an_unknown_key_is_told_with_its_line_and_the_nearest_known_one() {
        let error = error("name = \"a\"\nmemroy = 256\n");
        assert!(error.contains("line 2"), "{error}");
        assert!(error.contains("did you mean `memory`?"), "{error}");
    }

    #[test]
    fn a_wrong_type_is_told_with_its_line() {
        let error = error("memory = \"much\"\n");
        assert!(
            error.contains("line 1") && error.contains("memory"),
            "{error}"
        );
    }

    #[test]
    fn a_reference_to_nothing_is_told_with_the_key_and_what_is_known() {
        let error = error("[database]\n[variables]\nHOST = \"{databse.endpoint}\"\n");
        assert!(error.contains("variables.HOST"), "{error}");
        assert!(
            error.contains("did you mean {database.endpoint}?"),
            "{error}"
        );
        assert!(
            self::error("[variables]\nHOST = \"{database.endpoint}\"\n")
                .contains("no [database], no cache"),
        );
    }

    #[test]
    fn what_lambda_does_not_have_is_refused() {
        for (text, told) in [
            ("memory = 64", "128 to 10240"),
            ("timeout = 901", "1 to 900 s"),
            ("runtime = \"python\"", "like \"index.handler\""),
            ("runtime = \"ruby\"", "unknown variant `ruby`"),
            ("name = \"a b\"", "letters, digits"),
            ("[[events]]\nrequest = \"orders\"", "a method and a path"),
            ("[[events]]\nweight = 2", "either request"),
            (
                "[[events]]\nrequest = \"GET /\"\npointers = { a = 1 }",
                "must begin with /",
            ),
            ("[[events]]\nfile = \"none.json\"", "cannot read"),
        ] {
            let error = error(text);
            assert!(error.contains(told), "{text}: {error}");
        }
    }

    #[test]
    fn references_are_replaced_and_other_braces_stay() {
        let of = |name: &str| Ok(format!("<{name}>"));
        let expanded = expand(r#"{"a":{}} {database.endpoint}:{x} {"#, of).unwrap();
        assert_eq!(expanded, r#"{"a":{}} <database.endpoint>:{x} {"#);
    }
}
