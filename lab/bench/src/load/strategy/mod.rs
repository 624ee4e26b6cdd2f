//! A load strategy in Artillery's format: what `artillery run` takes, as far as the lab can do it. Whatever it cannot do is
//! an error that names the line, never silence.
//!
//! Understood are `config.target`, `config.phases` (`duration`, `arrivalRate`, `rampTo`, `arrivalCount`, `pause`, `name`),
//! the plugins `apdex`, `ensure` and `expect`, and one scenario of one `get` with `url` and `expect` (`statusCode`,
//! `contentType`). `config.target` is read and not used: the lab loads steps, and `--url` names a server.

mod ensure;
mod file;
mod parse;
mod phase;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};

pub use ensure::{Metric, Threshold, of_name};
pub use parse::Error;
pub use phase::{Arrivals, Phase};

/// A strategy.
#[derive(Debug, Clone, PartialEq)]
pub struct Strategy {
    /// The file's name without its ending.
    pub name: String,
    /// One after the other.
    pub phases: Vec<Phase>,
    /// Answers within this time satisfy.
    pub apdex_threshold: Duration,
    /// What must hold at the end.
    pub ensure: Vec<Threshold>,
    /// The path that is asked for.
    pub path: String,
    /// What is expected of an answer.
    pub expect: Expect,
}

/// What is expected of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expect {
    /// The HTTP status; without one, any below 400 is right, as for Artillery.
    pub status: Option<u16>,
    /// A part of the content type: `json`.
    pub content_type: Option<String>,
}

impl Strategy {
    /// Reads a file.
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| {
            format!(
                "cannot read the strategy {}: data/load/ has some",
                path.display()
            )
        })?;
        Ok(Self::parse(&text, path)?)
    }

    /// How long requests are sent.
    pub fn duration(&self) -> Duration {
        self.phases.iter().map(|phase| phase.duration).sum()
    }

    /// When each request is to be sent, counted from the begin.
    pub fn arrivals(&self) -> Vec<Duration> {
        let mut begin = Duration::ZERO;
        let mut arrivals = Vec::new();
        for phase in &self.phases {
            arrivals.extend(phase.arrivals().map(|at| begin + at));
            begin += phase.duration;
        }
        arrivals
    }

    /// A sentence: `1 to 20 requests/s in 20 s, 20 to 100 requests/s in 50 s; 3,210 requests`.
    pub fn describe(&self) -> String {
        let phases: Vec<String> = self.phases.iter().map(ToString::to_string).collect();
        let requests = self.arrivals().len();
        let seconds = self.duration().as_secs_f64();
        format!(
            "{}: {requests} requests in {seconds:.0} s, {:.1}/s on average",
            phases.join(", "),
            requests as f64 / seconds
        )
    }
}
