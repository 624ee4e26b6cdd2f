//! Making a fault happen in the real service, and making it go away.

use std::time::Duration;

use anyhow::{Context as _, Result};
use lab_lambda::{Function, Service};
use lab_services::Network;

use super::catalogue::Fault;
use crate::target::Target;
use crate::testbed::Testbed;

/// How long the steps let the list live, in seconds.
const EXPIRY: u64 = 10;

/// Slow, where one request of many makes up an answer.
const SLOW_DATABASE: Duration = Duration::from_millis(100);

/// Slow, where few requests do: less than the invocation has.
const SLOW_PARAMETERS: Duration = Duration::from_millis(200);

/// So much longer: less than the invocation has.
const SLOW_UPSTREAMS: Duration = Duration::from_millis(500);

/// Longer than a step waits for its cache.
const SLOW_CACHE: Duration = Duration::from_millis(500);

/// Longer than any function has here.
const TOO_SLOW: Duration = Duration::from_mins(1);

/// Ahead by more than the 15 minutes of a token's life.
const CLOCK_AHEAD: Duration = Duration::from_hours(1);

impl Fault {
    /// The extension's variable that makes the fault, where it lies in the environment's own processes.
    fn variable(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::ExtensionNotReady => Some(("LAB_EXTENSION_NOT_READY_REQUESTS", "30")),
            Self::ExtensionSlowStart => Some(("LAB_EXTENSION_START_CPU_MS", "500")),
            Self::ExtensionWrongToken => Some(("AWS_SESSION_TOKEN", "the token of another role")),
            _ => None,
        }
    }

    /// The part of a fault that lies in the environment's own processes.
    pub fn configure(self, function: &mut Function) {
        for extension in &mut function.extensions {
            let variable = self.variable();
            let owned = variable.map(|(name, value)| (name.to_owned(), value.to_owned()));
            extension.variables.extend(owned);
        }
    }

    /// True where something else than the list is under its key.
    pub fn is_garbage(self) -> bool {
        matches!(self, Self::CacheGarbage | Self::CacheGarbageWithExpiry)
    }

    /// True where the fault lies in the deployment: it goes with its environments only.
    pub fn is_configured(self) -> bool {
        self.variable().is_some()
    }

    /// Makes it happen to `target`. `cached` is the key of the list, and what the step stored there.
    pub async fn inject(
        self,
        lab: &Testbed,
        target: &Target,
        service: &Service,
        cached: Option<&(String, Vec<u8>)>,
    ) -> Result<()> {
        // What a writer that died leaves.
        let half = || {
            let (key, value) = cached.context("the step has stored nothing in the cache")?;
            anyhow::Ok((key.as_str(), &value[..value.len() / 2]))
        };
        let services = &lab.services;
        let (cache, database, parameters) =
            (services.cache(), services.database(), services.parameters());
        match self {
            Self::CacheDown | Self::CacheDownCold => cache.stop().await?,
            Self::CacheSlow => change(lab, |network| network.cache.service_time = SLOW_CACHE),
            Self::CacheHangs | Self::CacheHangsCold => cache.suspend().await?,
            Self::CacheRestarted => {
                cache.stop().await?;
                cache.restart().await?;
            }
            Self::CacheGarbage => {
                let (key, garbage) = half()?;
                cache.set(key, garbage).await?;
            }
            Self::CacheGarbageWithExpiry => {
                let (key, garbage) = half()?;
                cache.set_for(key, garbage, EXPIRY).await?;
            }
            Self::DatabaseDown | Self::DatabaseDownCold | Self::DatabaseDownListCached => {
                database.stop().await?;
            }
            Self::DatabaseRestarted => {
                database.stop().await?;
                database.restart().await?;
            }
            Self::DatabaseSlow => {
                change(lab, |network| network.database.service_time = SLOW_DATABASE);
            }
            Self::DatabaseHangs | Self::DatabaseHangsCold => database.suspend().await?,
            Self::SessionKilledWhileFrozen => drop(database.terminate_sessions().await?),
            Self::TokenExpired => {
                database.set_clock_ahead(CLOCK_AHEAD);
                database.terminate_sessions().await?;
            }
            Self::TokenForAnAlias => {
                parameters.put("/stadiums/database/endpoint", "localhost");
            }
            Self::ParametersThrottledCold | Self::ParametersThrottledWarm => {
                parameters.set_quota(Some(0));
            }
            Self::ParameterMissing => {
                parameters.remove("/stadiums/database/user");
            }
            Self::ParametersSlow => {
                change(lab, |network| {
                    network.parameters.service_time = SLOW_PARAMETERS;
                });
            }
            Self::ParametersTooSlow => {
                change(lab, |network| network.parameters.service_time = TOO_SLOW);
            }
            Self::ExtensionGone => kill_extensions(service),
            Self::UpstreamsDown
            | Self::UpstreamsSlow
            | Self::UpstreamsFail
            | Self::UpstreamsTooSlow => self.inject_upstreams(lab, target).await,
            Self::ExtensionNotReady
            | Self::ExtensionSlowStart
            | Self::ExtensionWrongToken
            | Self::EventMalformed => {}
        }
        Ok(())
    }
}

