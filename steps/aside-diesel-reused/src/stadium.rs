//! The row and its JSON shape.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::Serialize;

diesel::table! {
    stadiums (id) {
        id -> Integer,
        name -> Text,
        capacity -> Integer,
        location -> Text,
        surface -> Text,
        roof -> Text,
        team -> Text,
        year_opened -> Integer,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

/// A team and the stadium it plays in.
#[derive(Serialize, Queryable, Selectable)]
#[diesel(table_name = stadiums, check_for_backend(diesel::pg::Pg))]
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
