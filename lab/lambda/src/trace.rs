//! The X-Ray trace header that Lambda hands to the runtime with each invocation.

use std::fmt;

use crate::clock::since_epoch;

/// `Root=1-…;Parent=…;Sampled=0|1`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceHeader {
    /// `1-` + 8 hex digits of the epoch second + `-` + 24 hex digits
    pub root: String,
    /// The id of the function's segment: 16 hex digits.
    pub parent: String,
    /// Whether the platform decided to keep this trace.
    pub sampled: bool,
}

impl TraceHeader {
    /// A new trace.
    pub fn new(sampled: bool) -> Self {
        let now = since_epoch().as_secs();
        let random = fastrand::u128(..);
        Self {
            root: format!("1-{now:08x}-{:024x}", random >> 32),
            parent: format!("{:016x}", fastrand::u64(1..)),
            sampled,
        }
    }
}

impl fmt::Display for TraceHeader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "Root={};Parent={};Sampled={}",
            self.root,
            self.parent,
            u8::from(self.sampled)
        )
    }
}
