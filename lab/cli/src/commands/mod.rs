//! The commands, one a module.

mod aws;
pub mod doctor;
mod faults;
pub mod new;
mod output;
pub mod run;
