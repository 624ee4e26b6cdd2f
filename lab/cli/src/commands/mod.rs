//! The commands, one a module.

mod aws;
pub mod doctor;
mod faults;
mod output;
pub mod run;
pub mod serve;
