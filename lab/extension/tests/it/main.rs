//! The extension's process between a small Runtime API and the lab's Parameter Store.

mod environment;
#[allow(dead_code, reason = "the services' own tests use all of it")]
#[path = "../../../services/tests/it/lab.rs"]
mod lab;
mod lifecycle;
mod settings;
