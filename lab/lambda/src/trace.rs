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

    /// The part of a caller's trace that is the function's: its root and its decision, and a segment of the function's own.
    /// `None` if the header names no root. A caller that has not decided leaves it to Lambda, which does not sample here.
    pub fn continued(header: &str) -> Option<Self> {
        let field = |name: &str| {
            let fields = header.split(';').filter_map(|field| field.split_once('='));
            let mut named = fields.filter(|(it, _)| it.trim() == name);
            named.next().map(|(_, value)| value.trim())
        };
        let root = field("Root")?;
        let is_id = |it: &str| !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_hexdigit());
        if root.split('-').count() != 3 || !root.split('-').all(is_id) {
            return None;
        }
        Some(Self {
            root: root.to_owned(),
            ..Self::new(field("Sampled") == Some("1"))
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callers_trace_goes_on() {
        let root = "1-5e34a614-10bd0000f1fb44f07bc535a1";
        let header = format!("Root={root}; Parent=53995c3f42cd8ad8;Sampled=1;Lineage=a:0");
        let trace = TraceHeader::continued(&header).unwrap();
        assert_eq!((trace.root.as_str(), trace.sampled), (root, true));
        assert_ne!(trace.parent, "53995c3f42cd8ad8");
        let undecided = TraceHeader::continued(&format!("Root={root}")).unwrap();
        assert!(!undecided.sampled);
        for odd in ["", "Root=", "Sampled=1", "Root=1-2", "Root=1-x-y"] {
            assert_eq!(TraceHeader::continued(odd), None, "{odd}");
        }
    }
}
