//! What the lab knows and what it measured: constants, results, statistics, prices and charts.
//!
//! - [`facts`]: `data/facts.toml`, every number that the lab models or quotes, with unit, source and date
//! - [`constants`]: the ones that the emulated services are built from, as types
//! - [`schema`]: one results file, its sessions, measurements and rounds
//! - [`mod@file`]: reading, merging and saving such a file
//! - [`stats`]: percentiles and summaries; [`interval`]: how far they can be trusted
//! - [`load`]: what became of steps under a rising rate
//! - [`mod@ceiling`]: the rate at which each limit of AWS would bite, computed
//! - [`price`]: what a million requests cost
//! - [`tuning`]: a step at several memory sizes; [`trace`]: the timeline of one invocation; [`conditions`] of both
//! - [`room`]: a result as one line to paste, and the ranking of many
//! - [`step_name`]: what a step's name tells
//! - [`chart`]: pictures as SVG: ladder, distribution, tuning, waterfall, ramp; [`scale`]: the logarithmic scale of the bars, in the SVG and on a terminal
//! - [`mod@format`]: durations, bytes, money and dates for people
//!
//! Nothing here starts a process, opens a socket or reads a clock: the lab and the book both compute with it, and the
//! same file always gives the same output.

mod caption;
pub mod ceiling;
pub mod chart;
pub mod conditions;
pub mod constants;
pub mod facts;
pub mod faults;
pub mod file;
mod file_error;
pub mod format;
pub mod interval;
mod layout;
pub mod load;
pub mod price;
pub mod room;
pub mod scale;
pub mod schema;
pub mod stats;
pub mod step_name;
pub mod trace;
pub mod tuning;
