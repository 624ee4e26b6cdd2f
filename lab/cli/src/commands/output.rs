//! What the commands print on standard output.

use std::io::{ErrorKind, Result as Written, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result};
use lab_results::facts::Facts;
use lab_results::schema::{Place, ResultsFile, Session};

use crate::table;

/// A session as tables, or as a results file.
pub(super) fn print(
    place: Place,
    session: &Session,
    order: &[String],
    facts: &Facts,
    json: bool,
) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    written(if json {
        let mut alone = ResultsFile::new(place);
        alone.merge(session.clone());
        alone.write(&mut stdout)
    } else {
        let tables = table::tables(session, order, &facts.prices()?);
        writeln!(stdout, "{tables}")
    })
}

/// `cargo lab run | head` is no failure.
pub(super) fn written(result: Written<()>) -> Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// Text and the end of a line.
pub(super) fn line(text: &str) -> Result<()> {
    written(writeln!(std::io::stdout().lock(), "{text}"))
}

/// Writes a file that was asked for, and says `what` it is and where.
pub(super) fn file(what: &str, path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    eprintln!("{what}: {}", path.display());
    Ok(())
}
