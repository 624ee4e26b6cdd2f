//! The HTTP server that the processes of one environment talk to: the Runtime API (2018-06-01) and the Extensions API
//! (2020-01-01), as docs.aws.amazon.com/lambda describes them.

mod exchange;
mod messages;
mod registered;

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

use messages::{ApiError, ApiResponse, json, with_body};

pub(crate) use exchange::{Exchange, Identity};
pub use messages::ReportedError;
pub(crate) use messages::{InvokeEvent, shutdown_event};

/// The headers that may carry the type of a reported error.
const RUNTIME_ERROR_TYPE: &str = "lambda-runtime-function-error-type";
const EXTENSION_ERROR_TYPE: &str = "lambda-extension-function-error-type";

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

async fn route(request: Request<Incoming>, exchange: &Exchange) -> Result<ApiResponse, ApiError> {
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
    Err(ApiError::unknown_call(&call.head.method, &path))
}

struct Call<'a> {
    head: Parts,
    body: Incoming,
    exchange: &'a Exchange,
}

impl Call<'_> {
    async fn of_runtime(self, path: &str) -> Result<ApiResponse, ApiError> {
        let parts: Vec<&str> = path.split('/').collect();
        let exchange = self.exchange;
        match (self.head.method.as_str(), &parts[..]) {
            ("GET", ["invocation", "next"]) => return next(exchange.runtime_asks()).await,
            ("POST", ["invocation", request_id, "response"]) => {
                let limit = self.exchange.identity.largest_payload;
                match self.read().await {
                    Ok(response) => exchange.answer(request_id, Ok(response))?,
                    Err(too_large) => {
                        exchange.answer(request_id, Err(response_too_large(limit)))?;
                        return Err(too_large);
                    }
                }
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
            ("GET", "event/next") => {
                next(exchange.extension_asks(self.required("lambda-extension-identifier")?)?).await
            }
            ("POST", "init/error" | "exit/error") => {
                exchange.extension_failed(self.reported(EXTENSION_ERROR_TYPE).await?);
                Ok(accepted())
            }
            _ => Err(ApiError::unknown_call(&self.head.method, path)),
        }
    }

    async fn register(self) -> Result<ApiResponse, ApiError> {
        #[derive(Deserialize)]
        struct Registration {
            #[serde(default)]
            events: Vec<String>,
        }
        let exchange = self.exchange;
        let name = self.required("lambda-extension-name")?.to_owned();
        let Registration { events } = serde_json::from_slice(&self.read().await?)
            .map_err(|error| ApiError::invalid_format(&error))?;
        let id = exchange.register(&name, &events)?;
        let known = serde_json::json!({
            "functionName": exchange.identity.function_name,
            "functionVersion": "$LATEST",
            "handler": "bootstrap",
        });
        let head = json(200).header("lambda-extension-identifier", id);
        Ok(with_body(head, known.to_string()))
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head.headers.get(name)?.to_str().ok()
    }

    fn required(&self, name: &str) -> Result<&str, ApiError> {
        let missing = || ApiError::invalid_format(&format!("the header {name} is missing"));
        self.header(name).ok_or_else(missing)
    }

    /// The whole body, up to the largest payload.
    async fn read(mut self) -> Result<Bytes, ApiError> {
        let limit = self.exchange.identity.largest_payload;
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

fn response_too_large(limit: usize) -> ReportedError {
    let message =
        format!("Response payload size exceeded maximum allowed payload size ({limit} bytes).");
    ReportedError::new("Function.ResponseSizeTooLarge", &message)
}

fn accepted() -> ApiResponse {
    with_body(json(202), r#"{"status":"OK"}"#)
}

fn response(ApiError(status, kind, message): ApiError) -> ApiResponse {
    with_body(json(status), ReportedError::new(kind, &message).payload)
}
