//! What people read: every table and sentence, built once, as data.
//!
//! - [`section`]: one table, and how it becomes terminal text, Markdown or HTML
//! - [`quantity`], [`steps`]: what is told of a step, and the tables with a step a row
//! - [`tuning`], [`load`], [`ceiling`], [`faults`], [`waterfall`], [`advice`], [`sensitivity`], [`traffic`]: the other tables
//! - [`compare`]: reports on steps, files and leaderboards, and the page that holds everything
//! - [`sentence`]: a comparison in words; [`caption`]: machine, build and limits in words
//! - [`mod@format`]: durations, bytes, rates, money and dates

pub mod advice;
pub mod caption;
pub mod ceiling;
pub mod compare;
pub mod faults;
pub mod format;
pub mod load;
pub mod quantity;
pub mod section;
pub mod sensitivity;
pub mod sentence;
pub mod steps;
pub mod traffic;
pub mod tuning;
pub mod waterfall;
