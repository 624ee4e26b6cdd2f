//! What the commands print on standard output.

use std::io::{ErrorKind, Result as Written, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result};
use clap::Args;
use lab_results::facts::Facts;
use lab_results::schema::{Place, ResultsFile, Session};
use lab_results::view::section::{self, Section, USUAL_WIDTH};
use lab_results::view::steps;

use super::arguments::Output;

/// How wide tables may be.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Width {
    /// Show every column, also where a line gets longer than the terminal is wide
    #[arg(long, conflicts_with = "json")]
    wide: bool,
}

impl Width {
    /// Characters of a line: those of the terminal, else the usual ones; none where every column is wanted.
    pub fn columns(self) -> Option<usize> {
        let terminal = terminal_size::terminal_size_of(std::io::stdout());
        let columns = terminal.map_or(USUAL_WIDTH, |(width, _)| width.0.into());
        (!self.wide).then_some(columns)
    }
}

/// Tables, an empty line before each.
pub(super) fn sections(sections: &[Section], width: Width) -> Result<()> {
    let text = section::text(sections, width.columns());
    written(write!(std::io::stdout().lock(), "{text}"))
}

/// A session as tables, or as a results file.
pub(super) fn print(
    place: Place,
    session: &Session,
    order: &[String],
    facts: &Facts,
    output: &Output,
) -> Result<()> {
    if output.json {
        let mut alone = ResultsFile::new(place);
        alone.merge(session.clone());
        return written(alone.write(std::io::stdout().lock()));
    }
    let tables = steps::of_session(session, order, &facts.prices()?);
    sections(&tables, output.width)
}

/// `cargo lab run | head` is no failure.
pub(super) fn written(result: Written<()>) -> Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

pub(super) fn line(text: &str) -> Result<()> {
    written(writeln!(std::io::stdout().lock(), "{text}"))
}

/// Writes a file that was asked for, and says `what` it is and where.
pub(super) fn file(what: &str, path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    eprintln!("{what}: {}", path.display());
    Ok(())
}
