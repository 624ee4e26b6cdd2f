//! Where the settings come from: environment variables, filled from Parameter Store by the deployment.

use std::fmt::Display;
use std::str::FromStr;

use support::BoxError;

/// How to reach the services.
pub struct Settings {
    pub database: DatabaseSettings,
    pub cache: CacheSettings,
}

/// How to reach the database.
pub struct DatabaseSettings {
    pub user: String,
    pub name: String,
    pub port: u16,
    pub endpoint: String,
}

/// How to reach the cache, and whether to.
pub struct CacheSettings {
    pub enabled: bool,
    pub endpoint: String,
    pub port: u16,
}

impl Settings {
    /// The settings for the life of the environment.
    pub fn from_env() -> Result<Self, BoxError> {
        Ok(Self {
            database: DatabaseSettings {
                user: value("DATABASE_USER")?,
                name: value("DATABASE_NAME")?,
                port: value("DATABASE_PORT")?,
                endpoint: value("DATABASE_ENDPOINT")?,
            },
            cache: CacheSettings {
                enabled: value("CACHE_ENABLED")?,
                endpoint: value("CACHE_ENDPOINT")?,
                port: value("CACHE_PORT")?,
            },
        })
    }
}

fn value<T: FromStr<Err: Display>>(name: &str) -> Result<T, BoxError> {
    let value = std::env::var(name)
        .map_err(|error| format!("environment variable {name}: {error}; the deployment sets it"))?;
    let parsed = value.parse();
    parsed.map_err(|error| format!("environment variable {name} is {value:?}: {error}").into())
}
