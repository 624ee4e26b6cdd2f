//! What the lab knows and what it measured: facts, results, statistics, tables and pictures.
//!
//! - [`model`]: `data/facts.toml` and the results files, as types, and what is computed from them
//! - [`stats`]: percentiles and summaries, how far they can be trusted, scales
//! - [`view`]: every table and sentence, as data, and how it becomes terminal text, Markdown or HTML
//! - [`chart`]: pictures as SVG
//!
//! Nothing here starts a process, opens a socket or reads a clock: the lab and the book both compute with it, and the
//! same file always gives the same output.

pub mod chart;
pub mod model;
pub mod stats;
pub mod view;

pub use model::{
    advice, ceiling, conditions, facts, faults, file, leaderboard, load, price, schema,
    sensitivity, service_facts, step_name, trace, tuning,
};
pub use stats::{interval, scale};
pub use view::format;
