//! What every step promises: the same 32 rows in the same shape. It is checked before anything is measured, since a
//! wrong answer is easily given fast.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, bail, ensure};
use bytes::Bytes;
use lab_lambda::api_gateway;
use serde_json::{Map, Value};

/// Teams in the league, and rows in the table.
const ROWS: usize = 32;

/// The keys of a row, and whether their values are numbers.
const KEYS: [(&str, bool); 10] = [
    ("id", true),
    ("name", false),
    ("capacity", true),
    ("location", false),
    ("surface", false),
    ("roof", false),
    ("team", false),
    ("yearOpened", true),
    ("createdAt", false),
    ("updatedAt", false),
];

/// The event of the request that is measured.
pub fn request() -> Bytes {
    api_gateway::http_event("GET", "/")
}

/// Checks a body against the contract.
pub fn check(body: &[u8]) -> Result<()> {
    let rows: Vec<Map<String, Value>> =
        serde_json::from_slice(body).context("the body is not a JSON array of objects")?;
    ensure!(
        rows.len() == ROWS,
        "the body has {} rows instead of {ROWS}",
        rows.len()
    );
    for row in &rows {
        check_row(row).with_context(|| format!("in the row {}", Value::Object(row.clone())))?;
    }
    let teams: BTreeSet<&str> = rows.iter().filter_map(|row| row["team"].as_str()).collect();
    ensure!(teams.len() == ROWS, "only {} different teams", teams.len());
    Ok(())
}

fn check_row(row: &Map<String, Value>) -> Result<()> {
    for (key, is_number) in KEYS {
        let value = row.get(key).with_context(|| format!("{key} is missing"))?;
        let fits = if is_number {
            value.is_u64()
        } else {
            value.as_str().is_some_and(|text| !text.is_empty())
        };
        ensure!(fits, "{key} is {value}");
    }
    if let Some(other) = row
        .keys()
        .find(|key| KEYS.iter().all(|(known, _)| known != key))
    {
        bail!("{other} belongs to no stadium");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Value> {
        (1..=ROWS)
            .map(|id| {
                serde_json::json!({
                    "id": id, "name": "Stadium", "capacity": 70000, "location": "Here", "surface": "Grass",
                    "roof": "Open", "team": format!("Team {id}"), "yearOpened": 2001,
                    "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z",
                })
            })
            .collect()
    }

    #[test]
    fn only_the_whole_list_passes() {
        let text = |rows: &[Value]| Value::from(rows.to_vec()).to_string().into_bytes();
        let good = rows();
        check(&text(&good)).unwrap();
        assert!(
            check(&text(&good[1..]))
                .unwrap_err()
                .to_string()
                .contains("31 rows")
        );
        assert!(check(b"{}").is_err());

        let mut twice = good.clone();
        twice[0]["team"] = "Team 2".into();
        assert!(
            check(&text(&twice))
                .unwrap_err()
                .to_string()
                .contains("31 different teams")
        );

        for (key, is_number) in KEYS {
            let mut wrong = good.clone();
            wrong[7][key] = if is_number { "text".into() } else { 7.into() };
            assert!(format!("{:#}", check(&text(&wrong)).unwrap_err()).contains(key));
        }
        let mut more = good;
        more[7]["secret"] = 1.into();
        assert!(format!("{:#}", check(&text(&more)).unwrap_err()).contains("secret"));
    }
}
