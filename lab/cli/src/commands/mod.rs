//! The commands, one a module.

pub mod doctor;
pub mod run;
