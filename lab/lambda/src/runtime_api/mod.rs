//! The HTTP server that the processes of one environment talk to: the Runtime API (2018-06-01) and the Extensions API
//! (2020-01-01), as docs.aws.amazon.com/lambda describes them.

mod exchange;
mod messages;
mod registered;
mod response;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::Request;
use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

use crate::function::ACCOUNT_ID;
use messages::{ApiError, ApiResponse, json, with_body};

pub(crate) use exchange::{Exchange, Identity};
pub(crate) use messages::{InvokeEvent, new_id, shutdown_event};
pub use messages::{ReportedError, StreamPart};
pub(crate) use registered::MOST_EXTENSIONS;

/// The headers that may carry the type of a reported error.
const RUNTIME_ERROR_TYPE: &str = "lambda-runtime-function-error-type";
const EXTENSION_ERROR_TYPE: &str = "lambda-extension-function-error-type";

/// Where an extension subscribes to log lines and to what the platform does, and the API's name. The lab delivers neither.
const SUBSCRIPTIONS: [(&str, &str); 2] = [
    ("/2020-08-15/logs", "Logs"),
    ("/2022-07-01/telemetry", "Telemetry"),
];

/// The pause after a connection that could not be taken. Without file descriptors the kernel reports the same error at
/// once, until a connection ends.
const PAUSE: Duration = Duration::from_millis(10);

/// Serves until the handle is aborted; then every connection is dropped with it.
pub(crate) fn serve(listener: TcpListener, exchange: Arc<Exchange>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            // Without it the kernel may hold back the second of two small writes for 40 ms.
            let _ = stream.set_nodelay(true);
            let exchange = Arc::clone(&exchange);
            let service = service_fn(move |request| {
                let exchange = Arc::clone(&exchange);
                async move {
                    let answer = route(request, &exchange).await;
                    Ok::<_, Infallible>(answer.unwrap_or_else(response))
                }
            });
            connections.spawn(async move {
                // A process that dies or is killed closes its connections in every way there is.
                let _ = http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
            while connections.try_join_next().is_some() {}
        }
    })
}

async fn route(
    request: Request<Incoming>,
    exchange: &Arc<Exchange>,
) -> Result<ApiResponse, ApiError> {
    let (head, body) = request.into_parts();
    let path = head.uri.path().to_owned();
    let call = Call {
        head,
        body,
        exchange,
    };
    if let Some(path) = path.strip_prefix("/2018-06-01/runtime/") {
        return call.of_runtime(path).await;
    }
    if let Some(path) = path.strip_prefix("/2020-01-01/extension/") {
        return call.of_extension(path).await;
    }
    let subscribes = call.head.method == hyper::Method::PUT;
    if let Some((_, api)) = SUBSCRIPTIONS.iter().find(|it| subscribes && it.0 == path) {
        call.read().await?;
        return Ok(not_supported(api));
    }
    Err(ApiError::unknown_call(&call.head.method, &path))
}

struct Call<'a> {
    head: Parts,
    body: Incoming,
    exchange: &'a Arc<Exchange>,
}

