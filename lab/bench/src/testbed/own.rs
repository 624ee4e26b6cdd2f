//! What a function of the reader's own has beside the stadiums: its database, its parameters, its upstreams.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use lab_services::Wait;
use lab_services::upstream::Upstream;
use lab_workspace::function_file::{FunctionFile, OwnDatabase, ParameterEntry, expand};

use super::Testbed;
use crate::target::Target;
use crate::upstream::answer;

impl Testbed {
    /// Gives the services what a function of the reader's own needs: its database with its rows, its parameters. Once a
    /// target; the steps' data is there from the start.
    pub async fn provide(&self, target: &Target) -> Result<()> {
        let Some(own) = &target.own else {
            return Ok(());
        };
        if let Some(database) = &own.database {
            self.provide_database(database)
                .await
                .with_context(|| format!("{}: database", own.name))?;
        }
        for (name, entry) in &own.upstreams {
            let at = || format!("{}: upstreams.{name}", own.name);
            let answer = answer(entry).with_context(at)?;
            let started = self.services.upstream(answer).await.with_context(at)?;
            let mut upstreams = self.upstreams.lock().expect("no holder panics");
            upstreams.insert((own.name.clone(), name.clone()), Arc::new(started));
        }
        self.put_own_parameters(own)
    }

    /// Puts the parameters that a function has.
    pub(crate) fn put_own_parameters(&self, own: &FunctionFile) -> Result<()> {
        let store = self.services.parameters();
        for (name, parameter) in &own.parameters {
            let value = self.expand(own, parameter.value())?;
            match parameter {
                ParameterEntry::Plain(_) => store.put(name, &value),
                ParameterEntry::Secure { .. } => store.put_secure(name, &value),
            }
        }
        Ok(())
    }

    /// The upstreams of a target, by their names in its `function.toml`.
    pub(crate) fn upstreams_of(&self, target: &Target) -> Vec<(String, Arc<Upstream>)> {
        let upstreams = self.upstreams.lock().expect("no holder panics");
        let own = upstreams
            .iter()
            .filter(|((function, _), _)| target.own.is_some() && *function == target.name);
        own.map(|((_, name), upstream)| (name.clone(), Arc::clone(upstream)))
            .collect()
    }

    /// The upstreams of all functions.
    pub(crate) fn all_upstreams(&self) -> Vec<Arc<Upstream>> {
        let upstreams = self.upstreams.lock().expect("no holder panics");
        upstreams.values().map(Arc::clone).collect()
    }

    /// Takes what a target has waited for since the last call, by the service: see [`lab_services::Services::take_waits`].
    pub(crate) fn take_waits(&self, target: &Target) -> Vec<(String, Vec<Wait>)> {
        let services = self.services.take_waits().into_iter();
        let services = services.map(|(service, waits)| (service.to_owned(), waits));
        let upstreams = self.upstreams_of(target).into_iter();
        let upstreams = upstreams.map(|(name, it)| (format!("upstream {name}"), it.take_waits()));
        services.chain(upstreams).collect()
    }

    async fn provide_database(&self, own: &OwnDatabase) -> Result<()> {
        let OwnDatabase {
            name,
            user,
            password,
            sql,
        } = own;
        let database = self.services.database();
        database.create(name, user, password.as_deref()).await?;
        for file in sql {
            let text = std::fs::read_to_string(file)
                .with_context(|| format!("sql: cannot read {}", file.display()))?;
            let run = database.run_as(name, user, &text).await;
            run.map_err(|error| match error {
                lab_services::Error::Refused { message, .. } => anyhow::Error::msg(message),
                other => other.into(),
            })
            .with_context(|| format!("sql: PostgreSQL refuses {}", file.display()))?;
        }
        Ok(())
    }

    /// A value of `function.toml` with its references replaced.
    pub(super) fn expand(&self, own: &FunctionFile, value: &str) -> Result<String> {
        let database = || own.database.as_ref().context("it has no [database]");
        expand(value, |name| {
            Ok(match name {
                "database.endpoint" => self.services.database().endpoint().ip().to_string(),
                "database.port" => self.services.database().endpoint().port().to_string(),
                "database.name" => database()?.name.clone(),
                "database.user" => database()?.user.clone(),
                "database.password" => database()?.password.clone().unwrap_or_default(),
                "cache.endpoint" => self.services.cache().endpoint().ip().to_string(),
                "cache.port" => self.services.cache().endpoint().port().to_string(),
                other => self
                    .upstream_url(own, other)
                    .with_context(|| format!("there is no {{{other}}}"))?,
            })
        })
    }

    /// What `upstreams.NAME.url` refers to.
    fn upstream_url(&self, own: &FunctionFile, reference: &str) -> Option<String> {
        let name = reference.strip_prefix("upstreams.")?.strip_suffix(".url")?;
        let upstreams = self.upstreams.lock().expect("no holder panics");
        let upstream = upstreams.get(&(own.name.clone(), name.to_owned()))?;
        Some(format!("http://{}", upstream.address()))
    }
}

/// The variables by which other languages' libraries find the roots that `SSL_CERT_FILE` names for Rust's.
pub(super) fn more_ways_to_trust(variables: &mut Vec<(String, String)>) {
    let file = variables.iter().find(|(name, _)| name == "SSL_CERT_FILE");
    let Some((_, file)) = file.cloned() else {
        return;
    };
    let names = ["NODE_EXTRA_CA_CERTS", "AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"];
    variables.extend(names.map(|name| (name.to_owned(), file.clone())));
}
