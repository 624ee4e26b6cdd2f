//! What the board keeps: a line of JSON for each thing that happened, in the order in which it was acknowledged.

use serde::{Deserialize, Serialize};

/// One line of the board's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// When it was taken, RFC 3339 in UTC.
    pub at: String,
    /// What it was.
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Somebody sent the line that a labelled run ends with.
    Line(String),
    /// Somebody chose an answer.
    Vote(Vote),
    /// The facilitator shows a question, or none any more.
    Show(Option<Show>),
}

/// An answer that was chosen; a voter's later choice counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vote {
    /// The question's chapter.
    pub chapter: String,
    /// A number that the voter's browser made up, and keeps.
    pub voter: String,
    /// Which answer, from 1.
    pub answer: usize,
}

/// A question, and how much of it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Show {
    /// The question's chapter.
    pub chapter: String,
    /// How much is shown.
    pub stage: Stage,
}

/// How far a question is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// People choose; nobody sees what the others chose.
    Asked,
    /// The choices are shown, and nobody chooses any more.
    Bars,
    /// Which answer was right is shown as well.
    Answer,
}
