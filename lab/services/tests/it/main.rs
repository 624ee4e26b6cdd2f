//! The services as a function sees them, with real programs behind them.

mod cache;
mod client;
mod database;
mod faults;
mod https;
mod lab;
mod login;
mod parameters;
mod pinning;
mod processes;
mod services;
mod tls;
mod upstream;
