//! The Parameters and Secrets extension, which answers on localhost.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use lambda_http::http::{Request, StatusCode};
use serde::Deserialize;
use support::log::causes;
use support::{BoxError, variable};
use tokio::sync::Semaphore;
use tracing::warn;

/// Where the extension listens unless `PARAMETERS_SECRETS_EXTENSION_HTTP_PORT` says otherwise.
const DEFAULT_PORT: &str = "2773";

/// Calls at the same time: the extension opens three connections to Parameter Store by default.
const CALLS: usize = 3;

/// How the extension refuses calls before its first invocation has reached it, with status 400.
const NOT_READY: &[u8] = b"not ready to serve traffic";

/// How long to wait before a call is repeated.
const PAUSE: Duration = Duration::from_millis(10);

/// Calls that may fail while the extension starts, about a second of them. Then the log says why they fail.
const USUAL_FAILURES: u32 = 100;

/// A client of the extension.
pub struct Extension {
    client: Client<HttpConnector, Empty<Bytes>>,
    url: String,
    token: String,
    calls: Semaphore,
}

impl Extension {
    pub fn new() -> Result<Self, BoxError> {
        let client = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(CALLS)
            .build_http();
        let port = std::env::var("PARAMETERS_SECRETS_EXTENSION_HTTP_PORT");
        let port = port.as_deref().unwrap_or(DEFAULT_PORT);
        Ok(Self {
            client,
            url: format!("http://localhost:{port}/systemsmanager/parameters/get"),
            token: variable("AWS_SESSION_TOKEN")?,
            calls: Semaphore::new(CALLS),
        })
    }

    /// One parameter, as soon as the extension is ready: it starts together with the function and answers in no other
    /// phase than the invocation.
    pub async fn value<T: FromStr<Err: Display>>(&self, name: &str) -> Result<T, BoxError> {
        let _turn = self.calls.acquire().await?;
        let mut failures = 0;
        loop {
            let cause = match self.ask(name).await? {
                Reply::Value(value) => {
                    return value
                        .parse()
                        .map_err(|error| format!("parameter {name} is {value:?}: {error}").into());
                }
                Reply::NotReady(cause) => cause,
            };
            failures += 1;
            if failures == USUAL_FAILURES {
                warn!(name, cause, "the extension is not ready");
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// One call.
    async fn ask(&self, name: &str) -> Result<Reply, BoxError> {
        let request = Request::get(format!("{}?name={}", self.url, name.replace('/', "%2F")))
            .header("X-Aws-Parameters-Secrets-Token", &self.token)
            .body(Empty::new())?;
        let response = match self.client.request(request).await {
            Ok(response) => response,
            Err(error) => return Ok(Reply::NotReady(causes(&error))),
        };
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        match status {
            StatusCode::OK => Ok(Reply::Value(Answer::parse(&body)?)),
            StatusCode::BAD_REQUEST if body.starts_with(NOT_READY) => {
                Ok(Reply::NotReady(body.escape_ascii().to_string()))
            }
            _ => Err(format!("parameter {name}: {status}: {}", body.escape_ascii()).into()),
        }
    }
}

/// What became of a call.
enum Reply {
    Value(String),
    /// Why there is no value yet.
    NotReady(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    parameter: Parameter,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Parameter {
    value: String,
}

impl Answer {
    fn parse(body: &[u8]) -> serde_json::Result<String> {
        serde_json::from_slice(body).map(|answer: Self| answer.parameter.value)
    }
}
