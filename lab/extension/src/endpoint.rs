//! The endpoint on localhost that a function asks.

use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::net::TcpListener;

use crate::Error;
use crate::cache::Cache;
use crate::parameter_store::ParameterStore;
use crate::query::Query;
use crate::settings::{Level, Settings};

/// Before the first invocation everything is answered so, and sometimes a little longer.
const NOT_READY: &str = "not ready to serve traffic, please wait";

pub struct Endpoint {
    settings: Arc<Settings>,
    store: ParameterStore,
    cache: Mutex<Cache>,
    is_open: AtomicBool,
    /// Requests that are not answered although it is open.
    refusals_left: AtomicU64,
}

/// An answer that is no parameter.
type ErrorResponse = (StatusCode, Bytes);

/// How long the endpoint waits after it could not accept a connection. Without file descriptors the kernel reports the same
/// error at once, until a connection ends.
const PAUSE: Duration = Duration::from_millis(10);

impl Endpoint {
    pub fn new(settings: Arc<Settings>) -> Result<Self, Error> {
        let store = ParameterStore::new(Arc::clone(&settings))?;
        let cache = Mutex::new(Cache::new(settings.cache_size, settings.time_to_live));
        let refusals_left = AtomicU64::new(settings.not_ready_requests);
        Ok(Self {
            settings,
            store,
            cache,
            is_open: AtomicBool::new(false),
            refusals_left,
        })
    }

    /// The first invocation has come: requests are answered from now on.
    pub fn open(&self) {
        self.is_open.store(true, Ordering::Relaxed);
    }

    pub async fn serve(self: Arc<Self>, listener: TcpListener) {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            let endpoint = Arc::clone(&self);
            tokio::spawn(async move {
                let _ = stream.set_nodelay(true);
                let service = service_fn(|request| endpoint.respond(request));
                // A connection that breaks off is the function's to notice.
                let _ = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    }

    async fn respond(
        &self,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, Infallible> {
        let (status, body) = match self.answer(&request).await {
            Ok(body) => (StatusCode::OK, body),
            Err((status, body)) => {
                let text = format!(
                    "{} {}: {}",
                    request.uri().path(),
                    status,
                    String::from_utf8_lossy(&body)
                );
                self.settings.log(Level::Warn, &text);
                (status, body)
            }
        };
        let content = if body.starts_with(b"{") {
            "application/json"
        } else {
            "text/plain"
        };
        let response = Response::builder()
            .status(status)
            .header(CONTENT_TYPE, content)
            .body(Full::new(body));
        Ok(response.expect("the status and the header are valid"))
    }

    /// Counts down the requests that an open endpoint still refuses.
    fn is_ready(&self) -> bool {
        let refuse = |left: u64| left.checked_sub(1);
        self.is_open.load(Ordering::Relaxed)
            && self
                .refusals_left
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, refuse)
                .is_err()
    }

    async fn answer(&self, request: &Request<Incoming>) -> Result<Bytes, ErrorResponse> {
        if !self.is_ready() {
            return Err(error(StatusCode::BAD_REQUEST, NOT_READY));
        }
        if request.method() != Method::GET
            || request.uri().path().trim_end_matches('/') != "/systemsmanager/parameters/get"
        {
            return Err(error(
                StatusCode::NOT_FOUND,
                "the lab's extension answers GET /systemsmanager/parameters/get only",
            ));
        }
        let token = request
            .headers()
            .get("X-Aws-Parameters-Secrets-Token")
            .map(hyper::http::HeaderValue::as_bytes);
        if token != Some(self.settings.session_token.as_bytes()) {
            let text = "the header X-Aws-Parameters-Secrets-Token must hold the value of AWS_SESSION_TOKEN";
            return Err(error(StatusCode::UNAUTHORIZED, text));
        }
        let query = Query::parse(request.uri().query().unwrap_or_default())
            .map_err(|problem| error(StatusCode::BAD_REQUEST, &problem))?;
        self.parameter(&query).await
    }

    async fn parameter(&self, query: &Query) -> Result<Bytes, ErrorResponse> {
        let key = format!("{} {}", query.name, query.with_decryption);
        let cached = self
            .cache
            .lock()
            .expect("no holder panics")
            .get(&key, Instant::now());
        let how = if cached.is_some() {
            "cached"
        } else {
            "not cached"
        };
        self.settings
            .log(Level::Debug, &format!("{}: {how}", query.name));
        if let Some(cached) = cached {
            return Ok(cached);
        }
        let internal = |problem: String| error(StatusCode::INTERNAL_SERVER_ERROR, &problem);
        let asked = self.store.get(&query.name, query.with_decryption);
        let (status, body) = match self.settings.timeout {
            None => asked.await,
            Some(timeout) => match tokio::time::timeout(timeout, asked).await {
                Ok(answer) => answer,
                Err(_) => {
                    return Err(internal(format!(
                        "Parameter Store did not answer within {timeout:?}"
                    )));
                }
            },
        }
        .map_err(|error| internal(error.to_string()))?;
        if status != StatusCode::OK {
            return Err((status, body));
        }
        let answer = reshape(&body)
            .ok_or_else(|| internal("Parameter Store's answer holds no parameter".to_owned()))?;
        self.cache
            .lock()
            .expect("no holder panics")
            .put(key, answer.clone(), Instant::now());
        Ok(answer)
    }
}

fn error(status: StatusCode, text: &str) -> ErrorResponse {
    (status, Bytes::copy_from_slice(text.as_bytes()))
}

/// Parameter Store's answer in the extension's shape: the fields of the Go SDK's structure, the date as text.
fn reshape(body: &[u8]) -> Option<Bytes> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    let parameter = &answer["Parameter"];
    let value = json!({
        "Parameter": {
            "ARN": parameter["ARN"],
            "DataType": parameter["DataType"],
            "LastModifiedDate": extended(parameter["LastModifiedDate"].as_f64()?)?,
            "Name": parameter["Name"],
            "Selector": parameter["Selector"],
            "SourceResult": null,
            "Type": parameter["Type"],
            "Value": parameter["Value"].as_str()?,
            "Version": parameter["Version"],
        },
        "ResultMetadata": {},
    });
    Some(value.to_string().into())
}

/// For example `2026-01-31T23:59:59.123Z`, with as many decimals as needed, of a time in seconds since 1970. Milliseconds
/// are as fine as Parameter Store is.
fn extended(seconds: f64) -> Option<String> {
    let milliseconds = (seconds * 1000.0).round() as i128;
    let time = OffsetDateTime::from_unix_timestamp_nanos(milliseconds * 1_000_000).ok()?;
    time.format(&Rfc3339).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_times() {
        // From `date -u -d @SECONDS`.
        for (seconds, expected) in [
            (0.0, "1970-01-01T00:00:00Z"),
            (951_782_400.0, "2000-02-29T00:00:00Z"),
            (1_700_000_000.12, "2023-11-14T22:13:20.12Z"),
        ] {
            assert_eq!(extended(seconds).unwrap(), expected);
        }
    }
}
