//! `GET /` answers with the stadiums of the 32 NFL teams.

#![forbid(unsafe_code)]

mod body;
mod cache;
mod database;
mod error;
mod gateway;
mod handler;
mod parameters;
mod response_cache;
mod stadium;
mod tls;

use std::convert::Infallible;

use lambda_runtime::{LambdaEvent, service_fn};
use support::Telemetry;

use crate::cache::Cache;
use crate::database::Database;
use crate::error::Error;
use crate::gateway::{Request, Response};
use crate::parameters::Settings;
use crate::response_cache::ResponseCache;

/// What an environment builds in its init phase and keeps from one invocation to the next.
struct State {
    telemetry: Telemetry,
    database: Database,
    cache: Cache,
    response_cache: ResponseCache,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    support::log::init()?;
    let settings = Settings::from_env()?;
    // As long as the process lives: a refresh may outlive the request that began it.
    let state: &State = Box::leak(Box::new(State {
        telemetry: Telemetry::from_env()?,
        database: Database::new(settings.database, tls::connector()?),
        cache: Cache::new(settings.cache),
        response_cache: ResponseCache::default(),
    }));
    handler::prepare(state).await;
    lambda_runtime::run(service_fn(|event| answer(state, event))).await
}

/// Every request gets an answer: an error here would be a 500 without a body that a client can read.
async fn answer(
    state: &'static State,
    event: LambdaEvent<Request>,
) -> Result<Response, Infallible> {
    Ok(match route(state, &event).await {
        Ok(response) => response,
        Err(error) => {
            error.log();
            error.response()
        }
    })
}

async fn route(state: &'static State, event: &LambdaEvent<Request>) -> Result<Response, Error> {
    if event.payload.raw_path != "/" {
        return Err(Error::NotFound);
    }
    if event.payload.request_context.http.method != "GET" {
        return Err(Error::MethodNotAllowed);
    }
    let mut invocation = state.telemetry.invocation(event.context.deadline, None);
    handler::stadiums(state, &mut invocation).await
}
