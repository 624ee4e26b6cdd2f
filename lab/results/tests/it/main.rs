//! The results crate from outside: one binary.

mod advice;
mod ceiling;
mod common;
mod coverage;
mod facts;
mod file;
mod leaderboard;
mod load;
mod pictures;
mod sensitivity;
mod stats;
mod tables;
