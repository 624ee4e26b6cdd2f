//! The emulated service around real processes that behave as they are told: `examples/bootstrap.rs` is the runtime,
//! `examples/extension.rs` the extension.

mod edges;
mod environment;
mod golden;
mod scaling;
mod streaming;
mod support;
mod table;
