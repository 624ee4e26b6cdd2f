//! A further party that a function calls over plain HTTP: it answers every request alike, after its own delay. No distance
//! is modelled to it, since the delay holds that too.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::task::{JoinHandle, JoinSet};

use crate::Error;
use crate::network::counts::{Counter, Counters};
use crate::network::delay::{Delayed, pause};
use crate::network::{Link, LiveLink, Wait};

/// What an upstream answers.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The header `content-type`.
    pub content_type: &'static str,
    /// The body.
    pub body: Bytes,
    /// From the request to the answer.
    pub delay: Duration,
}

/// A running upstream, which ends when it is dropped.
pub struct Upstream {
    address: SocketAddr,
    shared: Arc<Shared>,
    serving: Mutex<Option<JoinHandle<()>>>,
    runtime: Handle,
}

struct Shared {
    answer: Answer,
    /// Instead of the answer's status, unless it is 0.
    status: AtomicU16,
    link: Arc<LiveLink>,
    counters: Arc<Counters>,
}

impl Upstream {
    /// Starts it on a free port of 127.0.0.1, on the event loop `runtime`.
    pub(crate) async fn start(
        answer: Answer,
        counters: Arc<Counters>,
        runtime: Handle,
    ) -> Result<Self, Error> {
        let delay = answer.delay;
        let shared = Arc::new(Shared {
            answer,
            status: AtomicU16::new(0),
            link: Arc::default(),
            counters,
        });
        let (address, serving) = serve(&runtime, (Ipv4Addr::LOCALHOST, 0).into(), &shared).await?;
        let upstream = Self {
            address,
            shared,
            serving: Mutex::new(Some(serving)),
            runtime,
        };
        upstream.set_delay(delay);
        Ok(upstream)
    }

    /// Where it listens, also after a restart.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From a request to its answer, as it was started.
    pub fn delay(&self) -> Duration {
        self.shared.answer.delay
    }

    /// Answers later or sooner from now on.
    pub fn set_delay(&self, delay: Duration) {
        self.shared.link.set(Link {
            service_time: delay,
            ..Link::default()
        });
    }

    /// Answers every request with this status, and without its body; `None`: as it was started.
    pub fn fail_with(&self, status: Option<u16>) {
        let status = status.unwrap_or_default();
        self.shared.status.store(status, Ordering::Relaxed);
    }

    /// Closes the port and all connections.
    pub async fn stop(&self) {
        let serving = self.serving.lock().expect("no holder panics").take();
        if let Some(serving) = serving {
            serving.abort();
            // Aborted is what it is to be.
            let _ = serving.await;
        }
    }

    /// Takes every fault away, and listens at the same address again if it has been stopped.
    pub async fn restore(&self) -> Result<(), Error> {
        self.fail_with(None);
        self.set_delay(self.shared.answer.delay);
        if self.serving.lock().expect("no holder panics").is_some() {
            return Ok(());
        }
        let (_, serving) = serve(&self.runtime, self.address, &self.shared).await?;
        *self.serving.lock().expect("no holder panics") = Some(serving);
        Ok(())
    }

    /// Takes the waits of its clients since the last call: see [`crate::Services::take_waits`].
    pub fn take_waits(&self) -> Vec<Wait> {
        self.shared.link.take_waits()
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        if let Ok(serving) = self.serving.get_mut()
            && let Some(serving) = serving
        {
            serving.abort();
        }
    }
}

/// Listens, and serves until it is aborted: connections end with it.
async fn serve(
    runtime: &Handle,
    address: SocketAddr,
    shared: &Arc<Shared>,
) -> Result<(SocketAddr, JoinHandle<()>), Error> {
    let failed = || Error::io(format!("listening on {address} for an upstream"));
    let bound = runtime.spawn(TcpListener::bind(address)).await;
    let listener = bound
        .map_err(std::io::Error::other)
        .map_err(failed())?
        .map_err(failed())?;
    let address = listener.local_addr().map_err(failed())?;
    Ok((address, runtime.spawn(accept(listener, Arc::clone(shared)))))
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    // Without a file descriptor left it ends: the lab's other services say so.
    while let Ok((stream, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        let Ok(stream) = Delayed::new(stream, Arc::clone(&shared.link)) else {
            continue;
        };
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            let service = service_fn(|request| shared.respond(request));
            // A connection that breaks off is the client's to notice.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

impl Shared {
    async fn respond(
        &self,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, Infallible> {
        // What was sent does not matter, only that it has been read.
        let _ = request.into_body().collect().await;
        let delay = self.link.get().service_time;
        self.counters.add(Counter::UpstreamsRequests, 1);
        let us = u64::try_from(delay.as_micros()).unwrap_or(u64::MAX);
        self.counters.add(Counter::UpstreamsDelayUs, us);
        // Without the timer there is no delay, and an answer all the same.
        let _ = pause(delay).await;
        let status = self.status.load(Ordering::Relaxed);
        let (status, body) = if status == 0 {
            (self.answer.status, self.answer.body.clone())
        } else {
            (status, Bytes::new())
        };
        let mut response = Response::new(Full::new(body));
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
        let kind = HeaderValue::from_static(self.answer.content_type);
        response.headers_mut().insert(CONTENT_TYPE, kind);
        Ok(response)
    }
}
