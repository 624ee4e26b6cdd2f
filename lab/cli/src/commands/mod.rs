//! The commands, one a module.

mod arguments;
pub mod aws;
pub mod board;
pub mod ceiling;
pub mod compare;
pub mod doctor;
pub mod faults;
pub mod load;
pub mod moved;
pub mod new;
mod output;
mod ready;
pub mod run;
pub mod serve;
pub mod trace;
pub mod tune;
