//! PostgreSQL behind a proxy that behaves like RDS Proxy with IAM authentication.

mod cluster;
mod login;
mod relay;
mod session;
mod statements;
mod token;
mod wire;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use self::session::Pool;
use crate::network::listener::Listener;
use crate::process::account::Account;
use crate::process::daemon::Daemon;
use crate::process::programs::Program;
use crate::{Credentials, Error};

/// The database.
pub const DATABASE: &str = "stadiums";

/// The master user, who owns the database and may create users.
pub const ADMIN_USER: &str = "stadiums_admin";

/// What RDS Proxy does.
struct Proxy {
    listener: Arc<Listener>,
    credentials: Credentials,
    pool: Pool,
    /// Seconds by which the proxy's clock is ahead.
    clock_ahead: Arc<AtomicU64>,
    passwords: Passwords,
}

/// The users who sign in with a password instead of an IAM token.
type Passwords = Arc<Mutex<BTreeMap<String, String>>>;

/// The running database.
#[derive(Clone)]
pub struct Database {
    endpoint: SocketAddr,
    postgresql: Daemon,
    clock_ahead: Arc<AtomicU64>,
    passwords: Passwords,
}

impl Database {
    pub(crate) async fn start(
        program: &Program,
        run_directory: &Path,
        account: Account,
        credentials: Credentials,
        listener: Arc<Listener>,
    ) -> Result<Self, Error> {
        let folder = run_directory.join("postgres");
        let log = run_directory.join("postgres.log");
        let postgresql = cluster::start(program, &folder, log, account).await?;
        let endpoint = listener.address();
        let clock_ahead = Arc::<AtomicU64>::default();
        let passwords = Passwords::default();
        let proxy = Arc::new(Proxy {
            listener: Arc::clone(&listener),
            credentials,
            pool: Pool::new(postgresql.socket().to_owned()),
            clock_ahead: Arc::clone(&clock_ahead),
            passwords: Arc::clone(&passwords),
        });
        tokio::spawn(listener.serve(move |stream| {
            let proxy = Arc::clone(&proxy);
            async move {
                // What goes wrong before the log-in is the client's to know: it has been told, or has left.
                if let Ok(client) = proxy.log_in(stream).await {
                    proxy.relay(client).await;
                }
            }
        }));
        Ok(Self {
            endpoint,
            postgresql,
            clock_ahead,
            passwords,
        })
    }

    /// The address of the proxy.
    pub fn endpoint(&self) -> SocketAddr {
        self.endpoint
    }

    /// Runs SQL in the database [`DATABASE`] as PostgreSQL's superuser, past the proxy, and returns the rows as text.
    pub async fn query(&self, sql: &str) -> Result<Vec<Vec<Option<String>>>, Error> {
        let (socket, sql) = (self.postgresql.socket().to_owned(), sql.to_owned());
        let query = async move { cluster::query(&socket, DATABASE, &sql).await };
        self.postgresql.run(query).await?
    }

    /// Makes a database and the user who owns it. With a password the user signs in with that, without one with IAM tokens.
    pub async fn create(
        &self,
        database: &str,
        owner: &str,
        password: Option<&str>,
    ) -> Result<(), Error> {
        let (database, user) = (quoted(database), quoted(owner));
        for sql in [
            // Two functions may have a user of one name: variants of one function do.
            format!(
                "DO $lab$ BEGIN CREATE ROLE {user} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $lab$"
            ),
            format!("GRANT rds_iam TO {user}"),
            format!("CREATE DATABASE {database} OWNER {user}"),
        ] {
            self.query(&sql).await?;
        }
        if let Some(password) = password {
            let mut passwords = self.passwords.lock().expect("no holder panics");
            passwords.insert(owner.to_owned(), password.to_owned());
        }
        Ok(())
    }

    /// Runs SQL in any database as one of its users.
    pub async fn run_as(&self, database: &str, user: &str, sql: &str) -> Result<(), Error> {
        let socket = self.postgresql.socket().to_owned();
        let (database, sql) = (
            database.to_owned(),
            format!("SET ROLE {};\n{sql}", quoted(user)),
        );
        let run = async move { cluster::query(&socket, &database, &sql).await };
        self.postgresql.run(run).await?.map(drop)
    }

    /// Ends all sessions of PostgreSQL, those of clients and those that the proxy keeps, as a failover does, and waits until
    /// they have ended. Returns how many there were.
    pub async fn terminate_sessions(&self) -> Result<u64, Error> {
        let sql = "SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
        let rows = self.query(sql).await?;
        let ended: Vec<&str> = rows
            .iter()
            .filter_map(|row| row.first()?.as_deref())
            .collect();
        if ended.is_empty() {
            return Ok(0);
        }
        let left = format!(
            "SELECT pid FROM pg_stat_activity WHERE pid IN ({})",
            ended.join(", ")
        );
        while !self.query(&left).await?.is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(ended.len() as u64)
    }

    /// Sets the proxy's clock ahead, by whole seconds: with more than a token's 15 minutes, every token that is signed now
    /// has expired when it arrives. Open connections are not touched.
    pub fn set_clock_ahead(&self, ahead: Duration) {
        self.clock_ahead.store(ahead.as_secs(), Ordering::Relaxed);
    }

    /// Stops PostgreSQL as a crash would; the proxy stays and tells its clients that the database cannot be reached.
    pub async fn stop(&self) -> Result<(), Error> {
        self.postgresql.stop().await
    }

    /// Starts PostgreSQL again with the data that it had.
    pub async fn restart(&self) -> Result<(), Error> {
        self.postgresql.restart().await
    }

    /// Lets PostgreSQL hang: every one of its processes stands still, and no connection is closed. The proxy goes on taking
    /// clients, whose log-in then gets no answer. [`Database::query`] gets none either.
    pub async fn suspend(&self) -> Result<(), Error> {
        self.postgresql.suspend().await
    }

    /// Lets a suspended PostgreSQL go on where it was.
    pub async fn resume(&self) -> Result<(), Error> {
        self.postgresql.resume().await
    }
}

/// An identifier in SQL.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
