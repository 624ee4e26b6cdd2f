//! Where the settings come from: the Parameters and Secrets extension, asked at every request.

use support::{BoxError, Invocation};

use crate::extension::Extension;

/// Reads the parameters.
pub struct Parameters {
    extension: Extension,
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
    pub fn new() -> Result<Self, BoxError> {
        Ok(Self {
            extension: Extension::new()?,
        })
    }

    /// The settings that this request works with.
    pub async fn get(&self, invocation: &mut Invocation<'_>) -> Result<DatabaseSettings, BoxError> {
        invocation.call("parameters", read(&self.extension)).await
    }
}

async fn read(extension: &Extension) -> Result<DatabaseSettings, BoxError> {
    let (user, name, port, endpoint) = tokio::try_join!(
        extension.value("/stadiums/database/user"),
        extension.value("/stadiums/database/name"),
        extension.value("/stadiums/database/port"),
        extension.value("/stadiums/database/endpoint"),
    )?;
    Ok(DatabaseSettings {
        user,
        name,
        port,
        endpoint,
    })
}
