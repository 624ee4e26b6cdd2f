//! X-Ray: the phases of one invocation as one subsegment with subsegments of its own, in one datagram.

use std::hash::{BuildHasher as _, RandomState};
use std::net::UdpSocket;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

/// What the daemon expects before each document.
const HEADER: &str = "{\"format\":\"json\",\"version\":1}\n";

/// The subsegment that holds the others.
const NAME: &str = "handler";

/// The phases of one sampled invocation so far.
pub(crate) struct Trace<'a> {
    daemon: &'a UdpSocket,
    root: String,
    parent: String,
    start: f64,
    phases: Vec<Phase>,
}

/// One phase: when it ran (seconds since 1970-01-01 UTC) and whether it failed.
struct Phase {
    name: &'static str,
    start: f64,
    end: f64,
    fault: bool,
}

impl<'a> Trace<'a> {
    /// A trace when `header`, Lambda's `Root=...;Parent=...;Sampled=1`, says that this invocation is sampled.
    pub(crate) fn sampled(header: &str, daemon: &'a UdpSocket) -> Option<Self> {
        let field = |name: &str| {
            header
                .split(';')
                .find_map(|field| field.trim().strip_prefix(name)?.strip_prefix('='))
        };
        if field("Sampled") != Some("1") {
            return None;
        }
        let (root, parent) = (field("Root")?.to_owned(), field("Parent")?.to_owned());
        Some(Self {
            daemon,
            root,
            parent,
            start: now(),
            phases: Vec::with_capacity(8),
        })
    }

    /// Adds a phase that started at `start` and ends now.
    pub(crate) fn phase(&mut self, name: &'static str, start: f64, fault: bool) {
        self.phases.push(Phase {
            name,
            start,
            end: now(),
            fault,
        });
    }

    /// Sends the document; whether the invocation as a whole failed is `fault`.
    pub(crate) fn send(&self, fault: bool) {
        let sent = self
            .document(now(), fault, || {
                format!("{:016x}", RandomState::new().hash_one(()))
            })
            .map_err(std::io::Error::from)
            .and_then(|document| self.daemon.send(document.as_bytes()));
        // A lost trace is no reason to fail a request.
        if let Err(error) = sent {
            tracing::debug!(%error, "the X-Ray daemon took no document");
        }
    }

    fn document(
        &self,
        end: f64,
        fault: bool,
        mut id: impl FnMut() -> String,
    ) -> serde_json::Result<String> {
        let document = Subsegment {
            name: NAME,
            id: id(),
            start_time: self.start,
            end_time: end,
            fault,
            root: Some(Root {
                r#type: "subsegment",
                trace_id: &self.root,
                parent_id: &self.parent,
            }),
            subsegments: self
                .phases
                .iter()
                .map(|phase| Subsegment {
                    name: phase.name,
                    id: id(),
                    start_time: phase.start,
                    end_time: phase.end,
                    fault: phase.fault,
                    root: None,
                    subsegments: Vec::new(),
                })
                .collect(),
        };
        Ok(HEADER.to_owned() + &serde_json::to_string(&document)?)
    }
}

/// Seconds since 1970-01-01 UTC.
pub(crate) fn now() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs_f64()
}

#[derive(Serialize)]
struct Subsegment<'a> {
    name: &'static str,
    id: String,
    start_time: f64,
    end_time: f64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    fault: bool,
    #[serde(flatten)]
    root: Option<Root<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    subsegments: Vec<Subsegment<'a>>,
}

/// What ties the outer subsegment to the segment that Lambda itself makes for the function.
#[derive(Serialize)]
struct Root<'a> {
    r#type: &'static str,
    trace_id: &'a str,
    parent_id: &'a str,
}

#[cfg(test)]
mod tests;
