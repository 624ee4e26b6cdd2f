//! Where the settings come from: the Parameters and Secrets extension, asked once a minute.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use support::{BoxError, Invocation};

use crate::extension::Extension;

/// How long the values are used before the extension is asked again. When an endpoint moves, an environment follows
/// after this time and the extension's own (300 s, `SSM_PARAMETER_STORE_TTL`) at the latest. Until then it reaches the
/// old endpoint, or fails to: then the values are dropped at once, and the extension's time alone counts.
const TIME_TO_LIVE: Duration = Duration::from_mins(1);

/// Reads the parameters and caches them.
pub struct Parameters {
    extension: Extension,
    cached: Mutex<Option<Cached>>,
}

struct Cached {
    settings: Arc<Settings>,
    /// Not an `Instant`: that clock may stand still while the environment is frozen.
    read_at: SystemTime,
}

/// How to reach the services.
pub struct Settings {
    pub database: DatabaseSettings,
    pub cache: CacheSettings,
}

/// How to reach the database.
#[derive(Clone, PartialEq)]
pub struct DatabaseSettings {
    pub user: String,
    pub name: String,
    pub port: u16,
    pub endpoint: String,
}

/// How to reach the cache, and whether to.
#[derive(Clone, PartialEq)]
pub struct CacheSettings {
    pub enabled: bool,
    pub endpoint: String,
    pub port: u16,
}

impl Parameters {
    pub fn new() -> Result<Self, BoxError> {
        Ok(Self {
            extension: Extension::new()?,
            cached: Mutex::default(),
        })
    }

    /// The settings that this request works with.
    pub async fn get(&self, invocation: &mut Invocation<'_>) -> Result<Arc<Settings>, BoxError> {
        if let Some(cached) = &*self.cached()
            && cached.read_at.elapsed().is_ok_and(|age| age < TIME_TO_LIVE)
        {
            return Ok(cached.settings.clone());
        }
        let settings = Arc::new(invocation.call("parameters", read(&self.extension)).await?);
        *self.cached() = Some(Cached {
            settings: settings.clone(),
            read_at: SystemTime::now(),
        });
        Ok(settings)
    }

    /// Drops the values: the next request asks the extension again.
    pub fn forget(&self) {
        *self.cached() = None;
    }

    fn cached(&self) -> MutexGuard<'_, Option<Cached>> {
        self.cached.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn read(extension: &Extension) -> Result<Settings, BoxError> {
    let (user, name, port, endpoint, enabled, cache_endpoint, cache_port) = tokio::try_join!(
        extension.value("/stadiums/database/user"),
        extension.value("/stadiums/database/name"),
        extension.value("/stadiums/database/port"),
        extension.value("/stadiums/database/endpoint"),
        extension.value("/stadiums/cache/enabled"),
        extension.value("/stadiums/cache/endpoint"),
        extension.value("/stadiums/cache/port"),
    )?;
    Ok(Settings {
        database: DatabaseSettings {
            user,
            name,
            port,
            endpoint,
        },
        cache: CacheSettings {
            enabled,
            endpoint: cache_endpoint,
            port: cache_port,
        },
    })
}
