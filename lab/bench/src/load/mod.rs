//! Load: requests that arrive whether or not the last ones were answered, and what became of them.
//!
//! | module | what it holds |
//! |---|---|
//! | [`strategy`] | what is sent and when, in Artillery's format |
//! | [`client`] | how a request reaches what is loaded, and whether an answer is right |
//! | [`http`] | the same over HTTP, connections reused |
//! | [`send`](mod@send) | the open loop |
//! | [`summary`](mod@summary) | samples put together |
//! | [`emulated`], [`remote`] | a step in the emulated service; a URL, a deployed step |

pub mod client;
pub mod emulated;
pub mod http;
pub mod remote;
pub mod send;
pub mod strategy;
pub mod summary;

pub use strategy::Strategy;
