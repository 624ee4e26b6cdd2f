//! Where the settings come from: Parameter Store, asked once a minute.

use std::fmt::Display;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use aws_config::BehaviorVersion;
use aws_sdk_ssm::Client;
use aws_sdk_ssm::types::Parameter;
use support::{BoxError, Invocation};

/// How long the values are used before Parameter Store is asked again. When an endpoint moves, an environment follows
/// after this time at the latest. Until then it reaches the old endpoint, or fails to: then the values are dropped at
/// once.
const TIME_TO_LIVE: Duration = Duration::from_mins(1);

/// Reads the parameters and caches them.
pub struct Parameters {
    client: Client,
    cached: Mutex<Option<Cached>>,
}

struct Cached {
    settings: Arc<DatabaseSettings>,
    /// Not an `Instant`: that clock may stand still while the environment is frozen.
    read_at: SystemTime,
}

/// How to reach the database.
#[derive(Clone, PartialEq)]
pub struct DatabaseSettings {
    pub user: String,
    pub name: String,
    pub port: u16,
    pub endpoint: String,
}

impl Parameters {
    pub async fn new() -> Self {
        let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
        Self {
            client: Client::new(&config),
            cached: Mutex::default(),
        }
    }

    /// The settings that this request works with.
    pub async fn get(
        &self,
        invocation: &mut Invocation<'_>,
    ) -> Result<Arc<DatabaseSettings>, BoxError> {
        if let Some(cached) = &*self.cached()
            && cached.read_at.elapsed().is_ok_and(|age| age < TIME_TO_LIVE)
        {
            return Ok(cached.settings.clone());
        }
        let settings = Arc::new(invocation.call("parameters", read(&self.client)).await?);
        *self.cached() = Some(Cached {
            settings: settings.clone(),
            read_at: SystemTime::now(),
        });
        Ok(settings)
    }

    /// Drops the values: the next request asks Parameter Store again.
    pub fn forget(&self) {
        *self.cached() = None;
    }

    fn cached(&self) -> MutexGuard<'_, Option<Cached>> {
        self.cached.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn read(client: &Client) -> Result<DatabaseSettings, BoxError> {
    let answer = client
        .get_parameters()
        .names("/stadiums/database/user")
        .names("/stadiums/database/name")
        .names("/stadiums/database/port")
        .names("/stadiums/database/endpoint")
        .send()
        .await?;
    let parameters = answer.parameters();
    Ok(DatabaseSettings {
        user: value(parameters, "/stadiums/database/user")?,
        name: value(parameters, "/stadiums/database/name")?,
        port: value(parameters, "/stadiums/database/port")?,
        endpoint: value(parameters, "/stadiums/database/endpoint")?,
    })
}

/// One of the parameters, which Parameter Store returns in an order of its own and without those it does not have.
fn value<T: FromStr<Err: Display>>(parameters: &[Parameter], name: &str) -> Result<T, BoxError> {
    let parameter = parameters.iter().find(|it| it.name() == Some(name));
    let value = parameter.and_then(Parameter::value);
    let value = value.ok_or_else(|| format!("parameter {name} does not exist; create it"))?;
    let parsed = value.parse();
    parsed.map_err(|error| format!("parameter {name} is {value:?}: {error}").into())
}
