//! The question that is shown, and what people chose.

use std::collections::HashMap;

use lab_results::leaderboard::Result as Measured;
use lab_results::step_name::short_step;
use lab_workspace::prediction::{ANSWERS, Prediction};

use super::record::{Show, Stage, Vote};

/// Characters of a voter's number.
const LONGEST_VOTER: usize = 64;

/// What was chosen for each chapter's question, and which one is shown.
#[derive(Debug, Default)]
pub struct Predict {
    shown: Option<Show>,
    votes: HashMap<String, HashMap<String, usize>>,
}

/// What people see of a question.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The chapter's question.
    pub asked: Prediction,
    /// How much of it is shown.
    pub stage: Stage,
    /// How many chose each answer.
    pub votes: [usize; ANSWERS],
    /// The reference's warm median of the chapter's step and of the one before it: number and µs. None where the chapter is about no
    /// step.
    pub measured: Vec<(String, f64)>,
}

impl Predict {
    /// Shows a question, or none.
    pub fn show(&mut self, show: Option<Show>) {
        self.shown = show;
    }

    /// Counts a choice.
    pub fn vote(&mut self, vote: Vote) {
        let votes = self.votes.entry(vote.chapter).or_default();
        votes.insert(vote.voter, vote.answer);
    }

    /// Whether a choice would count now.
    ///
    /// # Errors
    /// Says why it would not.
    pub fn may_vote(&self, vote: &Vote) -> Result<(), &'static str> {
        if !(1..=ANSWERS).contains(&vote.answer) {
            return Err("there is no such answer");
        }
        if vote.voter.is_empty() || vote.voter.len() > LONGEST_VOTER {
            return Err("the voter has no number, or a too long one");
        }
        match &self.shown {
            Some(show) if show.chapter == vote.chapter && show.stage == Stage::Asked => Ok(()),
            _ => Err("this question is not asked now: nobody chooses any more"),
        }
    }

    /// The question that is shown.
    pub fn question(&self, questions: &[Prediction], reference: &[Measured]) -> Option<Question> {
        let show = self.shown.as_ref()?;
        let asked = questions.iter().find(|it| it.chapter == show.chapter)?;
        let mut votes = [0; ANSWERS];
        let chosen = self.votes.get(&show.chapter);
        for answer in chosen.into_iter().flat_map(HashMap::values) {
            if let Some(count) = answer.checked_sub(1).and_then(|it| votes.get_mut(it)) {
                *count += 1;
            }
        }
        Some(Question {
            asked: asked.clone(),
            stage: show.stage,
            votes,
            measured: measured(&asked.chapter, reference),
        })
    }
}

fn measured(chapter: &str, reference: &[Measured]) -> Vec<(String, f64)> {
    let (Ok(number), Some(reference)) = (chapter.parse::<u32>(), reference.first()) else {
        return Vec::new();
    };
    let wanted = number.saturating_sub(1)..=number;
    let crates = reference.crates.iter();
    let numbered = crates.map(|it| (short_step(&it.name).to_owned(), it.p50_us));
    numbered
        .filter(|(of, _)| of.parse().is_ok_and(|of: u32| wanted.contains(&of)))
        .collect()
}
