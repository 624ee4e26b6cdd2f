//! What produces results: functions, the services that they need, and measuring them. The tests use the same code as the
//! commands.
//!
//! | module | what it holds |
//! |---|---|
//! | [`choice`], [`code`] | how a function is named, and what is deployed of it |
//! | [`target`] | what is to be measured |
//! | [`layers`] | what a function's layers hold, and where its processes find it |
//! | [`testbed`] | the services started and filled, functions configured |
//! | [`event`] | what a function is sent, and what must hold for its answers |
//! | [`contract`] | what every step must answer |
//! | [`measure`](mod@measure) | interleaved rounds |
//! | [`timeline`] | the timeline of one invocation |
//! | [`faults`] | every step in every fault, and faults on demand |
//! | [`load`] | requests at a rising rate |
//! | [`aws`] | deployed steps, through their APIs and the AWS CLI |
//! | [`run_directory`], [`machine`], [`log`] | this machine, the folder of one run, what functions write |

pub mod aws;
pub mod choice;
pub mod clock;
pub mod code;
pub mod contract;
pub mod event;
pub mod faults;
pub mod layers;
pub mod load;
pub mod log;
pub mod machine;
pub mod measure;
pub mod run_directory;
mod runtime;
pub mod target;
pub mod testbed;
pub mod timeline;
mod upstream;
