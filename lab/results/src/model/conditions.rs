//! When, where and under what conditions something was measured that is not a session.

use serde::{Deserialize, Serialize};

use crate::schema::{Build, Limits, Machine, Network};

/// Conditions of one measurement in the lab. What has the same `id` was measured in turns, side by side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conditions {
    /// One for each call of a command.
    pub id: String,
    /// When it started, RFC 3339, UTC.
    pub started: String,
    /// A name that a person gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The machine.
    pub machine: Machine,
    /// What was measured: source and compiler.
    pub build: Build,
    /// The modelled network.
    pub network: Network,
    /// Whether CPU and memory were limited as on Lambda.
    pub limits: Limits,
    /// Which CPUs held the environments and which the lab, in words.
    pub pinning: String,
}
