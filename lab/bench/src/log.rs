//! What a function's log says to whoever is on call, and the file that keeps all of it.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use anyhow::{Context as _, Result};
use lab_lambda::{LogLine, LogSink};
use serde::Deserialize;

/// A file that gets each line of each function's log as it comes.
#[derive(Debug, Clone)]
pub struct LogFile(Arc<Mutex<File>>);

impl LogFile {
    /// Begins it anew.
    pub fn create(path: &Path) -> Result<Self> {
        let file = File::create(path);
        let file = file.with_context(|| format!("--log: cannot write {}", path.display()))?;
        Ok(Self(Arc::new(Mutex::new(file))))
    }

    /// Where the lines of a function go: its name and the source in front of each.
    pub(crate) fn sink(&self, function: &str) -> LogSink {
        let (file, function) = (Arc::clone(&self.0), function.to_owned());
        Arc::new(move |line: LogLine<'_>| {
            let mut file = file.lock().expect("no holder panics");
            // A full disk ends no measurement.
            let _ = writeln!(file, "{function} [{}] {}", line.source, line.text);
        })
    }
}

/// A line of a step's log.
#[derive(Deserialize)]
struct Line {
    level: String,
    message: String,
    cause: Option<String>,
    error: Option<String>,
}

/// What a line complains of, if it is a warning or an error: `the cache was not filled: cache_set: no answer within 250ms`.
pub fn complaint(line: LogLine<'_>) -> Option<String> {
    let line: Line = serde_json::from_str(line.text).ok()?;
    let cause = line.cause.or(line.error);
    let text = cause.map_or(line.message.clone(), |cause| {
        format!("{}: {cause}", line.message)
    });
    ["WARN", "ERROR"]
        .contains(&line.level.as_str())
        .then_some(text)
}
