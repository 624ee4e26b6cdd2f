//! What a request does: read the settings, then the database.

use support::Invocation;
use tracing::info;

use crate::State;
use crate::error::Error;

/// The stadiums as JSON.
pub async fn stadiums(state: &State, invocation: &mut Invocation<'_>) -> Result<String, Error> {
    let settings = state
        .parameters
        .get(invocation)
        .await
        .map_err(Error::Parameters)?;
    let stadiums = state
        .database
        .stadiums(&settings, invocation)
        .await
        .map_err(Error::Database)?;
    info!(rows = stadiums.len(), "stadiums retrieved");
    invocation.row_count(stadiums.len());
    invocation
        .measure("encode", || serde_json::to_string(&stadiums))
        .map_err(Error::Encoding)
}
