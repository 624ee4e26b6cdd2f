//! What a function of the reader's own has beside the stadiums: its database, its parameters, its upstreams.

use anyhow::{Context as _, Result};
use lab_workspace::function_file::{FunctionFile, OwnDatabase, expand};

use super::Testbed;
use crate::target::Target;
use crate::upstream::Upstream;

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
            let started = Upstream::start(entry)
                .await
                .with_context(|| format!("{}: upstreams.{name}", own.name))?;
            let mut upstreams = self.upstreams.lock().expect("no holder panics");
            upstreams.insert((own.name.clone(), name.clone()), started);
        }
        for (name, value) in &own.parameters {
            let value = self.expand(own, value)?;
            self.services.parameters().put(name, &value);
        }
        Ok(())
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
        Some(format!("http://{}", upstream.address))
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
