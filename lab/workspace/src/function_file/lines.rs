//! Where in a `function.toml` its events begin.

use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Spanned;

/// The file as far as this module reads it.
#[derive(Deserialize)]
struct Events {
    #[serde(default)]
    events: Vec<Spanned<IgnoredAny>>,
}

/// The lines, from 1 on, in which the events of a file begin; none of a file that is no TOML.
pub(super) fn of_events(text: &str) -> Vec<usize> {
    let file: Result<Events, _> = toml::from_str(text);
    let events = file.map(|file| file.events).unwrap_or_default();
    let starts = events.iter().map(|event| event.span().start);
    starts
        .map(|start| 1 + text[..start].matches('\n').count())
        .collect()
}
