//! Arguments that several commands share, each defined once.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Error, Result};
use clap::Args;
use lab_bench::choice::Choice;
use lab_bench::measure::Extent;
use lab_results::leaderboard::in_a_line;

use super::output::Width;
use crate::board::entry::check_name;
use crate::board::send::{Answer, Destination};

/// Where what is measured here is kept unless `--results` says otherwise.
pub(super) const LOCAL_RESULTS: &str = "data/results/local.json";
/// Where what is measured on AWS is kept unless `--results` says otherwise.
pub(super) const AWS_RESULTS: &str = "data/results/aws.json";
/// Where the fault matrix is kept unless `--results` says otherwise.
pub(super) const FAULT_RESULTS: &str = "data/results/local-faults.json";

/// What is to be measured.
#[derive(Debug, Args)]
pub(super) struct Targets {
    /// Steps (5, 05, 05-elasticache, floor), folders with a function.toml, or files; none: the whole ladder
    #[arg(value_name = "STEP or FILE")]
    pub names: Vec<String>,
    /// Every step there is
    #[arg(long, conflicts_with = "names")]
    pub all: bool,
}

impl Targets {
    /// The choice among the workspace's steps, everything else as the manifests say.
    pub fn choice(&self) -> Choice {
        Choice {
            names: self.names.clone(),
            all: self.all,
            ..Choice::default()
        }
    }
}

/// How much is measured.
#[derive(Debug, Args)]
pub(super) struct Rounds {
    /// Fewer rounds, no intervals: a first impression
    #[arg(long)]
    pub quick: bool,
    /// Rounds, each with one fresh environment a step; intervals need at least 10
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub rounds: Option<u32>,
}

impl Rounds {
    /// One of two extents, with the number of rounds that was asked for.
    pub fn extent(&self, full: Extent, quick: Extent) -> Extent {
        let extent = if self.quick { quick } else { full };
        Extent {
            rounds: self.rounds.unwrap_or(extent.rounds),
            ..extent
        }
    }
}

/// How often each environment is invoked.
#[derive(Debug, Args)]
pub(super) struct Invocations {
    /// Warm invocations of each environment, --gap apart [default: 30; with --quick, and of each size of a tuning, 10]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub paced: Option<u32>,
    /// Pause before each of them: 25ms, 2s, 15s; from 1s on there are fewer of them and no closed loop
    #[arg(long, value_name = "TIME", default_value = "25ms", value_parser = gap)]
    pub gap: Duration,
    /// Warm invocations before those, which are not kept: for a runtime that compiles while it runs
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=100_000))]
    pub warm_up: u32,
}

impl Invocations {
    /// An extent with as many of them, and a seed of its own.
    pub fn of(&self, extent: Extent) -> Extent {
        let extent = extent.apart(self.gap).seeded();
        Extent {
            paced: self.paced.unwrap_or(extent.paced),
            warm_up: self.warm_up,
            ..extent
        }
    }
}

/// A pause between invocations: `25ms`, `2s`.
fn gap(text: &str) -> Result<Duration, String> {
    let told = || format!("{text:?} is no pause from 1ms to 15m: write 25ms, 2s or 1m");
    let number = text.trim_end_matches(char::is_alphabetic);
    let unit = match &text[number.len()..] {
        "ms" => Duration::from_millis(1),
        "s" => Duration::from_secs(1),
        "m" => Duration::from_mins(1),
        _ => return Err(told()),
    };
    let pause = unit * number.parse().map_err(|_| told())?;
    let allowed = Duration::from_millis(1)..=Duration::from_mins(15);
    allowed.contains(&pause).then_some(pause).ok_or_else(told)
}

/// How often everything is started anew.
#[derive(Debug, Args)]
pub(super) struct Sessions {
    /// Start every service anew N times, with the rounds of each: what differs from start to start is in the intervals, too
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub sessions: u32,
    /// Add to what the results file has of the same targets under the same conditions, for example of another hour
    #[arg(long = "continue")]
    pub continues: bool,
}