impl Fault {
    async fn inject_upstreams(self, lab: &Testbed, target: &Target) {
        for (_, upstream) in lab.upstreams_of(target) {
            match self {
                Self::UpstreamsDown => upstream.stop().await,
                Self::UpstreamsFail => upstream.fail_with(Some(503)),
                Self::UpstreamsSlow => upstream.set_delay(upstream.delay() + SLOW_UPSTREAMS),
                _ => upstream.set_delay(TOO_SLOW),
            }
        }
    }
}

/// How the services are when nothing is wrong.
#[derive(Debug, Clone)]
pub struct Normal {
    /// How far away they are.
    pub network: Network,
    /// Requests per second that Parameter Store answers; `None` where its quota is lifted.
    pub parameter_quota: Option<u32>,
}

/// Takes every fault away, whichever it was.
pub async fn restore(lab: &Testbed, normal: &Normal) -> Result<()> {
    restore_parameters(lab, normal);
    restore_database(lab, normal).await?;
    restore_upstreams(lab).await?;
    restore_cache(lab, normal).await
}

/// Takes every fault of every function's upstreams away.
pub async fn restore_upstreams(lab: &Testbed) -> Result<()> {
    for upstream in lab.all_upstreams() {
        upstream.restore().await?;
    }
    Ok(())
}

/// Takes every fault of Parameter Store away.
pub fn restore_parameters(lab: &Testbed, normal: &Normal) {
    change(lab, |network| {
        network.parameters = normal.network.parameters;
    });
    lab.services.parameters().set_quota(normal.parameter_quota);
    lab.put_parameters();
}

/// Takes every fault of the database away.
pub async fn restore_database(lab: &Testbed, normal: &Normal) -> Result<()> {
    change(lab, |network| network.database = normal.network.database);
    let database = lab.services.database();
    database.set_clock_ahead(Duration::ZERO);
    database.resume().await?;
    Ok(database.restart().await?)
}

/// Takes every fault of the cache away. Garbage stays: it is its users' business.
pub async fn restore_cache(lab: &Testbed, normal: &Normal) -> Result<()> {
    change(lab, |network| network.cache = normal.network.cache);
    let cache = lab.services.cache();
    cache.resume().await?;
    Ok(cache.restart().await?)
}

fn change(lab: &Testbed, farther: impl FnOnce(&mut Network)) {
    let mut network = lab.services.network();
    farther(&mut network);
    lab.services.set_network(&network);
}

fn kill_extensions(service: &Service) {
    use nix::sys::signal::{Signal, kill};
    for (name, process) in service.processes() {
        if name != "function" {
            // It may have ended by itself; that is what was wanted.
            let _ = kill(nix::unistd::Pid::from_raw(process), Signal::SIGKILL);
        }
    }
}
