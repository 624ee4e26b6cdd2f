//! A room's results, live: a page that fills by itself while people send the lines that their labelled runs end with.
//!
//! | module | what it holds |
//! |---|---|
//! | [`entry`] | a line that somebody sent: taken, or refused with a reason |
//! | [`record`], [`store`] | what is kept, and the file that keeps it |
//! | [`standings`] | who is where: `compare -`'s ranking, and each person's tries |
//! | [`predict`] | a chapter's question, and what people chose |
//! | [`page`], [`table`], [`export`] | what is shown |
//! | [`server`], [`routes`], [`events`], [`admission`], [`limiter`] | HTTP |
//! | [`address`] | where the board is: the QR code |
//! | [`demo`] | twelve invented people |
//! | [`send`] | `run --board` |

pub mod address;
pub mod admission;
pub mod demo;
pub mod entry;
pub mod events;
pub mod export;
pub mod limiter;
pub mod page;
pub mod predict;
pub mod record;
pub mod routes;
pub mod send;
pub mod server;
pub mod standings;
pub mod store;
pub mod table;

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::SystemTime;

use lab_results::format::timestamp;
use lab_results::leaderboard::{Line, Result as Measured, add};
use lab_workspace::prediction::Prediction;
use tokio::sync::watch;

use predict::{Predict, Question};
use record::{Record, Vote, What};
use standings::Standings;
use store::Store;

/// What a board is told at its start.
#[derive(Debug, Default)]
pub struct Settings {
    /// Where people find it, such as `http://192.0.2.7:8080/`.
    pub url: String,
    /// A phone can reach it there.
    pub lan: bool,
    /// Whoever sends a line must know it; absent: anybody may.
    pub code: Option<String>,
    /// Whoever decides what is shown must know it.
    pub facilitator: String,
    /// The people on it are invented.
    pub demo: bool,
    /// The network profiles of the lab.
    pub profiles: Vec<String>,
    /// The chapters' questions.
    pub questions: Vec<Prediction>,
    /// The reference's ladder, one result a network profile.
    pub reference: Vec<Measured>,
}

/// A board.
#[derive(Debug)]
pub struct Board {
    /// As at its start.
    pub settings: Settings,
    /// None: nothing is kept.
    store: Mutex<Option<Store>>,
    state: Mutex<State>,
    shown: Mutex<Arc<Shown>>,
    version: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    tries: Vec<Measured>,
    counting: Vec<Measured>,
    predict: Predict,
    /// Counts what happened, to the ranking and to the question.
    versions: (u64, u64),
}

/// What everybody sees, rendered once for all.
#[derive(Debug, Default)]
pub struct Shown {
    /// Which rankings and questions these are.
    pub versions: (u64, u64),
    /// The ranking.
    pub board: String,
    /// The question.
    pub question: String,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no holder panics")
}

impl Board {
    /// A board that shows what was kept, and keeps what follows in the store.
    pub fn new(settings: Settings, store: Option<Store>, kept: Vec<Record>) -> Self {
        let board = Self {
            settings,
            store: Mutex::new(store),
            state: Mutex::default(),
            shown: Mutex::default(),
            version: watch::Sender::new(0),
        };
        {
            let mut state = locked(&board.state);
            state.versions = (1, 1);
            for record in kept {
                state.apply(record.what);
            }
        }
        board
    }

    /// Keeps what happened, then shows it. When this returns, the disk has it. It may wait for the disk.
    ///
    /// # Errors
    /// It could not be kept, and is not shown.
    pub fn take(&self, happened: Vec<What>) -> io::Result<()> {
        let at = timestamp(SystemTime::now());
        let records: Vec<Record> = happened
            .into_iter()
            .map(|what| Record {
                at: at.clone(),
                what,
            })
            .collect();
        // Held until it is shown: what is shown is in the file's order.
        let mut store = locked(&self.store);
        if let Some(store) = store.as_mut() {
            store.append(&records)?;
        }
        let mut state = locked(&self.state);
        for record in records {
            state.apply(record.what);
        }
        drop(state);
        self.version.send_modify(|version| *version += 1);
        Ok(())
    }

    /// Everybody's place.
    pub fn standings(&self) -> Standings {
        let state = locked(&self.state);
        Standings::of(&state.counting, &state.tries, &self.settings.reference)
    }

    /// The lines that count, as `cargo lab compare -` reads them.
    pub fn lines(&self) -> String {
        let state = locked(&self.state);
        let lines = state.counting.iter().cloned().map(Line);
        lines.map(|line| format!("{line}\n")).collect()
    }

    /// The question that is shown.
    pub fn question(&self) -> Option<Question> {
        let state = locked(&self.state);
        let Settings {
            questions,
            reference,
            ..
        } = &self.settings;
        state.predict.question(questions, reference)
    }

    /// Whether a choice would count now.
    ///
    /// # Errors
    /// Says why it would not.
    pub fn may_vote(&self, vote: &Vote) -> Result<(), &'static str> {
        locked(&self.state).predict.may_vote(vote)
    }

    /// What everybody sees now.
    pub fn shown(&self) -> Arc<Shown> {
        let mut shown = locked(&self.shown);
        let versions = locked(&self.state).versions;
        if shown.versions.0 != versions.0 || shown.versions.1 != versions.1 {
            let board = if shown.versions.0 == versions.0 {
                shown.board.clone()
            } else {
                table::standings(&self.standings()).into_string()
            };
            let question = table::question(self.question().as_ref()).into_string();
            *shown = Arc::new(Shown {
                versions,
                board,
                question,
            });
        }
        Arc::clone(&shown)
    }

    /// Says when something happened.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }
}

impl State {
    fn apply(&mut self, what: What) {
        match what {
            What::Line(line) => {
                // A line of the file that means nothing was written by another version: it is shown by that one.
                if let Ok(Line(result)) = Line::parse(&line) {
                    add(&mut self.counting, result.clone());
                    self.tries.push(result);
                    self.versions.0 += 1;
                }
            }
            What::Vote(vote) => {
                self.predict.vote(vote);
                self.versions.1 += 1;
            }
            What::Show(show) => {
                self.predict.show(show);
                self.versions.1 += 1;
            }
        }
    }
}
