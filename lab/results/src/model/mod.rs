//! What is known and what was measured, as types.
//!
//! - [`facts`]: `data/facts.toml`, every number that the lab models or quotes, with unit, source and date
//! - [`service_facts`]: the ones that the emulated services are built from, as types
//! - [`schema`]: one results file, its sessions, measurements and rounds; [`mod@file`]: reading, merging and saving it
//! - [`conditions`]: machine, build, network and limits of anything that was measured
//! - [`load`]: what became of steps under a rising rate; [`mod@ceiling`]: the rate at which each limit of AWS would bite
//! - [`tuning`]: a step at several memory sizes; [`trace`]: the timeline of one invocation; [`faults`]: the fault matrix
//! - [`advice`]: which chapters are about what was counted of a function
//! - [`sensitivity`]: what the steps would gain over other distances
//! - [`price`]: what a million requests cost; [`leaderboard`]: a result as one line to paste, and the ranking of many
//! - [`step_name`]: what a step's name tells

pub mod advice;
pub mod ceiling;
pub mod conditions;
pub mod facts;
pub mod faults;
pub mod file;
mod file_error;
mod layout;
pub mod leaderboard;
pub mod load;
pub mod price;
pub mod schema;
pub mod sensitivity;
pub mod service_facts;
pub mod step_name;
pub mod trace;
pub mod tuning;
