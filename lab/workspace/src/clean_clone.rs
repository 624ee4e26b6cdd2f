//! How long a newcomer waits: what `.ci/clean-clone` measured when it ran the README's commands in an empty clone.

use std::path::Path;

use serde::Deserialize;

/// `data/results/clean-clone.json`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CleanClone {
    /// Day of the measurement, `YYYY-MM-DD`.
    pub date: String,
    /// The commit that was cloned.
    pub commit: String,
    /// CPUs of the machine.
    pub cores: u32,
    /// `cargo lab run 00 02 05`, seconds, nearly all of it compiling.
    pub first_s: u64,
    /// Then `cargo lab run`, seconds.
    pub ladder_s: u64,
    /// The first command again, with everything built, seconds.
    pub first_again_s: u64,
    /// Then what the book's 90-minute track asks for, in its order.
    pub track: Vec<Timed>,
}

/// A command and how long it took.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timed {
    /// As typed.
    pub command: String,
    /// Seconds.
    pub s: u64,
}

impl CleanClone {
    /// Reads the file; `None` where it is missing.
    pub fn load(root: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(root.join("data/results/clean-clone.json")).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// What to expect before everything has been compiled once, in one line.
    pub fn expectation(&self) -> String {
        format!(
            "not everything is compiled yet: in an empty clone on {} cores `cargo lab run 00 02 05` took {} and the whole \
             ladder {} more; later runs only measure",
            self.cores,
            minutes(self.first_s),
            minutes(self.ladder_s)
        )
    }
}

/// Whole minutes, at least one: `7 min`.
pub fn minutes(seconds: u64) -> String {
    format!("{} min", (seconds + 30).div_euclid(60).max(1))
}
