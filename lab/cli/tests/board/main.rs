//! `cargo lab board` from the outside: the real program on a port of its own, what a room does with it, and an open page in a
//! real browser.

mod browser;
mod page;
mod refusals;
mod room;
mod support;
