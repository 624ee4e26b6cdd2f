//! The program from the outside, and what holds the repository together: nothing here runs a function in this process.
//!
//! What does has a binary of its own, since it binds its threads to CPUs and starts services: `contract`, `faults`,
//! `foreign`, `load`, `machine`.

mod aws;
mod compare;
mod invoke_api;
mod ladder;
mod own_step;
mod readme;
mod serve;
