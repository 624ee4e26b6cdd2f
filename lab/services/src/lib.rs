//! The backing services of the function, real where a real one exists, and the network to each.
//!
//! | module | what it holds |
//! |---|---|
//! | [`services`] | all of them, started and stopped together on a thread of their own |
//! | [`database`] | PostgreSQL behind a proxy that behaves like RDS Proxy |
//! | [`cache`] | Valkey or Redis behind a relay that behaves like ElastiCache with TLS |
//! | [`parameters`] | Parameter Store: parameters, secrets, one quota |
//! | [`upstream`] | a further party that answers every request alike |
//! | [`traces`] | the X-Ray daemon, which keeps what it received |
//! | [`network`] | how far away they are, what arrives late, and what is counted |
//! | `process` | the programs: found on the machine or a private copy, started, suspended and ended |
//!
//! Nothing here knows Lambda. Linux only: timerfd waits, and the kernel ends the programs when the lab dies.

pub mod cache;
mod certificates;
mod credentials;
pub mod database;
mod error;
pub mod network;
pub mod parameters;
mod process;
pub mod services;
pub mod traces;
pub mod upstream;

pub use certificates::TrustAnchors;
pub use credentials::{Credentials, REGION};
pub use error::Error;
pub use network::counts::{Counter, Counts};
pub use network::delay::pause;
pub use network::delay_check::measure_delays;
pub use network::{Link, Network, Wait};
pub use process::account::can_reach;
pub use process::programs::{self, Plan, Programs, Search};
pub use services::{Options, Services};
