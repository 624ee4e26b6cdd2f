//! Connections: as many as a room needs, and none that only waits.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};

use super::admission::Peer;
use super::locked;

/// Open connections: of all, below the 1024 files that a process usually may open, and of one address.
const CONNECTIONS: usize = 900;
const OF_ONE_ADDRESS: usize = 400;

/// A request's head is there within this time.
const SLOWEST: Duration = Duration::from_secs(10);

/// After a connection could not be taken, such as for want of files.
const PAUSE: Duration = Duration::from_millis(100);

const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain\r\nconnection: close\r\nretry-after: 5\r\n\r\n\
    the board has as many connections open as it can: close pages that nobody looks at\n";

/// Open connections of each address.
#[derive(Default)]
struct Open(Mutex<HashMap<IpAddr, usize>>);

/// One of them, until it is dropped.
struct Place {
    open: Arc<Open>,
    address: IpAddr,
}

impl Open {
    fn place(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let mut open = locked(&self.0);
        let all: usize = open.values().sum();
        let own = open.entry(address).or_default();
        if all >= CONNECTIONS || *own >= OF_ONE_ADDRESS {
            return None;
        }
        *own += 1;
        let open = Arc::clone(self);
        Some(Place { open, address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = locked(&self.open.0);
        if let Some(own) = open.get_mut(&self.address) {
            *own -= 1;
            if *own == 0 {
                open.remove(&self.address);
            }
        }
    }
}

/// Answers until it is dropped.
pub async fn serve(router: Router, listener: TcpListener) {
    let open = Arc::new(Open::default());
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let address = peer.ip().to_canonical();
        let place = open.place(address);
        tokio::spawn(connection(router.clone(), stream, address, place));
    }
}

async fn connection(router: Router, mut stream: TcpStream, address: IpAddr, place: Option<Place>) {
    if place.is_none() {
        // A client that does not read it does without.
        let _ = tokio::time::timeout(SLOWEST, stream.write_all(FULL)).await;
        return;
    }
    // Without it small answers wait for the client's acknowledgement.
    let _ = stream.set_nodelay(true);
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(address));
        router.call(request)
    });
    // A connection that breaks off is the client's to notice.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(SLOWEST)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}
