//! What a `function.toml` may not say, beyond its keys and their types.

use anyhow::{Context as _, Result, bail, ensure};

use super::references::{expand, nearest_of};
use super::{EventEntry, FunctionFile, Runtime, UpstreamEntry};
use crate::bundle::is_package;

impl FunctionFile {
    pub(super) fn check(&self) -> Result<()> {
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
        for (name, value) in &self.variables {
            self.check_references(value)
                .with_context(|| format!("variables.{name}"))?;
        }
        for (name, parameter) in &self.parameters {
            self.check_references(parameter.value())
                .with_context(|| format!("parameters.{name}"))?;
        }
        for layer in &self.layers {
            ensure!(
                layer.is_dir() || layer.is_file() && is_package(layer),
                "layers: {} must be a folder or a zip",
                layer.display()
            );
        }
        for (name, upstream) in &self.upstreams {
            upstream
                .check(name)
                .with_context(|| format!("upstreams.{name}"))?;
        }
        for event in &self.events {
            event
                .check()
                .with_context(|| format!("the event in {}", event.place))?;
        }
        Ok(())
    }

    fn check_references(&self, value: &str) -> Result<()> {
        let known = self.references();
        expand(value, |name| {
            ensure!(
                known.iter().any(|it| it == name),
                "there is no {{{name}}}{} Known here: {}",
                nearest_of(name, known.iter().map(String::as_str)).map_or_else(
                    || ".".to_owned(),
                    |near| format!(": did you mean {{{near}}}?"),
                ),
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
