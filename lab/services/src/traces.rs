//! The X-Ray daemon: a UDP socket that keeps what it received.
//!
//! A datagram is a line `{"format": "json", "version": 1}`, then a segment or subsegment document
//! (docs.aws.amazon.com/xray, "Sending trace data to AWS X-Ray").

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::net::UdpSocket;
use tokio::sync::Notify;

use crate::Error;
use crate::network::counts::{Counter, Counters};

/// How many documents are kept; then the oldest go.
const KEPT: usize = 10_000;

/// The largest datagram, in bytes: X-Ray takes documents up to 64 kB.
const LARGEST: usize = 64 * 1024;

/// The running daemon.
#[derive(Clone)]
pub struct Traces {
    endpoint: SocketAddr,
    documents: Arc<Mutex<VecDeque<Value>>>,
    arrived: Arc<Notify>,
}

impl Traces {
    pub(crate) async fn start(counters: Arc<Counters>) -> Result<Self, Error> {
        let failed = || Error::io("listening on UDP 127.0.0.1");
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(failed())?;
        let endpoint = socket.local_addr().map_err(failed())?;
        let traces = Self {
            endpoint,
            documents: Arc::default(),
            arrived: Arc::default(),
        };
        tokio::spawn(receive(socket, traces.clone(), counters));
        Ok(traces)
    }

    /// The address for `AWS_XRAY_DAEMON_ADDRESS`.
    pub fn endpoint(&self) -> SocketAddr {
        self.endpoint
    }

    /// Takes the documents that came since the last call, oldest first, 10,000 at most.
    pub fn take(&self) -> Vec<Value> {
        std::mem::take(&mut *self.documents.lock().expect("no holder panics")).into()
    }

    /// Waits until there are at least `count` documents and takes them. One caller at a time.
    pub async fn wait_for(&self, count: usize) -> Vec<Value> {
        while self.documents.lock().expect("no holder panics").len() < count {
            self.arrived.notified().await;
        }
        self.take()
    }
}

async fn receive(socket: UdpSocket, traces: Traces, counters: Arc<Counters>) {
    let mut datagram = vec![0; LARGEST];
    loop {
        // An error here belongs to a single datagram.
        let Ok(length) = socket.recv(&mut datagram).await else {
            continue;
        };
        let Some(document) = parse(&datagram[..length]) else {
            counters.add(Counter::TracesMalformed, 1);
            continue;
        };
        let mut documents = traces.documents.lock().expect("no holder panics");
        if documents.len() == KEPT {
            documents.pop_front();
        }
        documents.push_back(document);
        drop(documents);
        counters.add(Counter::TracesDocuments, 1);
        traces.arrived.notify_one();
    }
}

/// The document of a datagram with a proper header.
fn parse(datagram: &[u8]) -> Option<Value> {
    let end = datagram.iter().position(|byte| *byte == b'\n')?;
    let header: Value = serde_json::from_slice(&datagram[..end]).ok()?;
    if header["format"] != "json" || header["version"] != 1 {
        return None;
    }
    let document: Value = serde_json::from_slice(&datagram[end + 1..]).ok()?;
    document.is_object().then_some(document)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_header_and_a_document_are_accepted() {
        let document = parse(b"{\"format\": \"json\", \"version\": 1}\n{\"id\": \"a\"}\n").unwrap();
        assert_eq!(document["id"], "a");
        for bad in [
            "",
            "{}",
            "{}\n{}",
            "{\"format\":\"json\",\"version\":1}\n",
            "{\"format\":\"json\",\"version\":2}\n{}",
        ] {
            assert!(parse(bad.as_bytes()).is_none(), "{bad:?}");
        }
    }
}