/// What a function gets that its manifest does not say.
#[derive(Debug, Args)]
pub(super) struct Configuration {
    /// Memory size in MB instead of the manifests'; 128 to 10240
    #[arg(long, value_name = "MB", value_parser = clap::value_parser!(u32).range(128..=10240))]
    pub memory: Option<u32>,
    /// Run files with this step's memory, services and extension
    #[arg(long, value_name = "STEP")]
    pub like: Option<String>,
}

impl Configuration {
    /// Such a choice with this configuration.
    pub fn of(&self, choice: Choice) -> Choice {
        Choice {
            memory_mb: self.memory,
            like: self.like.clone(),
            ..choice
        }
    }
}

/// The lab itself: how far away the services are, and whether it may ask.
#[derive(Debug, Args)]
pub(super) struct Bench {
    /// Network profile of data/facts.toml: how far away the services are
    #[arg(long, value_name = "NAME", default_value = "region")]
    pub profile: String,
    #[command(flatten)]
    pub consent: Consent,
}

/// Whether somebody has agreed already.
#[derive(Debug, Args)]
pub(super) struct Consent {
    /// Do not ask before a private copy of a missing program is unpacked, or before AWS charges for requests
    #[arg(long, short)]
    pub yes: bool,
}

/// Where the results go.
#[derive(Debug, Args)]
pub(super) struct Output {
    /// Results file [default in data/results: local.json, of faults local-faults.json, of aws aws.json]
    #[arg(long, value_name = "FILE")]
    pub results: Option<PathBuf>,
    /// Print JSON instead of tables
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub width: Width,
}

impl Output {
    /// The file, relative to the repository.
    pub fn results<'a>(&'a self, usual: &'a str) -> &'a Path {
        self.results.as_deref().unwrap_or(Path::new(usual))
    }
}

/// A name for what was measured.
#[derive(Debug, Args)]
pub(super) struct Label {
    /// A name, kept in the results; a labelled run ends with a line to paste for `cargo lab compare -`
    #[arg(long, value_name = "NAME")]
    pub label: Option<String>,
}

/// Where a labelled run's line goes.
#[derive(Debug, Args)]
pub(super) struct ToBoard {
    /// Send the line to a board (`cargo lab board`) at this address
    #[arg(long, value_name = "URL", requires = "label")]
    pub board: Option<Destination>,
    /// The word that the board asks for
    #[arg(long, value_name = "WORD", requires = "board")]
    pub code: Option<String>,
}

impl ToBoard {
    /// Refuses before anything is measured what the board would refuse afterwards.
    pub fn check(&self, label: Option<&String>) -> Result<()> {
        match label {
            Some(label) if self.board.is_some() => {
                check_name(&in_a_line(label)).map_err(Error::msg)
            }
            _ => Ok(()),
        }
    }

    /// Sends the line, and says what came of it: what was measured is not lost where that is nothing.
    pub async fn send(&self, line: &str) {
        let Some(board) = &self.board else { return };
        let why = match board.send(line, self.code.as_deref()).await {
            Ok(Answer::Taken(said)) => return eprintln!("on the board at {board}\n{said}"),
            Ok(Answer::Refused(said)) => format!("the board at {board} refused the line: {said}"),
            Err(error) => format!("{error:#}"),
        };
        let code = if self.code.is_some() {
            "-H 'X-Board-Code: WORD' "
        } else {
            ""
        };
        eprintln!(
            "\nWARNING: {why}\nwhat was measured is not lost. This line can be pasted on the board's page later, or in the room's chat, or sent again:\n\
             \n{line}\n\n    curl {code}--data '{line}' {board}"
        );
    }
}

/// What is deployed, and whether it is called at all.
#[derive(Debug, Args)]
pub(super) struct Deployment {
    /// Say what would be done and what it costs, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// What is deployed [default: infra/outputs.json, which npm run deploy writes]
    #[arg(long, value_name = "FILE")]
    pub outputs: Option<PathBuf>,
}
