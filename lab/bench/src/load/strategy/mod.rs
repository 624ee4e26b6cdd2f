//! A load strategy in Artillery's format: what `artillery run` takes, as far as the lab can do it. Whatever it cannot do is
//! an error that names the line, all of them at once, never silence; what changes nothing of what is sent is passed over and
//! named.
//!
//! Understood are `config.target`, `config.phases` (`duration`, `arrivalRate`, `rampTo`, `arrivalCount`, `pause`, `name`),
//! the plugins `apdex`, `ensure` and `expect`, and one scenario of one `get` with `url` and `expect` (`statusCode`,
//! `contentType`). `config.target` is read and not used: the lab loads steps, and `--url` names a server.

mod ensure;
mod file;
mod keys;
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
    /// Keys of the file that change nothing of this: `config.tls`.
    pub passed_over: Vec<String>,
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

    /// When each request is to be sent, counted from the begin; in their order.
    pub fn arrivals(&self) -> impl Iterator<Item = Duration> + use<'_> {
        let begins = self.phases.iter().scan(Duration::ZERO, |begin, phase| {
            let own = *begin;
            *begin += phase.duration;
            Some((own, phase))
        });
        begins.flat_map(|(begin, phase)| phase.arrivals().map(move |at| begin + at))
    }

    /// How many requests are sent.
    pub fn requests(&self) -> usize {
        self.phases.iter().map(Phase::count).sum()
    }

    /// The highest rate, requests per second.
    pub fn peak_rate(&self) -> f64 {
        let rates = self.phases.iter().map(|phase| match phase.arrivals {
            Arrivals::None => 0.0,
            Arrivals::Rate(from, to) => from.max(to),
            Arrivals::Count(count) => f64::from(count) / phase.duration.as_secs_f64(),
        });
        rates.fold(0.0, f64::max)
    }

    /// A sentence: `1 to 20 requests/s in 20 s, 20 to 100 requests/s in 50 s; 3,210 requests`.
    pub fn describe(&self) -> String {
        let phases: Vec<String> = self.phases.iter().map(ToString::to_string).collect();
        let requests = self.requests();
        let seconds = self.duration().as_secs_f64();
        format!(
            "{}: {requests} requests in {seconds:.0} s, {:.1}/s on average",
            phases.join(", "),
            requests as f64 / seconds
        )
    }
}
