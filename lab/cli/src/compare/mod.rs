//! Comparing: steps of one session, results files, a room of people. Each answers a report, which is shown as text, as
//! Markdown, as JSON or in an HTML page.

mod files;
mod page;
mod report;
mod room;
mod steps;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use lab_results::schema::ResultsFile;

pub use files::files;
pub use page::{largest, page};
pub use report::{Report, Section};
pub use room::{Pasted, room};
pub use steps::{ladder, steps};

/// The network profile that is compared unless another one is named, or none of it was measured.
pub const USUAL_PROFILE: &str = "region";

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
    pub fn load(path: &Path) -> Result<Self> {
        let file = ResultsFile::load(path)?;
        let label = file
            .sessions
            .iter()
            .rev()
            .find_map(|session| session.label.clone());
        let stem = path.file_stem().context("a file has a name")?;
        Ok(Self {
            path: path.to_owned(),
            label: label.unwrap_or_else(|| stem.to_string_lossy().into_owned()),
            file,
        })
    }
}
