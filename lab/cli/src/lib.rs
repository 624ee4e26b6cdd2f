//! The commands, and everything that a person sees of them.
//!
//! | module | what it holds |
//! |---|---|
//! | [`commands`] | a command each |
//! | [`compare`] | steps, results files, a room of people |
//! | [`serve`] | a step behind a port |
//! | [`table`] | what a person sees |
//! | [`scope`], [`programs`], [`interrupt`] | this machine |

pub mod commands;
pub mod compare;
pub mod interrupt;
pub mod programs;
pub mod scope;
pub mod serve;
pub mod table;
