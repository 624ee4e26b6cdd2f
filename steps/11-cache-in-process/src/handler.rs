//! What a request does: serve the environment's own response, else read the cache, else the database, then fill the cache.

use std::sync::Arc;

use support::Invocation;
use tracing::info;

use crate::State;
use crate::body::Body;
use crate::cache::Lookup;
use crate::error::Error;
use crate::response_cache::{Age, Moment};

/// The stadiums as JSON.
pub async fn stadiums(
    state: &'static State,
    invocation: &mut Invocation<'_>,
) -> Result<String, Error> {
    let body = match state.response_cache.get() {
        Age::Fresh(body) => body,
        Age::Stale(body) => {
            state.response_cache.refresh_with(|| refresh(state));
            body
        }
        Age::TooOld => fetch(state, invocation).await?,
    };
    info!(rows = body.rows, "stadiums retrieved");
    invocation.row_count(body.rows as usize);
    Ok(body.json.clone())
}

/// Runs beside an answer that does not wait for it. The environment is frozen as soon as the answer is out, in the middle of
/// this as likely as not: the rest is done in the next invocation.
async fn refresh(state: &'static State) {
    if let Err(error) = fetch(state, &mut state.telemetry.background()).await {
        error.log();
    }
}

/// The body from the cache, else from the database; the environment caches it, too.
async fn fetch(state: &State, invocation: &mut Invocation<'_>) -> Result<Arc<Body>, Error> {
    let settings = state
        .parameters
        .get(invocation)
        .await
        .map_err(Error::Parameters)?;
    let asked_at = Moment::now();
    let (body, fill) = match state.cache.get(&settings.cache, invocation).await {
        Lookup::Hit(body) => (body, false),
        missed => {
            let stadiums = state
                .database
                .stadiums(&settings.database, invocation)
                .await
                .inspect_err(|_| state.parameters.forget())
                .map_err(Error::Database)?;
            let body = invocation
                .measure("encode", || Body::encode(&stadiums))
                .map_err(Error::Encoding)?;
            (body, matches!(missed, Lookup::Miss))
        }
    };
    let body = Arc::new(body);
    state.response_cache.put(&body, asked_at);
    if fill {
        state.cache.set(&body, asked_at, invocation).await;
    }
    Ok(body)
}
