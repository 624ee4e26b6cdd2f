//! The lab's commands and the measuring behind them. The tests use the same code as the commands.
//!
//! | module | what it holds |
//! |---|---|
//! | [`workspace`], [`target`] | the steps as their manifests describe them; what is to be measured |
//! | [`builder`], [`clean_clone`] | building each package alone; how long that took elsewhere |
//! | [`lab`](mod@lab) | the neighbours started and filled, functions configured |
//! | [`contract`] | what every step must answer |
//! | [`measure`] | interleaved rounds |
//! | [`compare`] | steps, results files, a room of people |
//! | [`tracing`] | the timeline of one invocation |
//! | [`faults`] | every step in every fault, and faults on demand |
//! | [`serve`] | a step behind a port |
//! | [`load`] | requests at a rising rate, and the ceiling |
//! | [`aws`] | deployed steps, through their APIs and the AWS CLI |
//! | [`own_step`] | a reader's own step, copied from one of the ladder |
//! | [`log`], [`table`], [`progress`] | what a person sees |
//! | [`run_directory`], [`scope`], [`programs`], [`machine`], [`interrupt`] | this machine |

pub mod aws;
pub mod builder;
pub mod clean_clone;
pub mod clock;
pub mod commands;
pub mod compare;
pub mod contract;
pub mod faults;
pub mod interrupt;
pub mod lab;
pub mod load;
pub mod log;
pub mod machine;
pub mod measure;
pub mod own_step;
pub mod programs;
pub mod progress;
pub mod run_directory;
pub mod scope;
pub mod serve;
pub mod table;
pub mod target;
pub mod tracing;
pub mod workspace;
