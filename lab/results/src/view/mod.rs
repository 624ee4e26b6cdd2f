//! What people read of it: tables, sentences, numbers.

pub(crate) mod caption;
pub mod format;
