//! The row and its JSON shape.

use chrono::{DateTime, Utc};
use serde::Serialize;
use tokio_postgres::Row;

/// A team and the stadium it plays in.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stadium {
    id: i32,
    name: String,
    capacity: i32,
    location: String,
    surface: String,
    roof: String,
    team: String,
    year_opened: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl TryFrom<&Row> for Stadium {
    type Error = tokio_postgres::Error;

    fn try_from(row: &Row) -> Result<Self, Self::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            capacity: row.try_get("capacity")?,
            location: row.try_get("location")?,
            surface: row.try_get("surface")?,
            roof: row.try_get("roof")?,
            team: row.try_get("team")?,
            year_opened: row.try_get("year_opened")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
        })
    }
}
