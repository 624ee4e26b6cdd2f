//! The rows.

use serde::Deserialize;
use tokio_postgres::{Error, Transaction};

const STADIUMS: &str = include_str!("../../stadiums.json");

/// Frees the id, which belongs to another team when teams were added to the file or left it.
const MOVE_AWAY: &str = "UPDATE stadiums SET id = -id WHERE id = $1 AND team <> $2";

/// Adds a team or corrects it; a row that is right stays untouched.
const UPSERT: &str = "
    INSERT INTO stadiums AS old (id, name, capacity, location, surface, roof, team, year_opened)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (team) DO UPDATE SET
        id = excluded.id, name = excluded.name, capacity = excluded.capacity, location = excluded.location,
        surface = excluded.surface, roof = excluded.roof, year_opened = excluded.year_opened, updated_at = now()
    WHERE (old.id, old.name, old.capacity, old.location, old.surface, old.roof, old.year_opened)
        IS DISTINCT FROM (excluded.id, excluded.name, excluded.capacity, excluded.location, excluded.surface,
            excluded.roof, excluded.year_opened)";

/// One object of `stadiums.json`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Stadium {
    name: String,
    capacity: i32,
    location: String,
    surface: String,
    roof: String,
    team: String,
    year_opened: i32,
}

pub fn read() -> serde_json::Result<Vec<Stadium>> {
    serde_json::from_str(STADIUMS)
}

/// Makes the table hold exactly `stadiums`, with their places in the list as ids, from 1. Returns how many rows had to
/// be deleted, added or changed.
pub async fn write(transaction: &Transaction<'_>, stadiums: &[Stadium]) -> Result<u64, Error> {
    let teams: Vec<&str> = stadiums
        .iter()
        .map(|stadium| stadium.team.as_str())
        .collect();
    let mut changed = transaction
        .execute("DELETE FROM stadiums WHERE team <> ALL($1)", &[&teams])
        .await?;
    let move_away = transaction.prepare(MOVE_AWAY).await?;
    let upsert = transaction.prepare(UPSERT).await?;
    for (id, it) in (1_i32..).zip(stadiums) {
        transaction.execute(&move_away, &[&id, &it.team]).await?;
        changed += transaction
            .execute(
                &upsert,
                &[
                    &id,
                    &it.name,
                    &it.capacity,
                    &it.location,
                    &it.surface,
                    &it.roof,
                    &it.team,
                    &it.year_opened,
                ],
            )
            .await?;
    }
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_of_the_32_teams_has_one_row_in_alphabetical_order() {
        let teams: Vec<String> = read()
            .unwrap()
            .into_iter()
            .map(|stadium| stadium.team)
            .collect();
        assert_eq!(teams.len(), 32);
        assert!(teams.is_sorted_by(|a, b| a < b), "{teams:?}");
    }

    #[test]
    fn two_stadiums_are_home_to_two_teams() {
        let mut names: Vec<String> = read()
            .unwrap()
            .into_iter()
            .map(|stadium| stadium.name)
            .collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), 30);
    }
}
