//! The lab, ready to run functions: the services started and filled, the limits of this machine found.

mod facts;
mod own;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use anyhow::{Context as _, Result, bail};
use lab_lambda::{Credentials, Environment, Extension, Function, Outcome, Platform, TraceHeader};
use lab_results::facts::Facts;
use lab_services::upstream::Upstream;
use lab_services::{Options, Programs, Services};

use self::facts::{extension_of, network_of};
pub use self::facts::{platform, scaling};
use crate::clock::Clock;
use crate::layers::Layers;
use crate::log::LogFile;
use crate::run_directory::RunDirectory;
use crate::target::Target;
use lab_workspace::builder;
use lab_workspace::{BackingService, TrustAnchors, Workspace};

/// The package that fills the table; it runs as a function, as it does on AWS, and is built as one.
pub(crate) const POPULATE: &str = "populate";
/// The package of the emulated extension, and its executable.
pub(crate) const EXTENSION: &str = "lab-extension";

/// Everything that a function needs to run here.
pub struct Testbed {
    /// `data/facts.toml`
    pub facts: Facts,
    /// The services.
    pub services: Services,
    /// The emulated service.
    pub platform: Arc<Platform>,
    extension: Extension,
    populate: PathBuf,
    /// Of functions of the reader's own, by the function's name and theirs.
    upstreams: Mutex<BTreeMap<(String, String), Arc<Upstream>>>,
    log: Option<LogFile>,
    // Last: everything above keeps files in it.
    directory: RunDirectory,
}

/// Builds what runs beside the functions, and answers where the extension and `populate` are.
pub async fn build(root: &Path) -> Result<[PathBuf; 2]> {
    let extension = builder::build_lab_executable(root, EXTENSION).await?;
    let populate = builder::build_one(root, POPULATE).await?;
    Ok([extension, populate])
}

/// How the lab is set up.
pub struct Setup<'a> {
    /// The repository.
    pub workspace: &'a Workspace,
    /// Name of the network profile in `data/facts.toml`.
    pub profile: &'a str,
    /// Requests per second that Parameter Store answers; `None` lifts its quota.
    pub parameter_quota: Option<u32>,
    /// The programs of the services.
    pub programs: Programs,
}

impl Testbed {
    /// Builds the extension and `populate`, starts the services and fills the database. Call it from the thread on
    /// which the environments will be started.
    pub async fn start(setup: Setup<'_>) -> Result<Self> {
        let facts = setup.workspace.facts()?.clone();
        let network = network_of(&facts.network(setup.profile)?);
        let assumed = facts.extension()?;
        let [extension, populate] = build(&setup.workspace.root).await?;

        let directory = RunDirectory::create()?;
        let platform = platform(&facts, &directory)?;
        // After the builds, which may use every CPU: the threads and programs that are started now inherit it.
        if platform.placement.is_apart() {
            platform
                .placement
                .bind_this_thread()
                .context("cannot bind the lab to its CPUs")?;
        }
        let options = Options {
            run_directory: directory.path().to_owned(),
            network,
            programs: setup.programs,
            parameter_quota: setup.parameter_quota,
        };
        let services = Services::start(options)
            .await
            .context("cannot start the services")?;
        let credentials = services.credentials();
        let platform = Arc::new(Platform {
            credentials: Credentials {
                access_key_id: credentials.access_key_id.clone(),
                secret_access_key: credentials.secret_access_key.clone(),
                session_token: credentials.session_token.clone(),
            },
            ..platform
        });
        let lab = Self {
            facts,
            services,
            platform,
            extension: extension_of(extension, &assumed),
            populate,
            upstreams: Mutex::default(),
            log: None,
            directory,
        };
        lab.populate().await?;
        lab.put_parameters();
        Ok(lab)
    }

    /// A clock for the functions of a test.
    pub async fn clock(&self, workspace: &Workspace) -> Result<Clock> {
        Clock::new(&workspace.root, self.directory.path()).await
    }

    /// Ends the services and removes the run's folder.
    pub async fn stop(self) {
        self.services.stop().await;
        drop(self.directory);
    }