impl Call<'_> {
    async fn of_runtime(self, path: &str) -> Result<ApiResponse, ApiError> {
        let parts: Vec<&str> = path.split('/').collect();
        let exchange = self.exchange;
        match (self.head.method.as_str(), &parts[..]) {
            ("GET", ["invocation", "next"]) => return next(exchange.runtime_asks()).await,
            ("POST", ["invocation", request_id, "response"]) => {
                let request_id = (*request_id).to_owned();
                self.response(&request_id).await?;
            }
            ("POST", ["invocation", request_id, "error"]) => {
                let error = self.reported(RUNTIME_ERROR_TYPE).await?;
                exchange.answer(request_id, Err(error))?;
            }
            ("POST", ["init", "error"]) => {
                exchange.runtime_init_failed(self.reported(RUNTIME_ERROR_TYPE).await?)?;
            }
            _ => return Err(ApiError::unknown_call(&self.head.method, path)),
        }
        Ok(accepted())
    }

    async fn of_extension(self, path: &str) -> Result<ApiResponse, ApiError> {
        let exchange = self.exchange;
        match (self.head.method.as_str(), path) {
            ("POST", "register") => self.register().await,
            ("GET", "event/next") => next(exchange.extension_asks(self.identifier()?)?).await,
            ("POST", "init/error" | "exit/error") => {
                let id = self.identifier()?.to_owned();
                self.header(EXTENSION_ERROR_TYPE)
                    .ok_or_else(ApiError::no_error_type)?;
                exchange.extension_failed(&id, self.reported(EXTENSION_ERROR_TYPE).await?)?;
                Ok(accepted())
            }
            _ => Err(ApiError::unknown_call(&self.head.method, path)),
        }
    }

    async fn register(self) -> Result<ApiResponse, ApiError> {
        #[derive(Deserialize)]
        struct Registration {
            events: Option<Vec<String>>,
        }
        let exchange = self.exchange;
        let name = self.header("lambda-extension-name");
        let name = name.ok_or_else(ApiError::no_extension_name)?.to_owned();
        let features = self.header("lambda-extension-accept-feature");
        let wants_account =
            features.is_some_and(|features| features.split(',').any(|it| it.trim() == "accountId"));
        let Registration { events } = serde_json::from_slice(&self.read().await?)
            .map_err(|error| ApiError::invalid_registration(&error))?;
        let id = exchange.register(&name, &events.unwrap_or_default())?;
        let mut known = serde_json::json!({
            "functionName": exchange.identity.function_name,
            "functionVersion": "$LATEST",
            "handler": "bootstrap",
        });
        if wants_account {
            known["accountId"] = ACCOUNT_ID.into();
        }
        let head = json(200).header("lambda-extension-identifier", id);
        Ok(with_body(head, known.to_string()))
    }

    /// A header's value; an empty one is none.
    fn header(&self, name: &str) -> Option<&str> {
        let value = self.head.headers.get(name)?.to_str().ok()?;
        (!value.is_empty()).then_some(value)
    }

    /// What the extension got when it registered.
    fn identifier(&self) -> Result<&str, ApiError> {
        let id = self.header("lambda-extension-identifier");
        let id = id.ok_or_else(ApiError::no_identifier)?;
        let parsed = uuid::Uuid::try_parse(id);
        parsed.map_err(|_| ApiError::invalid_identifier())?;
        Ok(id)
    }

    /// The whole body, up to the largest payload.
    async fn read(mut self) -> Result<Bytes, ApiError> {
        let limit = self.exchange.identity.largest_response;
        match Limited::new(&mut self.body, limit).collect().await {
            Ok(read) => Ok(read.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => {
                // The rest is read, too: a client that is still sending would not see the answer.
                while let Some(Ok(_)) = self.body.frame().await {}
                Err(ApiError::too_large(limit))
            }
            Err(error) => Err(ApiError::invalid_format(&error)),
        }
    }

    /// The error that the body reports; its type may be in this header.
    async fn reported(self, header: &str) -> Result<ReportedError, ApiError> {
        let kind = self.header(header).map(str::to_owned);
        Ok(ReportedError::read(kind.as_deref(), self.read().await?))
    }
}

/// Waits for the event. When the environment ends first, so does the connection.
async fn next(event: oneshot::Receiver<ApiResponse>) -> Result<ApiResponse, ApiError> {
    event.await.map_err(|_| ApiError::stopped())
}

/// What Lambda's Runtime Interface Emulator answers, so that clients go on.
fn not_supported(api: &str) -> ApiResponse {
    let (kind, message) = (
        format!("{api}.NotSupported"),
        format!("{api} API is not supported"),
    );
    with_body(json(202), ReportedError::new(&kind, &message).payload)
}

fn accepted() -> ApiResponse {
    with_body(json(202), r#"{"status":"OK"}"#)
}

fn response(ApiError(status, kind, message): ApiError) -> ApiResponse {
    with_body(json(status), ReportedError::new(kind, &message).payload)
}
