//! What a request does: serve the environment's own response, else read the cache, else the database, then fill the cache.

use support::Invocation;
use tracing::info;

use crate::State;
use crate::body::Body;
use crate::cache::Lookup;
use crate::error::Error;
use crate::gateway::{Answer, Response};
use crate::response_cache::{Age, Moment};

/// The stadiums as a response.
pub async fn stadiums(
    state: &'static State,
    invocation: &mut Invocation<'_>,
) -> Result<Response, Error> {
    let answer = match state.response_cache.get() {
        Age::Fresh(answer) => answer,
        Age::Stale(answer) => {
            state.response_cache.refresh_with(|| refresh(state));
            answer
        }
        Age::TooOld => fetch(state, invocation).await?,
    };
    info!(rows = answer.rows, "stadiums retrieved");
    invocation.row_count(answer.rows as usize);
    Ok(Response::Encoded(answer.response))
}

/// Runs beside an answer that does not wait for it. The environment is frozen as soon as the answer is out, in the middle of
/// this as likely as not: the rest is done in the next invocation.
async fn refresh(state: &'static State) {
    if let Err(error) = fetch(state, &mut state.telemetry.background()).await {
        error.log();
    }
}

/// The response from the cache, else from the database; the environment caches it, too.
async fn fetch(state: &State, invocation: &mut Invocation<'_>) -> Result<Answer, Error> {
    let asked_at = Moment::now();
    let (body, fill) = match state.cache.get(invocation).await {
        Lookup::Hit(body) => (body, false),
        missed => {
            let stadiums = state
                .database
                .stadiums(invocation)
                .await
                .map_err(Error::Database)?;
            let body = invocation
                .measure("encode", || Body::encode(&stadiums))
                .map_err(Error::Encoding)?;
            (body, matches!(missed, Lookup::Miss))
        }
    };
    let answer = invocation
        .measure("encode", || Answer::encode(&body))
        .map_err(Error::Encoding)?;
    state.response_cache.put(answer.clone(), asked_at);
    if fill {
        state.cache.set(&body, asked_at, invocation).await;
    }
    Ok(answer)
}
