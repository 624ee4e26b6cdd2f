//! What every step needs and no step is about.
//!
//! - [`rds::token`]: the password of a database user that authenticates by IAM.
//! - [`Telemetry`] and [`Invocation`]: deadlines for calls to services, X-Ray subsegments, metrics in the embedded
//!   metric format (EMF).
//! - [`log`]: log lines in JSON.
//!
//! The crate reads nothing but the environment variables that Lambda sets, and knows no runtime crate.

#![forbid(unsafe_code)]

mod emf;
mod invocation;
pub mod log;
pub mod rds;
mod telemetry;
mod xray;

pub use invocation::{Elapsed, Invocation};
pub use telemetry::Telemetry;

/// Any error, ready to cross tasks: the steps only ever log it.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// An environment variable that Lambda always sets.
///
/// # Errors
///
/// The variable is missing or is not UTF-8.
pub fn variable(name: &'static str) -> Result<String, BoxError> {
    std::env::var(name)
        .map_err(|error| format!("environment variable {name}: {error}; Lambda sets it").into())
}
