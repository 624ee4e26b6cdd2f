//! The commands, one a module.

mod aws;
pub mod doctor;
mod faults;
pub mod load;
mod output;
pub mod run;
pub mod serve;
