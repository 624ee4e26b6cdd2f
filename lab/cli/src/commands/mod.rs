//! The commands, one a module.

mod aws;
pub mod compare;
pub mod doctor;
mod faults;
pub mod load;
pub mod new;
mod output;
mod ready;
pub mod run;
pub mod serve;
pub mod trace;
pub mod tune;
