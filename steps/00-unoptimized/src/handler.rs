//! What a request does: read the settings, then the database.

use support::Invocation;
use tracing::info;

use crate::error::Error;
use crate::{State, database, parameters};

/// The stadiums as JSON.
pub async fn stadiums(state: &State, invocation: &mut Invocation<'_>) -> Result<String, Error> {
    let settings = parameters::get(invocation)
        .await
        .map_err(Error::Parameters)?;
    let stadiums = database::stadiums(&state.tls, &settings, invocation)
        .await
        .map_err(Error::Database)?;
    info!(rows = stadiums.len(), "stadiums retrieved");
    invocation.row_count(stadiums.len());
    invocation
        .measure("encode", || serde_json::to_string(&stadiums))
        .map_err(Error::Encoding)
}
