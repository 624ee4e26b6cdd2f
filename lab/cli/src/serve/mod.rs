//! A step behind a port of this machine: `GET /` as an HTTP API would pass it on, Lambda's Invoke API, and switches for
//! faults.
//!
//! | module | what it holds |
//! |---|---|
//! | [`listener`] | connections, and which request is for whom |
//! | [`http_api`] | what API Gateway does |
//! | [`invoke`] | Lambda's Invoke API |
//! | [`switches`] | `PUT /_lab/faults/cache=down` |

mod answer;
mod http_api;
mod invoke;
pub mod listener;
mod switches;

pub use listener::{Served, serve};
