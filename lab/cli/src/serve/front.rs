//! Connections, and which request is for whom.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::Request;
use hyper::body::{Bytes, Incoming};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use lab_lambda::Service;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::answer::{self, Answer};
use super::{http_api, invoke, switches};
use lab_bench::faults::on_demand::Switches;
use lab_bench::target::Target;
use lab_bench::testbed::Lab;

/// How often environments that are idle for too long are looked for.
const REAP: Duration = Duration::from_secs(10);

/// API Gateway's largest request (docs.aws.amazon.com/apigateway, quotas of HTTP APIs). The Invoke API takes less.
const LARGEST_REQUEST: usize = 10 << 20;

/// What is served.
pub struct Served {
    /// What was asked for.
    pub target: Target,
    /// Its environments.
    pub service: Service,
    /// The neighbours.
    pub lab: Lab,
    /// Their faults.
    pub switches: Switches,
    /// API Gateway's patience.
    pub timeout: Duration,
}

/// The port, and the requests that are under way.
pub struct Front {
    served: Arc<Served>,
    connections: JoinSet<()>,
    stopping: watch::Sender<bool>,
}

impl Front {
    /// A front that has no connections yet.
    pub fn new(served: Served) -> Self {
        Self {
            served: Arc::new(served),
            connections: JoinSet::new(),
            stopping: watch::Sender::new(false),
        }
    }

    /// Takes connections until this future is dropped.
    pub async fn serve(&mut self, listener: &TcpListener) {
        let mut reap = tokio::time::interval(REAP);
        loop {
            tokio::select! {
                accepted = listener.accept() => {
                    // A client that has left already, or a moment without free file descriptors.
                    let Ok((stream, _)) = accepted else { continue };
                    let connection = connection(Arc::clone(&self.served), stream, self.stopping.subscribe());
                    self.connections.spawn(connection);
                }
                _ = reap.tick() => self.served.service.begin_to_reap(),
                Some(_) = self.connections.join_next() => {}
            }
        }
    }

    /// Lets the requests that are under way finish, and ends the environments.
    pub async fn end(mut self) -> Served {
        self.stopping.send_replace(true);
        while self.connections.join_next().await.is_some() {}
        self.served.service.shutdown().await;
        let Ok(served) = Arc::try_unwrap(self.served) else {
            unreachable!("every connection has ended")
        };
        served
    }
}

async fn connection(served: Arc<Served>, stream: TcpStream, mut stopping: watch::Receiver<bool>) {
    // Without it small answers wait for the client's acknowledgement.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| {
        let served = &served;
        async move { Ok::<_, Infallible>(served.answer(request).await) }
    });
    let mut connection =
        pin!(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        _ = stopping.wait_for(|stopping| *stopping) => None,
    };
    if ended.is_none() {
        connection.as_mut().graceful_shutdown();
        // What goes wrong now, the client sees.
        let _ = connection.await;
    }
}

impl Served {
    async fn answer(&self, request: Request<Incoming>) -> Answer {
        let (parts, body) = request.into_parts();
        match Limited::new(body, LARGEST_REQUEST).collect().await {
            Ok(body) => self.route(&parts, body.to_bytes()).await,
            Err(error) if error.is::<LengthLimitError>() => {
                answer::json(413, &json!({"message": "Request Entity Too Large"}))
            }
            Err(error) => answer::json(400, &json!({"message": error.to_string()})),
        }
    }

    async fn route(&self, parts: &Parts, body: Bytes) -> Answer {
        let path = parts.uri.path();
        if let Some(rest) = path.strip_prefix("/_lab/") {
            return switches::answer(self, &parts.method, rest).await;
        }
        match invoke::function_of(path) {
            Some(function) => invoke::answer(self, &function, parts, body).await,
            None => http_api::answer(self, parts, &body).await,
        }
    }
}
