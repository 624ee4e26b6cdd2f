//! What a request does: read the cache, else the database, then fill the cache.

use support::Invocation;
use tracing::info;

use crate::State;
use crate::body::Body;
use crate::cache::Lookup;
use crate::error::Error;

/// The stadiums as JSON.
pub async fn stadiums(state: &State, invocation: &mut Invocation<'_>) -> Result<String, Error> {
    let settings = state
        .parameters
        .get(invocation)
        .await
        .map_err(Error::Parameters)?;
    let (body, fill) = match state.cache.get(&settings.cache, invocation).await {
        Lookup::Hit(body) => (body, None),
        Lookup::Miss(fill) => {
            let stadiums = state
                .database
                .stadiums(&settings.database, invocation)
                .await
                .inspect_err(|_| state.parameters.forget())
                .map_err(Error::Database)?;
            let body = invocation
                .measure("encode", || Body::encode(&stadiums))
                .map_err(Error::Encoding)?;
            (body, fill)
        }
    };
    info!(rows = body.rows, "stadiums retrieved");
    invocation.row_count(body.rows as usize);
    if let Some(fill) = fill {
        state.cache.set(fill, &body, invocation).await;
    }
    Ok(body.json)
}
