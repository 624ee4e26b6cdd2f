//! What can go wrong with a results file.

use std::io;
use std::path::{Path, PathBuf};

use crate::schema::{Place, SCHEMA};

/// Why a results file could not be read or written. Each message names the file and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file is not there or may not be read.
    #[error("cannot read the results file {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not JSON, or not of this shape.
    #[error(
        "{}:{}:{}: this is no results file: {source}. Move it away, and the next run writes a new one",
        path.display(), source.line(), source.column()
    )]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// The file has another version.
    #[error(
        "{} was written by schema {found}, and this lab reads schema {SCHEMA}: move the file away and measure again: {again}",
        path.display()
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u64,
        /// The command that measures it again.
        again: &'static str,
    },
    /// The numbers in the file cannot be right.
    #[error("{}: {problem}. Move the file away, or remove that session from it", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Which session, which step, what is wrong.
        problem: String,
    },
    /// The file's numbers come from another place.
    #[error("{} holds results of {found:?}, not of {wanted:?}: choose another file", path.display())]
    Place {
        /// The file.
        path: PathBuf,
        /// Where its numbers come from.
        found: Place,
        /// Where the new ones come from.
        wanted: Place,
    },
    /// The file could not be written.
    #[error("cannot write the results file {}: {source}. {}", path.display(), what_helps(source))]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Error {
    /// That the file could not be written.
    pub(crate) fn write(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |source| Self::Write { path, source }
    }
}

/// What to do when a file cannot be written.
fn what_helps(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "Make room on its disk, or choose another file"
        }
        _ => "Make its folder writable for this user",
    }
}
