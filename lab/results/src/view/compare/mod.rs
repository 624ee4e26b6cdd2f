//! Comparing: steps of one session, results files, a leaderboard. Each answers a report, which is shown as text, as Markdown,
//! as JSON or in an HTML page.

mod files;
mod leaderboard;
mod page;
mod steps;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::section::{self, Section};
use super::traffic;
use crate::file::Error;
use crate::schema::ResultsFile;
use crate::sensitivity::{Assumption, Sensitivity};

pub use files::{NothingInCommon, files};
pub use leaderboard::{Pasted, leaderboard};
pub use page::{largest, page};
pub use steps::{ladder, steps};

/// The network profile that is compared unless another one is named, or none of it was measured.
pub const USUAL_PROFILE: &str = "region";

/// The network profile that has no distance.
const NO_DISTANCE: &str = "loopback";

/// A results file and what a person calls it.
pub struct Named {
    /// Where it is.
    pub path: PathBuf,
    /// The label of its newest session, else the file's name.
    pub label: String,
    /// What is in it.
    pub file: ResultsFile,
}

impl Named {
    /// Reads a file.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let file = ResultsFile::load(path)?;
        let mut newest_first = file.sessions.iter().rev();
        let label = newest_first.find_map(|session| session.conditions.label.clone());
        let stem = path.file_stem().unwrap_or_default();
        Ok(Self {
            path: path.to_owned(),
            label: label.unwrap_or_else(|| stem.to_string_lossy().into_owned()),
            file,
        })
    }
}

/// What a comparison came to.
#[derive(Debug, Default)]
pub struct Report {
    /// What must be known before a number is believed.
    pub warnings: Vec<String>,
    /// The tables.
    pub sections: Vec<Section>,
    /// The same for programs.
    pub json: Value,
}

/// Which gains of these steps hold at other distances and for sparse traffic; of all steps that were measured where none is
/// named, and nothing where none was measured both with distance and without.
pub fn sensitivity(
    file: &ResultsFile,
    names: &[String],
    assumptions: Vec<Assumption>,
) -> Option<Report> {
    let of = |profile| {
        file.newest_with(
            Some(profile),
            &names.iter().map(String::as_str).collect::<Vec<_>>(),
        )
    };
    let (region, loopback) = (of(USUAL_PROFILE)?, of(NO_DISTANCE)?);
    let names = match names {
        [] => region.measurements.keys().cloned().collect(),
        some => some.to_vec(),
    };
    let sensitivity = Sensitivity::of(assumptions, region, loopback, &names);
    if sensitivity.steps.is_empty() {
        return None;
    }
    let traffic = traffic::section(file, USUAL_PROFILE, &names);
    Some(Report {
        warnings: Vec::new(),
        json: super::sensitivity::json(&sensitivity),
        sections: [Some(super::sensitivity::section(&sensitivity)), traffic]
            .into_iter()
            .flatten()
            .collect(),
    })
}

impl Report {
    /// For a terminal.
    pub fn text(&self, width: Option<usize>) -> String {
        let warnings = self.warnings.iter();
        let warnings = warnings.map(|warning| format!("WARNING: {warning}\n"));
        warnings.collect::<String>() + &section::text(&self.sections, width)
    }

    /// For a pull request or a chat.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        for warning in &self.warnings {
            let _ = writeln!(text, "> **Warning:** {warning}\n");
        }
        let sections = self.sections.iter().map(Section::markdown);
        text + &sections.collect::<String>()
    }
}
