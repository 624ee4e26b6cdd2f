//! The HTTP server that the processes of one environment talk to: the Runtime API (2018-06-01) and the Extensions API
//! (2020-01-01), as docs.aws.amazon.com/lambda describes them.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use crate::exchange::{Answer, Exchange, HttpResponse};
use crate::failure::error_payload;
use crate::refusal::Refusal;

/// What the server knows of the function.
#[derive(Clone)]
pub(crate) struct Identity {
    pub(crate) function_name: String,
    /// The largest payload, bytes.
    pub(crate) largest_payload: usize,
}

/// Serves until the handle is aborted; then every connection is dropped with it.
pub(crate) fn serve(
    listener: TcpListener,
    exchange: Arc<Exchange>,
    identity: Identity,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                continue;
            };
            // Without it the kernel may hold back the second of two small writes for 40 ms.
            let _ = stream.set_nodelay(true);
            let (exchange, identity) = (Arc::clone(&exchange), identity.clone());
            let service = service_fn(move |request| {
                let (exchange, identity) = (Arc::clone(&exchange), identity.clone());
                async move {
                    let answer = route(request, &exchange, &identity).await;
                    Ok::<_, Infallible>(answer.unwrap_or_else(|refusal| refused(&refusal)))
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
    exchange: &Exchange,
    identity: &Identity,
) -> Result<HttpResponse, Refusal> {
    let (head, body) = request.into_parts();
    let path = head.uri.path().to_owned();
    if let Some(call) = path.strip_prefix("/2018-06-01/runtime/") {
        return runtime(
            &head.method,
            call,
            &head.headers,
            body,
            exchange,
            identity.largest_payload,
        )
        .await;
    }
    if let Some(call) = path.strip_prefix("/2020-01-01/extension/") {
        return extension(&head.method, call, &head.headers, body, exchange, identity).await;
    }
    Err(unknown(&head.method, &path))
}

async fn runtime(
    method: &Method,
    call: &str,
    headers: &HeaderMap,
    body: Incoming,
    exchange: &Exchange,
    limit: usize,
) -> Result<HttpResponse, Refusal> {
    let parts: Vec<&str> = call.split('/').collect();
    match (method.as_str(), &parts[..]) {
        ("GET", ["invocation", "next"]) => next(exchange.runtime_asks()).await,
        ("POST", ["invocation", request_id, "response"]) => {
            match read(body, limit).await {
                Ok(response) => exchange.answer(request_id, Answer::Response(response))?,
                Err(too_large) => {
                    exchange.answer(request_id, response_too_large(limit))?;
                    return Err(too_large);
                }
            }
            Ok(accepted())
        }
        ("POST", ["invocation", request_id, "error"]) => {
            let payload = read(body, limit).await?;
            let kind = error_type(headers, "lambda-runtime-function-error-type", &payload);
            exchange.answer(request_id, Answer::Error { kind, payload })?;
            Ok(accepted())
        }
        ("POST", ["init", "error"]) => {
            let payload = read(body, limit).await?;
            let kind = error_type(headers, "lambda-runtime-function-error-type", &payload);
            exchange.runtime_init_failed(kind, payload)?;
            Ok(accepted())
        }
        _ => Err(unknown(method, call)),
    }
}

async fn extension(
    method: &Method,
    call: &str,
    headers: &HeaderMap,
    body: Incoming,
    exchange: &Exchange,
    identity: &Identity,
) -> Result<HttpResponse, Refusal> {
    #[derive(Deserialize)]
    struct Registration {
        #[serde(default)]
        events: Vec<String>,
    }
    let limit = identity.largest_payload;
    match (method.as_str(), call) {
        ("POST", "register") => {
            let name = header(headers, "lambda-extension-name")?;
            let registration: Registration = serde_json::from_slice(&read(body, limit).await?)
                .map_err(|error| Refusal(400, "InvalidRequestFormat", error.to_string()))?;
            let id = exchange.register(name, &registration.events)?;
            let known = serde_json::json!({
                "functionName": identity.function_name,
                "functionVersion": "$LATEST",
                "handler": "bootstrap",
            });
            let response = json(200).header("lambda-extension-identifier", id);
            Ok(response
                .body(Full::from(known.to_string()))
                .expect("these headers are valid"))
        }
        ("GET", "event/next") => {
            next(exchange.extension_asks(header(headers, "lambda-extension-identifier")?)?).await
        }
        ("POST", "init/error" | "exit/error") => {
            let payload = read(body, limit).await?;
            exchange.extension_failed(
                error_type(headers, "lambda-extension-function-error-type", &payload),
                payload,
            );
            Ok(accepted())
        }
        _ => Err(unknown(method, call)),
    }
}

/// Waits for the event. When the environment ends first, so does the connection.
async fn next(
    event: tokio::sync::oneshot::Receiver<HttpResponse>,
) -> Result<HttpResponse, Refusal> {
    event.await.map_err(|_| {
        Refusal(
            500,
            "Container.Stopped",
            "another call took this one's place, or the environment has ended".to_owned(),
        )
    })
}

async fn read(mut body: Incoming, limit: usize) -> Result<Bytes, Refusal> {
    match Limited::new(&mut body, limit).collect().await {
        Ok(read) => Ok(read.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            // The rest is read, too: a client that is still sending would not see the answer.
            while let Some(Ok(_)) = body.frame().await {}
            let message = format!("Exceeded maximum allowed payload size ({limit} bytes).");
            Err(Refusal(413, "RequestEntityTooLarge", message))
        }
        Err(error) => Err(Refusal(400, "InvalidRequestFormat", error.to_string())),
    }
}

fn response_too_large(limit: usize) -> Answer {
    let kind = "Function.ResponseSizeTooLarge".to_owned();
    let message =
        format!("Response payload size exceeded maximum allowed payload size ({limit} bytes).");
    let payload = error_payload(&kind, &message);
    Answer::Error { kind, payload }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, Refusal> {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.ok_or_else(|| {
        Refusal(
            400,
            "InvalidRequestFormat",
            format!("the header {name} is missing"),
        )
    })
}

/// The error's type: from the header, else from the body, else unknown.
fn error_type(headers: &HeaderMap, name: &str, payload: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Payload {
        #[serde(rename = "errorType")]
        error_type: String,
    }
    let from_body = || {
        serde_json::from_slice::<Payload>(payload)
            .ok()
            .map(|payload| payload.error_type)
    };
    header(headers, name)
        .ok()
        .map(str::to_owned)
        .or_else(from_body)
        .unwrap_or_else(|| "Unhandled".to_owned())
}

fn json(status: u16) -> hyper::http::response::Builder {
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
}

fn accepted() -> HttpResponse {
    json(202)
        .body(Full::from(r#"{"status":"OK"}"#))
        .expect("these headers are valid")
}

fn refused(Refusal(status, kind, message): &Refusal) -> HttpResponse {
    json(*status)
        .body(Full::from(error_payload(kind, message)))
        .expect("these headers are valid")
}

fn unknown(method: &Method, path: &str) -> Refusal {
    Refusal(
        404,
        "NotFound",
        format!("{method} {path} is no call of the Runtime or Extensions API"),
    )
}
