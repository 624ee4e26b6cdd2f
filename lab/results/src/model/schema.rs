//! One results file: sessions, each with the steps that it measured side by side.
//!
//! The file is described for its readers in `data/results/README.md`. Times are whole microseconds unless a field is
//! a mean. A field is optional where AWS cannot give it (`where` = `aws`) or where a machine without cgroups cannot.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::trace::Trace;
use crate::tuning::Tuning;

/// The version that this build writes and the only one that it reads.
pub const SCHEMA: u32 = 1;

/// Everything that one place measured, oldest session first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResultsFile {
    /// Version of the file's shape: [`SCHEMA`].
    pub schema: u32,
    /// Where the functions ran. Numbers of different places are never mixed in one file.
    #[serde(rename = "where")]
    pub place: Place,
    /// What was measured, oldest first.
    pub sessions: Vec<Session>,
    /// What was put under load, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub loads: Vec<crate::load::Load>,
    /// Steps at several memory sizes, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tune: Vec<Tuning>,
    /// Timelines of single invocations, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub traces: Vec<Trace>,
}

/// Where the functions ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// In the lab's emulated Lambda, on one machine.
    Local,
    /// In AWS Lambda.
    Aws,
}

/// One run of the lab: steps measured in interleaved rounds on one machine under one set of conditions.
///
/// Only measurements of the same session are ever divided by one another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// Unique within the file.
    pub id: String,
    /// When it started, RFC 3339, UTC.
    pub started: String,
    /// A name that a person gave, for example an attendee's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The AWS Region; absent in the lab.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The machine; absent on AWS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<Machine>,
    /// What was measured: source and compiler.
    pub build: Build,
    /// The modelled network; absent on AWS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
    /// Whether CPU and memory were limited as on Lambda; absent on AWS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
    /// How it was measured.
    pub method: Method,
    /// By the step's folder name, or by the path of a measured file.
    pub measurements: BTreeMap<String, Measurement>,
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
}

/// A named set of modelled distances to the neighbours.
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

/// The modelled distance to one neighbour, microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// There and back.
    pub round_trip_us: u64,
    /// The neighbour's own time for a request, on top of the round trip.
    pub service_us: u64,
    /// The neighbour's own time for a new session, once per connection.
    pub session_setup_us: u64,
}

impl Link {
    /// There and back.
    pub fn round_trip(&self) -> Duration {
        Duration::from_micros(self.round_trip_us)
    }

    /// The neighbour's own time for a request.
    pub fn service(&self) -> Duration {
        Duration::from_micros(self.service_us)
    }

    /// The neighbour's own time for a new session.
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

/// How a session measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Method {
    /// Fewer rounds than an interval needs.
    pub quick: bool,
    /// Rounds, each with one fresh environment of every step.
    pub rounds: u32,
    /// Pause between two paced invocations, ms.
    pub paced_gap_ms: f64,
    /// The traces were sampled, so that the steps sent X-Ray documents.
    pub traces_sampled: bool,
    /// Parameter Store's quota, requests per second; absent when it was lifted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter_quota: Option<u32>,
    /// Which CPUs held the environments and which the lab, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinning: Option<String>,
}

/// One step in one session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measurement {
    /// The step's title.
    pub title: String,
    /// What it is compared with: the step that it changes, or that a file is run like; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The empty handler that it stands on; absent for a floor and for a measured file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<String>,
    /// Memory size, MB as AWS writes it (MiB).
    pub memory_mb: u32,
    /// The size was given by hand and is not the manifest's.
    pub memory_overridden: bool,
    /// The architecture that the step is deployed on and priced for: `x86_64` or `arm64`.
    pub architecture: String,
    /// The architecture that ran, where it is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured_on: Option<String>,
    /// Size of the executable, bytes; absent on AWS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binary_bytes: Option<u64>,
    /// Size of the deployment package, bytes.
    pub zip_bytes: u64,
    /// Whether its answer was the stadiums, asked before it was measured; absent where nobody asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keeps_contract: Option<bool>,
    /// One per environment; the n-th rounds of all steps of a session ran next to each other.
    pub rounds: Vec<Round>,
}

/// One execution environment, from its start to its end.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Round {
    /// Init phase: the programs start, until all have asked for the next event, microseconds. On AWS Init Duration.
    pub init_us: u64,
    /// CPU time of the init phase, microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub init_cpu_us: Option<u64>,
    /// The first invocation as its caller sees it, without init, microseconds. On AWS this holds the start of the
    /// sandbox, which no REPORT line tells apart.
    pub first_us: u64,
    /// The first invocation's REPORT duration, microseconds.
    pub first_duration_us: u64,
    /// Each paced warm invocation as its caller sees it, microseconds.
    pub warm_us: Vec<u64>,
    /// Their REPORT durations (until the runtime and every extension have asked for the next event), microseconds.
    pub warm_duration_us: Vec<u64>,
    /// CPU time of a paced invocation, mean, microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_cpu_us: Option<f64>,
    /// Time that the CPU limit held a paced invocation back, mean, microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_throttled_us: Option<f64>,
    /// Modelled distance and service time that a paced invocation waited for (counts x delays), mean, microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_network_us: Option<f64>,
    /// Each invocation of the closed loop (the next one is sent when the last one has answered), microseconds.
    pub closed_us: Vec<u64>,
    /// Invocations per second of the closed loop, one environment.
    pub closed_per_second: f64,
    /// CPU time of a closed-loop invocation, mean, microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_cpu_us: Option<f64>,
    /// Time that the CPU limit held a closed-loop invocation back, mean, microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_throttled_us: Option<f64>,
    /// Max Memory Used, MiB.
    pub max_memory_mib: u32,
    /// What init and the first invocation asked of the neighbours, by name; zeros left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub counts_cold: BTreeMap<String, f64>,
    /// The same for a paced warm invocation, mean.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub counts_warm: BTreeMap<String, f64>,
}

/// Something measured in every round, by which steps are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Init phase, microseconds.
    Init,
    /// Latency of the first invocation, microseconds.
    First,
    /// Init phase and first invocation together: what the caller of a cold start waits for, microseconds.
    Cold,
    /// Latency of paced warm invocations, microseconds.
    Warm,
    /// REPORT duration of paced warm invocations, microseconds.
    WarmDuration,
    /// Latency in the closed loop, microseconds.
    Closed,
    /// Invocations per second in the closed loop; the only metric of which more is better.
    PerSecond,
}

impl Round {
    /// The round's samples of one metric.
    pub fn samples(&self, metric: Metric) -> Vec<f64> {
        let floats = |samples: &[u64]| samples.iter().map(|&us| us as f64).collect();
        match metric {
            Metric::Init => vec![self.init_us as f64],
            Metric::First => vec![self.first_us as f64],
            Metric::Cold => vec![(self.init_us + self.first_us) as f64],
            Metric::Warm => floats(&self.warm_us),
            Metric::WarmDuration => floats(&self.warm_duration_us),
            Metric::Closed => floats(&self.closed_us),
            Metric::PerSecond => vec![self.closed_per_second],
        }
    }
}

impl Session {
    /// Name of the network profile, absent on AWS.
    pub fn profile(&self) -> Option<&str> {
        self.network
            .as_ref()
            .map(|network| network.profile.as_str())
    }
}
