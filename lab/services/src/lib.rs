//! The neighbours of the function, real where a real one exists, and the network to each.
//!
//! | module | what it holds |
//! |---|---|
//! | [`services`] | all of them, started and stopped together on a thread of their own |
//! | [`programs`] | PostgreSQL and Valkey or Redis: found on the machine, else a private copy |
//! | [`database`] | PostgreSQL behind a front that behaves like RDS Proxy |
//! | [`cache`] | Valkey or Redis behind a front that behaves like ElastiCache with TLS |
//! | [`parameters`] | Parameter Store: parameters with versions, labels and secrets, one quota |
//! | [`traces`] | the X-Ray daemon, which keeps what it received |
//! | [`network`] | how far away they are |
//! | [`counts`] | what the fronts have seen |
//! | [`delay_check`] | whether delays are as long as they should be on this machine |
//!
//! Nothing here knows Lambda. Linux only: timerfd waits, and the kernel ends the programs when the lab dies.

mod account;
pub mod cache;
mod certificates;
pub mod counts;
pub mod database;
mod delay;
pub mod delay_check;
mod error;
mod front;
mod identity;
pub mod network;
pub mod parameters;
mod process;
pub mod programs;
pub mod services;
mod suspension;
mod thread;
pub mod traces;

pub use account::can_reach;
pub use certificates::TrustAnchors;
pub use counts::{Counter, Counts};
pub use delay::pause;
pub use delay_check::measure_delays;
pub use error::Error;
pub use identity::{Credentials, REGION};
pub use network::{Link, Network};
pub use programs::{Plan, Programs, Search};
pub use services::{Options, Services};
