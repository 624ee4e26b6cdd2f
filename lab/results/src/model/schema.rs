//! One results file: sessions, each with the steps that it measured side by side.
//!
//! The file is described for its readers in `data/results/README.md`. Times are whole microseconds unless a field is
//! a mean. A field is optional where AWS cannot give it (`where` = `aws`) or where a machine without cgroups cannot.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use crate::model::conditions::{Build, Conditions, Limits, Link, Machine, Method, Network};
use crate::trace::Trace;
use crate::tuning::Tuning;

/// The version that this build writes and the only one that it reads.
pub const SCHEMA: u32 = 2;

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
    /// When, where and how.
    pub conditions: Conditions,
    /// By the step's folder name, or by the path of a measured file.
    pub measurements: BTreeMap<String, Measurement>,
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
    /// One per environment; the n-th rounds of all steps of a session ran next to each other. Those of a later start of
    /// everything (`--sessions`) come after those of an earlier one.
    pub rounds: Vec<Round>,
}

/// One execution environment, from its start to its end.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Round {
    /// When its environment was started, RFC 3339, UTC; absent in older files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<String>,
    /// Which start of everything it belongs to (`--sessions`), from 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub session: u32,
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
    /// Its CPU time, microseconds; absent in older files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_cpu_us: Option<u64>,
    /// Time that the CPU limit throttled it, microseconds; absent in older files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_throttled_us: Option<u64>,
    /// Each paced warm invocation as its caller sees it, microseconds.
    pub warm_us: Vec<u64>,
    /// Their REPORT durations (until the runtime and every extension have asked for the next event), microseconds.
    pub warm_duration_us: Vec<u64>,
    /// CPU time of a paced invocation, mean, microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_cpu_us: Option<f64>,
    /// Time that the CPU limit throttled a paced invocation, mean, microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_throttled_us: Option<f64>,
    /// From the thaw before a paced invocation until its processes slept again, mean, microseconds: what a function does
    /// on waking up. It is before the latency's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thaw_us: Option<f64>,
    /// CPU time of that, mean, microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thaw_cpu_us: Option<f64>,
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
    /// Time that the CPU limit throttled a closed-loop invocation, mean, microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_throttled_us: Option<f64>,
    /// Max Memory Used, MiB.
    pub max_memory_mib: u32,
    /// What init and the first invocation asked of the backing services, by name; zeros left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub counts_cold: BTreeMap<String, f64>,
    /// The same for a paced warm invocation, mean.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub counts_warm: BTreeMap<String, f64>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// The count of a [`Round`] that is a time: how long upstreams delayed their answers, one after the other, microseconds.
pub const UPSTREAMS_DELAY: &str = "upstreams.delay_us";

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
    /// Adds the rounds of another session of the same targets as further starts of everything.
    pub fn extend(&mut self, later: Self) {
        let method = &mut self.conditions.method;
        let before = method.sessions.unwrap_or(1);
        method.sessions = Some(before + later.conditions.method.sessions.unwrap_or(1));
        method.rounds += later.conditions.method.rounds;
        for (name, measurement) in later.measurements {
            if let Some(earlier) = self.measurements.get_mut(&name) {
                let rounds = measurement.rounds.into_iter();
                earlier.rounds.extend(rounds.map(|round| Round {
                    session: before + round.session,
                    ..round
                }));
            }
        }
    }

    /// Name of the network profile, absent on AWS.
    pub fn profile(&self) -> Option<&str> {
        self.conditions.profile()
    }
}
