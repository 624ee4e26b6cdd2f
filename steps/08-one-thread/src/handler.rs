//! What a request does: read the cache, else the database, then fill the cache.

use support::Invocation;
use tracing::info;

use crate::State;
use crate::cache::Lookup;
use crate::error::Error;

/// The stadiums as JSON.
pub async fn stadiums(state: &State, invocation: &mut Invocation<'_>) -> Result<String, Error> {
    let settings = state
        .parameters
        .get(invocation)
        .await
        .map_err(Error::Parameters)?;
    let (stadiums, fill) = match state.cache.get(&settings.cache, invocation).await {
        Lookup::Hit(stadiums) => (stadiums, None),
        Lookup::Miss(fill) => {
            let stadiums = state
                .database
                .stadiums(&settings.database, invocation)
                .await
                .inspect_err(|_| state.parameters.forget())
                .map_err(Error::Database)?;
            (stadiums, fill)
        }
    };
    info!(rows = stadiums.len(), "stadiums retrieved");
    invocation.row_count(stadiums.len());
    let body = invocation
        .measure("encode", || serde_json::to_string(&stadiums))
        .map_err(Error::Encoding)?;
    if let Some(fill) = fill {
        state.cache.set(fill, &body, invocation).await;
    }
    Ok(body)
}
