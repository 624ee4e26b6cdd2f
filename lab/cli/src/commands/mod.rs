//! The commands, one a module.

pub mod doctor;
mod faults;
pub mod run;
