//! The connection, the table and the user.

use std::time::{Duration, Instant, SystemTime};

use support::log::causes;
use support::{BoxError, rds};
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, Transaction};
use tokio_postgres_rustls::MakeRustlsConnect;
use tracing::info;

const SCHEMA: &str = include_str!("../../schema.sql");

/// Held by the run that is at work, until its transaction ends. Any number will do: nobody else locks here.
const LOCK: i64 = 1966;

/// How long a connection is tried for, again and again: a policy that was made a moment ago, and a proxy whose target was,
/// need a while.
const PATIENCE: Duration = Duration::from_secs(45);

/// For one attempt. As much is left of the invocation for the last one, so that the reason is told.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// Between two attempts.
const PAUSE: Duration = Duration::from_secs(2);

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

/// Connects as the admin, with patience: until shortly before `deadline`.
pub async fn connect(
    settings: &Settings,
    tls: &MakeRustlsConnect,
    deadline: SystemTime,
) -> Result<Client, BoxError> {
    let left = deadline
        .duration_since(SystemTime::now())
        .unwrap_or_default();
    let patience = PATIENCE.min(left.saturating_sub(CONNECT_TIMEOUT + PAUSE));
    with_patience(patience, PAUSE, || connect_once(settings, tls)).await
}

/// Makes attempts until one succeeds, or fails when `patience` is over; returns that failure.
async fn with_patience<T>(
    patience: Duration,
    pause: Duration,
    mut attempt: impl AsyncFnMut() -> Result<T, BoxError>,
) -> Result<T, BoxError> {
    let begin = Instant::now();
    loop {
        match attempt().await {
            Err(error) if begin.elapsed() < patience => {
                info!(error = causes(&*error), "not connected yet, trying again");
                tokio::time::sleep(pause).await;
            }
            ended => return ended,
        }
    }
}

/// Connects with a token of its own: one that was refused is not shown again.
async fn connect_once(settings: &Settings, tls: &MakeRustlsConnect) -> Result<Client, BoxError> {
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

    /// Attempts that fail until the last one.
    async fn attempts(patience: Duration, failures: u32) -> (u32, Result<(), BoxError>) {
        let mut count = 0;
        let ended = with_patience(patience, Duration::ZERO, async || {
            count += 1;
            if count > failures {
                Ok(())
            } else {
                Err(format!("refused, attempt {count}").into())
            }
        })
        .await;
        (count, ended)
    }

    #[tokio::test]
    async fn a_refused_connection_is_tried_again() {
        let (count, ended) = attempts(Duration::from_hours(1), 3).await;
        assert_eq!(count, 4);
        ended.unwrap();
    }

    #[tokio::test]
    async fn the_last_failure_is_told_when_the_patience_is_over() {
        let (count, ended) = attempts(Duration::ZERO, u32::MAX).await;
        assert_eq!(count, 1);
        assert_eq!(ended.unwrap_err().to_string(), "refused, attempt 1");
    }

    #[test]
    fn a_name_cannot_leave_its_quotes() {
        assert_eq!(quoted("stadiums_reader"), r#""stadiums_reader""#);
        assert_eq!(
            quoted(r#"a"; DROP TABLE stadiums; --"#),
            r#""a""; DROP TABLE stadiums; --""#
        );
    }
}
