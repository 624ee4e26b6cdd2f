//! The connection, the table and the user.

use std::time::Duration;

use support::{BoxError, rds};
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, Transaction};
use tokio_postgres_rustls::MakeRustlsConnect;

const SCHEMA: &str = include_str!("../../schema.sql");

/// Held by the run that is at work, until its transaction ends. Any number will do: nobody else locks here.
const LOCK: i64 = 1966;

/// How long to wait for a connection: shorter than the function's timeout, so that the reason is told.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// Where the database is, who fills it and who may read it.
pub struct Settings {
    endpoint: String,
    port: u16,
    name: String,
    admin: String,
    reader: String,
}

impl Settings {
    pub fn from_env() -> Result<Self, BoxError> {
        let port = variable("DATABASE_PORT")?;
        Ok(Self {
            endpoint: variable("DATABASE_ENDPOINT")?,
            port: port.parse().map_err(|error| {
                format!("DATABASE_PORT is {port:?}: {error}; give a port number")
            })?,
            name: variable("DATABASE_NAME")?,
            admin: variable("DATABASE_ADMIN_USER")?,
            reader: variable("DATABASE_READER_USER")?,
        })
    }
}

fn variable(name: &str) -> Result<String, BoxError> {
    std::env::var(name).map_err(|error| {
        format!("environment variable {name}: {error}; set it on the function").into()
    })
}

pub async fn connect(settings: &Settings, tls: &MakeRustlsConnect) -> Result<Client, BoxError> {
    let token = rds::token(&settings.endpoint, settings.port, &settings.admin)?;
    let (client, connection) = Config::new()
        .host(&settings.endpoint)
        .port(settings.port)
        .dbname(&settings.name)
        .user(&settings.admin)
        .password(token)
        .ssl_mode(SslMode::Require)
        .connect_timeout(CONNECT_TIMEOUT)
        .connect(tls.clone())
        .await?;
    tokio::spawn(connection);
    Ok(client)
}

/// Waits until no other run is at work: `IF NOT EXISTS` alone does not protect from one that creates the same.
pub async fn lock(transaction: &Transaction<'_>) -> Result<(), tokio_postgres::Error> {
    transaction
        .execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK])
        .await?;
    Ok(())
}

pub async fn create_table(transaction: &Transaction<'_>) -> Result<(), tokio_postgres::Error> {
    transaction.batch_execute(SCHEMA).await
}

/// Creates the user of the steps: it authenticates by IAM and reads one table.
pub async fn create_reader(
    transaction: &Transaction<'_>,
    settings: &Settings,
) -> Result<(), tokio_postgres::Error> {
    let (reader, database) = (quoted(&settings.reader), quoted(&settings.name));
    let existing = transaction
        .query_opt(
            "SELECT FROM pg_roles WHERE rolname = $1",
            &[&settings.reader],
        )
        .await?;
    if existing.is_none() {
        transaction
            .batch_execute(&format!("CREATE ROLE {reader} LOGIN"))
            .await?;
    }
    let grants = format!(
        "ALTER ROLE {reader} SET default_transaction_read_only = on;
         GRANT rds_iam TO {reader};
         GRANT CONNECT ON DATABASE {database} TO {reader};
         GRANT USAGE ON SCHEMA public TO {reader};
         GRANT SELECT ON stadiums TO {reader};"
    );
    transaction.batch_execute(&grants).await
}

/// An SQL identifier that stands for exactly this name.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_quotes() {
        assert_eq!(quoted("stadiums_reader"), r#""stadiums_reader""#);
        assert_eq!(
            quoted(r#"a"; DROP TABLE stadiums; --"#),
            r#""a""; DROP TABLE stadiums; --""#
        );
    }
}
