//! The emulated Lambda service: a function, its execution environments and their REPORT lines.
//!
//! | module | what it holds |
//! |---|---|
//! | `function`, `platform` | what is configured: by the function's owner, by the service for an account in a Region |
//! | `service` | many environments of one function: one request each, reused when idle |
//! | [`scaling`] | when the service starts another environment, and when it throttles |
//! | `environment` | one execution environment: init phase, invocations, freeze, reset, shutdown |
//! | `runtime_api` | the HTTP server that its processes talk to: Runtime API and Extensions API |
//! | [`limits`] | CPU share and memory limit through cgroup v1 or v2, CPUs, stale control groups |
//! | `report` | the REPORT line in AWS's exact form, written and read |
//! | [`api_gateway`] | an HTTP API in front of the function: its event, its client's answer |
//!
//! Nothing here knows what a function talks to: backing services are another crate's business. Linux only: the limits are
//! cgroups and the freeze reads `/proc`.

pub mod api_gateway;
mod clock;
mod environment;
mod function;
pub mod limits;
mod platform;
mod procfs;
mod report;
mod runtime_api;
pub mod scaling;
mod service;
mod trace;
mod variables;

pub use api_gateway::client_response;
pub use environment::{
    CpuUsage, Environment, Exit, Failure, InitReport, Invocation, OPT, Outcome, Request,
    StartError, cpu_share_got, opt_can_be_bound,
};
pub use function::{Extension, Function, LISTENER_VARIABLE, LogLine, LogSink};
pub use limits::{Cgroups, Placement};
pub use platform::{Credentials, Platform};
pub use procfs::CpuTicks;
pub use report::{Report, ReportError, Status};
pub use runtime_api::{ReportedError, StreamPart};
pub use scaling::Scaling;
pub use service::{InvokeError, Served, Service, Start};
pub use trace::TraceHeader;
