//! The matrix of steps and faults, as `cargo lab faults` writes it and the book shows it.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::conditions::Conditions;
use crate::model::file::{Error, read};

/// What every step did in every fault that concerns it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultMatrix {
    /// Version of the file's shape: [`SCHEMA`](crate::schema::SCHEMA).
    pub schema: u32,
    /// When, where and how; the network is that outside the faults.
    pub conditions: Conditions,
    /// The function's timeout, ms: what hangs is given up shortly before it.
    pub timeout_ms: u64,
    /// A row a fault.
    pub rows: Vec<Row>,
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// What was wrong.
    pub fault: String,
    /// The steps that can meet it, in the order of the ladder.
    pub cells: Vec<Cell>,
}

/// One step in one fault.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// The step's folder.
    pub step: String,
    /// HTTP status that the client got while the fault lasted.
    pub status: u16,
    /// The body that it got; `the list` stands for the stadiums.
    pub saw: String,
    /// How long it waited, µs, the start of an environment included where the fault met the first invocation.
    pub took_us: u64,
    /// Failing invocations after the fault was over; absent when there were more than the lab waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_normal: Option<u32>,
    /// What the function wrote to its log about it, warnings and errors.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub logged: Vec<String>,
    /// Whether status and recovery are what the design asks for.
    pub as_designed: bool,
}

impl Cell {
    /// True where nothing but step and time differs.
    pub fn is_like(&self, other: &Self) -> bool {
        let behaviour = |it: &Self| (it.status, it.until_normal, it.as_designed);
        behaviour(self) == behaviour(other) && self.saw == other.saw
    }
}

impl FaultMatrix {
    /// Reads a file.
    pub fn load(path: &Path) -> Result<Self, Error> {
        read(path, "cargo lab faults")
    }

    /// Writes a file.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        let text = serde_json::to_string_pretty(self).expect("plain data becomes JSON");
        fs::write(path, text + "\n").map_err(Error::write(path))
    }
}
