//! Where the settings come from: Parameter Store, asked at every request.

use std::fmt::Display;
use std::str::FromStr;

use aws_config::BehaviorVersion;
use aws_sdk_ssm::Client;
use aws_sdk_ssm::types::Parameter;
use support::{BoxError, Invocation};

/// Reads the parameters.
pub struct Parameters {
    client: Client,
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
        }
    }

    /// The settings that this request works with.
    pub async fn get(&self, invocation: &mut Invocation<'_>) -> Result<DatabaseSettings, BoxError> {
        invocation.call("parameters", read(&self.client)).await
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
