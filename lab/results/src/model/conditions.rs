//! When, where and under what conditions something was measured: one header for sessions, loads, faults, tunings and traces.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The conditions of one measurement. What has the same `id` was measured in turns, side by side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conditions {
    /// One for each call of a command.
    pub id: String,
    /// When it started, RFC 3339, UTC.
    pub started: String,
    /// A name that a person gave, for example an attendee's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The AWS Region; absent in the lab.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The machine that measured; absent where AWS did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<Machine>,
    /// What was measured: source and compiler.
    pub build: Build,
    /// The modelled network; absent outside the lab.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
    /// Whether CPU and memory were limited as on Lambda; absent outside the lab.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
    /// How it was measured.
    pub method: Method,
}

impl Conditions {
    /// Whether what was measured under both may be told as one: same machine, source, network, limits and method, whenever
    /// that was.
    pub fn measures_as(&self, other: &Self) -> bool {
        let apart_from_time = |it: &Self| Self {
            id: String::new(),
            started: String::new(),
            label: None,
            method: Method {
                rounds: 0,
                sessions: None,
                seed: None,
                ..it.method.clone()
            },
            ..it.clone()
        };
        apart_from_time(self) == apart_from_time(other)
    }

    /// Name of the network profile, absent outside the lab.
    pub fn profile(&self) -> Option<&str> {
        Some(self.network.as_ref()?.profile.as_str())
    }
}

/// The machine that measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// Model name as the kernel gives it.
    pub cpu: String,
    /// Logical cores that the lab may use.
    pub logical_cores: u32,
    /// Memory of the machine, MiB.
    pub memory_mib: u64,
    /// Kernel release.
    pub kernel: String,
    /// Distribution and version.
    pub os: String,
    /// CPU frequency governor, where one is visible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub governor: Option<String>,
}

/// The source and the compiler of the measured programs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Build {
    /// Git commit, absent outside a repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The working tree differed from that commit.
    pub dirty: bool,
    /// `rustc --version`.
    pub rustc: String,
    /// Cargo profile of the measured programs.
    pub profile: String,
    /// What that profile resolves to: `opt-level=3 lto=false ...`.
    pub settings: String,
    /// The profiles that single steps name instead, and what those resolve to.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub profiles: BTreeMap<String, String>,
}

/// A named set of modelled distances to the backing services.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Name of the profile in `data/facts.toml`.
    pub profile: String,
    /// To RDS Proxy.
    pub database: Link,
    /// To the cache.
    pub cache: Link,
    /// To Parameter Store.
    pub parameters: Link,
}

/// The modelled distance to one backing service, microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// The round trip.
    pub round_trip_us: u64,
    /// The service's own time for a request, on top of the round trip.
    pub service_us: u64,
    /// The service's own time for a new session, once per connection.
    pub session_setup_us: u64,
}

impl Link {
    /// The round trip.
    pub fn round_trip(&self) -> Duration {
        Duration::from_micros(self.round_trip_us)
    }

    /// The service's own time for a request.
    pub fn service(&self) -> Duration {
        Duration::from_micros(self.service_us)
    }

    /// The service's own time for a new session.
    pub fn session_setup(&self) -> Duration {
        Duration::from_micros(self.session_setup_us)
    }
}

/// What held the environments to their size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// The CPU share of the memory size was enforced.
    pub cpu: bool,
    /// The memory size was enforced.
    pub memory: bool,
    /// By what: `cgroup v1`, `cgroup v2` or `none`.
    pub how: String,
}

impl Limits {
    /// Whether both were enforced.
    pub fn as_on_lambda(&self) -> bool {
        self.cpu && self.memory
    }
}

/// Invocations so far apart, ms, are sparse traffic: what a function keeps for seconds has grown old between them.
pub const SPARSE_GAP_MS: f64 = 1000.0;

impl Method {
    /// Whether the paced invocations were a second or more apart.
    pub fn is_sparse(&self) -> bool {
        self.paced_gap_ms >= SPARSE_GAP_MS
    }
}

/// How it was measured.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Method {
    /// Fewer rounds than an interval needs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub quick: bool,
    /// Rounds, each with one fresh environment of every step; 0 where nothing is measured in rounds.
    #[serde(default)]
    pub rounds: u32,
    /// How often everything was started anew, each with an equal share of the rounds; absent for once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sessions: Option<u32>,
    /// Of the random order of the steps in each round; absent in older files and where nothing is measured in rounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Warm invocations of each environment that were left out before the paced ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_up: Option<u32>,
    /// Pause between two paced invocations, ms; 0 where none are paced.
    #[serde(default)]
    pub paced_gap_ms: f64,
    /// The traces were sampled, so that the steps sent X-Ray documents.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub traces_sampled: bool,
    /// Parameter Store's quota, requests per second; absent where it was lifted, and outside the lab.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter_quota: Option<u32>,
    /// Which CPUs held the environments and which the lab, in words; absent outside the lab.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinning: Option<String>,
}