    /// The configuration with which a target runs.
    pub fn function(&self, target: &Target, bootstrap: &Path) -> Result<Function> {
        let anchors = match target.trust_anchors {
            TrustAnchors::Platform => lab_services::TrustAnchors::Platform,
            TrustAnchors::None => lab_services::TrustAnchors::None,
        };
        let mut variables = self.services.environment(anchors);
        if target.own.is_some() {
            own::more_ways_to_trust(&mut variables);
        }
        if !target.is_built_here() && !target.services.contains(&BackingService::Parameters) {
            variables.retain(|(name, _)| name != "AWS_ENDPOINT_URL_SSM");
        }
        variables.extend(target.layers.iter().flat_map(Layers::variables));
        for (name, value) in &target.variables {
            let value = match &target.own {
                Some(own) => self.expand(own, value),
                None => self.resolve(value),
            };
            variables.push((
                name.clone(),
                value.with_context(|| format!("{}: {name}", target.name))?,
            ));
        }
        Ok(Function {
            name: target.function_name(),
            memory_mb: target.memory_mb,
            timeout: target.timeout,
            bootstrap: bootstrap.to_owned(),
            extensions: target
                .extension
                .then(|| self.extension.clone())
                .into_iter()
                .chain(target.layers.iter().flat_map(Layers::extensions))
                .collect(),
            opt: target.layers.as_ref().and_then(Layers::bound),
            variables,
            platform: Arc::clone(&self.platform),
            log: self.log.as_ref().map(|log| log.sink(&target.name)),
        })
    }

    /// Keeps in a file what functions write that are configured from now on.
    pub fn log_to(&mut self, log: LogFile) {
        self.log = Some(log);
    }

    /// A variable's value as the deployment puts it in: `{{resolve:ssm:NAME}}` is how a template names a parameter.
    fn resolve(&self, value: &str) -> Result<String> {
        let name = value
            .strip_prefix("{{resolve:ssm:")
            .and_then(|rest| rest.strip_suffix("}}"));
        let Some(name) = name else {
            return Ok(value.to_owned());
        };
        let held = self.services.parameters().get(name);
        held.map(|parameter| parameter.value)
            .with_context(|| format!("{value}: there is no such parameter"))
    }

    /// What a target costs to start depends on whether the cache already holds the list: a cold start after a quiet time
    /// finds it empty, since the entry lives for seconds and an environment for minutes.
    pub async fn before_cold_start(&self, target: &Target) -> Result<()> {
        if target.services.contains(&BackingService::Cache) {
            self.services.cache().flush().await?;
        }
        Ok(())
    }

    /// Fills the database through the function that fills it on AWS. It may be done again.
    pub async fn populate(&self) -> Result<()> {
        let database = self.services.database().endpoint();
        let variable = |name: &str, value: String| (name.to_owned(), value);
        let mut variables = self.services.environment(lab_services::TrustAnchors::None);
        variables.extend([
            variable("DATABASE_ENDPOINT", database.ip().to_string()),
            variable("DATABASE_PORT", database.port().to_string()),
            variable("DATABASE_NAME", "stadiums".to_owned()),
            variable("DATABASE_ADMIN_USER", "stadiums_admin".to_owned()),
            variable("DATABASE_READER_USER", "stadiums_reader".to_owned()),
        ]);
        let function = Function {
            name: POPULATE.to_owned(),
            memory_mb: 512,
            timeout: std::time::Duration::from_secs(30),
            bootstrap: self.populate.clone(),
            extensions: Vec::new(),
            opt: None,
            variables,
            platform: Arc::clone(&self.platform),
            log: None,
        };
        let mut environment = Environment::start(&Arc::new(function))
            .await
            .context("populate")?;
        let invocation = environment
            .invoke(&"{}".into(), &TraceHeader::new(false))
            .await;
        let log = environment.log_tail();
        environment.shutdown().await;
        let Outcome::Response(_) = invocation.outcome else {
            bail!("populate failed: {:?}{log}", invocation.outcome);
        };
        Ok(())
    }

    /// The settings that the steps read.
    pub fn put_parameters(&self) {
        let database = self.services.database().endpoint();
        let cache = self.services.cache().endpoint();
        let parameters = self.services.parameters();
        for (name, value) in [
            ("database/user", "stadiums_reader".to_owned()),
            ("database/name", "stadiums".to_owned()),
            ("database/port", database.port().to_string()),
            ("database/endpoint", database.ip().to_string()),
            ("cache/enabled", "true".to_owned()),
            ("cache/endpoint", cache.ip().to_string()),
            ("cache/port", cache.port().to_string()),
        ] {
            parameters.put(&format!("/stadiums/{name}"), &value);
        }
    }
}
