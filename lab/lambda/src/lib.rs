//! The emulated Lambda service: a function, its execution environments and their REPORT lines.
//!
//! | module | what it holds |
//! |---|---|
//! | [`function`] | what is configured: memory, timeout, bootstrap, extensions, variables |
//! | [`environment`] | one execution environment: init phase, invocations, freeze, reset, shutdown |
//! | [`service`] | many environments of one function: one request each, reused when idle |
//! | [`scaling`] | when the service starts another environment, and when it refuses |
//! | [`event`] | API Gateway's payload format 2.0, both ways |
//! | [`report`] | the REPORT line in AWS's exact form, written and read |
//! | [`limits`] | CPU share and memory limit through cgroup v1 or v2 |
//! | [`platform`] | the rules of the service, and how this machine enforces them |
//! | [`placement`] | which CPUs the function and the lab run on |
//!
//! Nothing here knows what a function talks to: neighbours are another crate's business. Linux only: the limits are
//! cgroups and the freeze reads `/proc`.

mod client;
mod delivery;
pub mod environment;
pub mod event;
mod exchange;
mod failure;
mod freezer;
pub mod function;
mod init;
mod invocation;
pub mod limits;
mod logs;
pub mod placement;
pub mod platform;
mod process;
mod processes;
mod refusal;
mod registered;
pub mod report;
mod runtime_api;
pub mod scaling;
pub mod service;
pub mod trace;
mod variables;

pub use client::client_response;
pub use environment::Environment;
pub use failure::{Exit, Failure};
pub use function::{Credentials, Extension, Function};
pub use init::StartError;
pub use invocation::{CpuUsage, InitReport, Invocation, Outcome};
pub use limits::Limits;
pub use logs::LogLine;
pub use placement::Placement;
pub use platform::Platform;
pub use report::{Report, ReportError, Status};
pub use scaling::Scaling;
pub use service::{Refused, Served, Service, Start};
pub use trace::TraceHeader;
