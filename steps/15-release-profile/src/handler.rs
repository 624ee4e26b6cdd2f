//! What a request does: serve the environment's own response, else read the cache, else the database, then fill the cache.

use std::time::Duration;

use support::Invocation;
use tokio::time::timeout;
use tracing::{info, warn};

use crate::State;
use crate::body::Body;
use crate::cache::Lookup;
use crate::error::Error;
use crate::gateway::{Answer, Response};
use crate::response_cache::{Age, Moment};

/// How long init waits for the services. After 10 s Lambda would end the process and begin again within the first request,
/// whose client then waits.
const INIT_TIMEOUT: Duration = Duration::from_secs(2);

/// What init does: opens the connections, and reads the response that the first request is served. A service that is down or
/// slow stops no environment from starting: the requests do then what is missing, and answer what they can.
pub async fn prepare(state: &State) {
    let mut init = state.telemetry.background();
    let both = async { tokio::join!(state.database.connect_ahead(), fetch(state, &mut init)).1 };
    match timeout(INIT_TIMEOUT, both).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => error.log(),
        Err(_) => warn!("a service does not answer, starting without"),
    }
}

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
