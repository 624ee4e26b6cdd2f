//! Fills the database: the table, the user that the steps read it with, the 32 rows.
//!
//! It may run at any time, twice, and several times at once: it leaves what is right as it is.

#![forbid(unsafe_code)]

mod database;
mod stadiums;
mod tls;

use std::time::SystemTime;

use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde::Serialize;
use serde_json::Value;
use support::BoxError;
use support::log::causes;
use tokio_postgres_rustls::MakeRustlsConnect;
use tracing::info;

use crate::database::Settings;

/// The answer.
#[derive(Serialize)]
struct Populated {
    /// Rows in the table now.
    rows: i64,
}

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    support::log::init()?;
    let settings = Settings::from_env()?;
    let tls = tls::connector()?;
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| {
        answer(&settings, &tls, event.context.deadline())
    }))
    .await
}

async fn answer(
    settings: &Settings,
    tls: &MakeRustlsConnect,
    deadline: SystemTime,
) -> Result<Populated, Diagnostic> {
    // The deployment shows this message and nothing else: it must hold all causes.
    let populated = populate(settings, tls, deadline).await;
    populated.map_err(|error| Diagnostic {
        error_type: "PopulateFailed".to_owned(),
        error_message: causes(&*error),
    })
}

/// All or nothing: one transaction.
async fn populate(
    settings: &Settings,
    tls: &MakeRustlsConnect,
    deadline: SystemTime,
) -> Result<Populated, BoxError> {
    let stadiums = stadiums::read()?;
    let mut client = database::connect(settings, tls, deadline).await?;
    let transaction = client.transaction().await?;
    database::lock(&transaction).await?;
    database::create_table(&transaction).await?;
    database::create_reader(&transaction, settings).await?;
    let changed = stadiums::write(&transaction, &stadiums).await?;
    let count = transaction
        .query_one("SELECT count(*) FROM stadiums", &[])
        .await?;
    let rows = count.try_get(0)?;
    transaction.commit().await?;
    info!(rows, changed, "database populated");
    Ok(Populated { rows })
}
