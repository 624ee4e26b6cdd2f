//! What a function's log says to whoever is on call.

use lab_lambda::LogLine;
use serde::Deserialize;

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
