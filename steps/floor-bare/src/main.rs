//! The empty handler without `lambda_http`: what an invocation costs when the function does nothing, on one thread.

#![forbid(unsafe_code)]

use std::convert::Infallible;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::Serialize;
use serde::de::IgnoredAny;

/// What API Gateway takes.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    status_code: u16,
    body: &'static str,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_runtime::run(service_fn(answer)).await
}

async fn answer(_event: LambdaEvent<IgnoredAny>) -> Result<Response, Infallible> {
    Ok(Response {
        status_code: 200,
        body: "[]",
    })
}
