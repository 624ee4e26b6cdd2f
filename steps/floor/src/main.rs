//! The empty handler: what an invocation costs when the function does nothing.

#![forbid(unsafe_code)]

use std::convert::Infallible;

use lambda_http::{Error, Request, service_fn};

#[tokio::main]
async fn main() -> Result<(), Error> {
    lambda_http::run(service_fn(answer)).await
}

async fn answer(_request: Request) -> Result<&'static str, Infallible> {
    Ok("[]")
}
