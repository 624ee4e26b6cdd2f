//! Upstreams as `function.toml` describes them.

use std::time::Duration;

use anyhow::{Context as _, Result};
use lab_services::upstream::Answer;
use lab_workspace::function_file::UpstreamEntry;

/// What an upstream answers.
pub(crate) fn answer(entry: &UpstreamEntry) -> Result<Answer> {
    let body = std::fs::read(&entry.answer)
        .with_context(|| format!("cannot read {}", entry.answer.display()))?;
    let is_json = entry.answer.extension().is_some_and(|it| it == "json");
    Ok(Answer {
        status: entry.status,
        content_type: if is_json {
            "application/json"
        } else {
            "text/plain; charset=utf-8"
        },
        body: body.into(),
        delay: Duration::from_secs_f64(entry.delay_ms / 1000.0),
    })
}
