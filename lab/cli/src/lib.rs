//! The commands, and everything that a person sees of them.
//!
//! | module | what it holds |
//! |---|---|
//! | [`commands`] | a command each |
//! | [`board`] | a room's results, live |
//! | [`serve`] | a step behind a port |
//! | [`scope`], [`programs`], [`interrupt`] | this machine |

pub mod board;
pub mod commands;
pub mod interrupt;
pub mod programs;
pub mod scope;
pub mod serve;
