//! A step behind a port of this machine: `GET /` as an HTTP API would pass it on, Lambda's Invoke API, and switches for
//! faults.
//!
//! | module | what it holds |
//! |---|---|
//! | [`http_api`] | what API Gateway does |
//! | [`lambda_api`], [`invoke`] | Lambda's Invoke API |
//! | [`stream`], [`event_stream`] | answers that are passed on as they come |
//! | [`switches`] | `PUT /_lab/faults/cache=down` |

mod event_stream;
mod http_api;
mod invoke;
mod lambda_api;
mod stream;
mod switches;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::http::request::Parts;
use axum::http::{Response, StatusCode};
use axum::serve::ListenerExt as _;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use lab_bench::faults::on_demand::Switches;
use lab_bench::target::Target;
use lab_bench::testbed::Testbed;
use lab_lambda::Service;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use self::invoke::Way;
use self::lambda_api::Operation;

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
    /// The services that it talks to.
    pub lab: Testbed,
    /// Their faults.
    pub switches: Switches,
    /// After this time API Gateway answers instead of the function.
    pub timeout: Duration,
}

/// Takes connections until `stop` is ready, and lets the requests that are under way finish.
pub async fn serve(
    served: &Arc<Served>,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let router = Router::new()
        .fallback(
            async |State(served): State<Arc<Served>>, request: Request| {
                served.answer(request).await
            },
        )
        .with_state(Arc::clone(served));
    // Without it small answers wait for the client's acknowledgement.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    let serving = axum::serve(listener, router).with_graceful_shutdown(stop);
    let reap = async {
        let mut often = tokio::time::interval(REAP);
        loop {
            often.tick().await;
            served.service.begin_to_reap();
        }
    };
    tokio::select! {
        ended = serving.into_future() => ended,
        never = reap => never,
    }
}

impl Served {
    async fn answer(self: &Arc<Self>, request: Request<Body>) -> Answer {
        let (parts, body) = request.into_parts();
        match Limited::new(body, LARGEST_REQUEST).collect().await {
            Ok(body) => self.route(&parts, body.to_bytes()).await,
            Err(error) if error.is::<LengthLimitError>() => {
                json_answer(413, &json!({"message": "Request Entity Too Large"}))
            }
            Err(error) => json_answer(400, &json!({"message": error.to_string()})),
        }
    }

    async fn route(self: &Arc<Self>, parts: &Parts, body: Bytes) -> Answer {
        let path = parts.uri.path();
        if let Some(rest) = path.strip_prefix("/_lab/") {
            return switches::answer(self, &parts.method, rest).await;
        }
        let (way, function) = match lambda_api::operation(path) {
            None => return http_api::answer(self, parts, &body).await,
            Some(Operation::Other) => return lambda_api::not_there(parts),
            Some(Operation::Invoke(function)) => (Way::Whole, function),
            Some(Operation::InvokeWithResponseStream(function)) => (Way::Streamed, function),
        };
        invoke::answer(self, (way, &function), parts, body).await
    }
}

type Answer = Response<Body>;

fn json_answer(status: u16, body: &Value) -> Answer {
    let mut answer = text_answer(status, body.to_string());
    let kind = HeaderValue::from_static("application/json");
    answer.headers_mut().insert(CONTENT_TYPE, kind);
    answer
}

fn text_answer(status: u16, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Body::from(body.into()));
    *answer.status_mut() = status.try_into().unwrap_or(StatusCode::BAD_GATEWAY);
    answer
}
