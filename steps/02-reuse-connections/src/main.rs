//! `GET /` answers with the stadiums of the 32 NFL teams.

#![forbid(unsafe_code)]

mod database;
mod error;
mod handler;
mod parameters;
mod stadium;
mod tls;

use std::convert::Infallible;

use lambda_http::http::{Method, StatusCode};
use lambda_http::{Request, RequestExt as _, Response, service_fn};
use support::Telemetry;

use crate::database::Database;
use crate::error::{Error, json};
use crate::parameters::Parameters;

/// What an environment builds in its init phase and keeps from one invocation to the next.
struct State {
    telemetry: Telemetry,
    parameters: Parameters,
    database: Database,
}

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    support::log::init()?;
    let state = State {
        telemetry: Telemetry::from_env()?,
        parameters: Parameters::new().await,
        database: Database::new(tls::connector()?),
    };
    lambda_http::run(service_fn(|request| answer(&state, request))).await
}

/// Every request gets an answer: an error here would be a 500 without a body that a client can read.
async fn answer(state: &State, request: Request) -> Result<Response<String>, Infallible> {
    Ok(match route(state, &request).await {
        Ok(body) => json(StatusCode::OK, body),
        Err(error) => {
            error.log();
            error.response()
        }
    })
}

async fn route(state: &State, request: &Request) -> Result<String, Error> {
    if request.uri().path() != "/" {
        return Err(Error::NotFound);
    }
    if request.method() != Method::GET {
        return Err(Error::MethodNotAllowed);
    }
    let context = request.lambda_context();
    let mut invocation = state
        .telemetry
        .invocation(context.deadline, context.xray_trace_id.as_deref());
    let body = handler::stadiums(state, &mut invocation).await;
    invocation.finish(&body);
    body
}
