//! Faults that a person switches on and off, by short names: `cache=down`. They are injected as those of the matrix.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use anyhow::{Context as _, Result, ensure};
use lab_lambda::{Service, TraceHeader};
use tokio::sync::Mutex;

use super::catalogue::Fault;
use super::inject::{
    Normal, restore_cache, restore_database, restore_parameters, restore_upstreams,
};
use crate::contract;
use crate::target::Target;
use crate::testbed::Testbed;
/// What can be broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Parameter Store
    Parameters,
    /// PostgreSQL
    Database,
    /// Valkey or Redis
    Cache,
    /// All upstreams of a function at once
    Upstreams,
}

use Part::{Cache, Database, Parameters, Upstreams};

impl Part {
    /// All of them.
    pub const ALL: [Self; 4] = [Parameters, Database, Cache, Upstreams];

    /// Its name on a command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Parameters => "parameters",
            Database => "database",
            Cache => "cache",
            Upstreams => "upstreams",
        }
    }
}

const FAULTS: [(Part, &str, Fault); 16] = [
    (Cache, "down", Fault::CacheDown),
    (Cache, "slow", Fault::CacheSlow),
    (Cache, "hang", Fault::CacheHangs),
    (Cache, "restart", Fault::CacheRestarted),
    (Cache, "garbage", Fault::CacheGarbage),
    (Database, "down", Fault::DatabaseDown),
    (Database, "slow", Fault::DatabaseSlow),
    (Database, "hang", Fault::DatabaseHangs),
    (Database, "restart", Fault::DatabaseRestarted),
    (Parameters, "throttle", Fault::ParametersThrottledWarm),
    (Parameters, "slow", Fault::ParametersSlow),
    (Parameters, "hang", Fault::ParametersTooSlow),
    (Upstreams, "down", Fault::UpstreamsDown),
    (Upstreams, "slow", Fault::UpstreamsSlow),
    (Upstreams, "hang", Fault::UpstreamsTooSlow),
    (Upstreams, "503", Fault::UpstreamsFail),
];

/// A fault as it is named on a command line: `cache=down`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnDemand {
    /// What breaks.
    pub service: Part,
    how: &'static str,
    fault: Fault,
}

impl OnDemand {
    /// True for what happens once and does not last.
    fn is_moment(self) -> bool {
        matches!(self.fault, Fault::CacheRestarted | Fault::DatabaseRestarted)
    }
}

impl fmt::Display for OnDemand {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}={}", self.service.as_str(), self.how)
    }
}

impl FromStr for OnDemand {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let faults = FAULTS.map(|(service, how, fault)| Self {
            service,
            how,
            fault,
        });
        let found = faults.into_iter().find(|fault| fault.to_string() == text);
        found.ok_or_else(|| {
            let known = faults.map(|fault| fault.to_string()).join(", ");
            format!("there is no fault {text:?}. There are {known}")
        })
    }
}

/// The faults that are on now.
pub struct Switches {
    normal: Normal,
    on: Mutex<BTreeMap<Part, OnDemand>>,
}

impl Switches {
    /// Everything off.
    pub fn new(normal: Normal) -> Self {
        Self {
            normal,
            on: Mutex::default(),
        }
    }

    /// Breaks a service, which has one fault at a time.
    pub async fn switch_on(
        &self,
        fault: OnDemand,
        target: &Target,
        lab: &Testbed,
        service: &Service,
    ) -> Result<()> {
        ensure!(
            fault.fault.concerns(target),
            "{} does not talk to the {}: {fault} would change nothing",
            target.name,
            fault.service.as_str()
        );
        let mut on = self.on.lock().await;
        self.repair(lab, fault.service, on.remove(&fault.service))
            .await?;
        let cached = if fault.fault.is_garbage() {
            Some(stored(lab, service).await?)
        } else {
            None
        };
        let cached = cached.as_ref();
        fault.fault.inject(lab, target, service, cached).await?;
        if !fault.is_moment() {
            on.insert(fault.service, fault);
        }
        Ok(())
    }

    /// Takes one service's fault away, or every service's.
    pub async fn switch_off(&self, lab: &Testbed, service: Option<Part>) -> Result<()> {
        let mut on = self.on.lock().await;
        for each in Part::ALL {
            if service.is_none_or(|wanted| wanted == each) {
                self.repair(lab, each, on.remove(&each)).await?;
            }
        }
        Ok(())
    }

    /// The names of those that are on.
    pub async fn on(&self) -> Vec<String> {
        let on = self.on.lock().await;
        on.values().map(ToString::to_string).collect()
    }

    async fn repair(&self, lab: &Testbed, service: Part, was: Option<OnDemand>) -> Result<()> {
        match service {
            Parameters => restore_parameters(lab, &self.normal),
            Database => restore_database(lab, &self.normal).await?,
            Upstreams => restore_upstreams(lab).await?,
            Cache => {
                restore_cache(lab, &self.normal).await?;
                if was.is_some_and(|was| was.fault.is_garbage()) {
                    lab.services.cache().flush().await?;
                }
            }
        }
        Ok(())
    }
}

/// What the step keeps in the cache, of which garbage is made. A request stores it where it has expired.
async fn stored(lab: &Testbed, service: &Service) -> Result<(String, Vec<u8>)> {
    let cache = lab.services.cache();
    if let Some(stored) = cache.any().await? {
        return Ok(stored);
    }
    let trace = TraceHeader::new(false);
    // What it answers does not matter, only what it leaves.
    let _ = service.invoke(&contract::request(), &trace).await;
    service.settle().await;
    let stored = cache.any().await?;
    stored.context("nothing is in the cache that could become garbage: the function has stored nothing, or keeps its answer; try again")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_read_as_it_is_shown() {
        for (service, how, _) in FAULTS {
            let text = format!("{}={how}", service.as_str());
            let fault: OnDemand = text.parse().unwrap();
            assert_eq!((fault.to_string(), fault.service), (text, service));
        }
    }

    #[test]
    fn an_unknown_one_is_answered_with_those_that_exist() {
        let error = "cache=up".parse::<OnDemand>().unwrap_err();
        assert!(error.contains("\"cache=up\""), "{error}");
        assert!(error.contains("cache=garbage, database=down"), "{error}");
    }
}
