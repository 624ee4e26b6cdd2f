//! References in values, and the names that somebody most likely meant.

use anyhow::Result;

/// How alike two keys must be for one to be offered for the other, from 0 to 1 (Jaro-Winkler).
const ALIKE: f64 = 0.75;

/// Replaces each reference, `{word.word}`, by what `of` answers for it. Other braces are text: JSON may be in a value.
pub fn expand(value: &str, of: impl Fn(&str) -> Result<String>) -> Result<String> {
    let mut expanded = String::new();
    let mut rest = value;
    while let Some(start) = rest.find('{') {
        let (text, from) = rest.split_at(start);
        expanded.push_str(text);
        let name = from[1..].split('}').next().unwrap_or_default();
        let is_reference = from[1..].len() > name.len()
            && name.split('.').count() > 1
            && name.split('.').all(|word| {
                !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c == '-')
            });
        if is_reference {
            expanded.push_str(&of(name)?);
            rest = &from[name.len() + 2..];
        } else {
            expanded.push('{');
            rest = &from[1..];
        }
    }
    expanded.push_str(rest);
    Ok(expanded)
}

/// The known key that an error about an unknown one most likely means.
pub(super) fn nearest(error: &str) -> Option<&str> {
    let (_, told) = error.split_once("unknown field `")?;
    let (unknown, known) = told.split_once('`')?;
    nearest_of(unknown, known.split('`').skip(1).step_by(2))
}

pub(super) fn nearest_of<'a>(
    unknown: &str,
    known: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    let likeness = |key: &&str| strsim::jaro_winkler(unknown, key);
    let nearest = known.max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(&nearest) >= ALIKE).then_some(nearest)
}
