//! PostgreSQL behind a front that behaves like RDS Proxy with IAM authentication.

mod backend;
mod login;
mod relay;
mod server;
mod statements;
mod token;
mod wire;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Mutex;

use self::backend::Pool;
use self::server::Server;
use crate::account::Account;
use crate::front::Gate;
use crate::programs::Postgresql;
use crate::thread::on_thread;
use crate::{Credentials, Error};

/// The database.
pub const DATABASE: &str = "stadiums";

/// The master user, who owns the database and may create users.
pub const ADMIN_USER: &str = "stadiums_admin";

/// The front's own state.
pub(crate) struct Front {
    gate: Gate,
    endpoint: SocketAddr,
    credentials: Credentials,
    pool: Pool,
    /// Seconds by which the front's clock is ahead.
    clock_ahead: Arc<AtomicU64>,
}

/// The running database.
#[derive(Clone)]
pub struct Database {
    endpoint: SocketAddr,
    socket: PathBuf,
    server: Arc<Mutex<Server>>,
    clock_ahead: Arc<AtomicU64>,
    runtime: Handle,
}

impl Database {
    pub(crate) async fn start(
        programs: &Postgresql,
        run_directory: &Path,
        account: Account,
        credentials: Credentials,
        gate: Gate,
    ) -> Result<Self, Error> {
        let folder = run_directory.join("postgres");
        let server = Server::create(
            programs,
            &folder,
            run_directory.join("postgres.log"),
            account,
        )
        .await?;
        let socket = server.socket();
        let (listener, endpoint) = Gate::listen().await?;
        let clock_ahead = Arc::<AtomicU64>::default();
        let front = Arc::new(Front {
            gate: gate.clone(),
            endpoint,
            credentials,
            pool: Pool::new(socket.clone()),
            clock_ahead: Arc::clone(&clock_ahead),
        });
        tokio::spawn(gate.serve(listener, move |stream| {
            let front = Arc::clone(&front);
            async move {
                // What goes wrong before the log-in is the client's to know: it has been told, or has left.
                if let Ok(client) = front.log_in(stream).await {
                    front.relay(client).await;
                }
            }
        }));
        let server = Arc::new(Mutex::new(server));
        Ok(Self {
            endpoint,
            socket,
            server,
            clock_ahead,
            runtime: Handle::current(),
        })
    }

    /// The address of the RDS Proxy front.
    pub fn endpoint(&self) -> SocketAddr {
        self.endpoint
    }

    /// Runs SQL in the database [`DATABASE`] as PostgreSQL's superuser, past the front, and returns the rows as text.
    pub async fn query(&self, sql: &str) -> Result<Vec<Vec<Option<String>>>, Error> {
        let (socket, sql) = (self.socket.clone(), sql.to_owned());
        on_thread(&self.runtime, async move {
            server::query(&socket, DATABASE, &sql).await
        })
        .await?
    }

    /// Ends all sessions of PostgreSQL, those of clients and those that the proxy keeps, as a failover does. Returns how
    /// many there were.
    pub async fn terminate_sessions(&self) -> Result<u64, Error> {
        let sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                   WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
        let rows = self.query(sql).await?;
        let count = rows.first().and_then(|row| row.first().cloned().flatten());
        Ok(count.and_then(|count| count.parse().ok()).unwrap_or(0))
    }

    /// Sets the proxy's clock ahead, by whole seconds: with more than a token's 15 minutes, every token that is signed now
    /// has expired when it arrives. Open connections are not touched.
    pub fn set_clock_ahead(&self, ahead: Duration) {
        self.clock_ahead.store(ahead.as_secs(), Ordering::Relaxed);
    }

    /// Stops PostgreSQL; the front stays and tells its clients that the database cannot be reached.
    pub async fn stop(&self) -> Result<(), Error> {
        let server = Arc::clone(&self.server);
        on_thread(
            &self.runtime,
            async move { server.lock().await.stop().await },
        )
        .await
    }

    /// Starts PostgreSQL again with the data that it had.
    pub async fn restart(&self) -> Result<(), Error> {
        let server = Arc::clone(&self.server);
        on_thread(
            &self.runtime,
            async move { server.lock().await.start().await },
        )
        .await?
    }

    /// Lets PostgreSQL hang: every one of its processes stands still, and no connection is closed. The front goes on taking
    /// clients, whose log-in then gets no answer. [`Database::query`] gets none either.
    pub async fn suspend(&self) -> Result<(), Error> {
        let server = Arc::clone(&self.server);
        on_thread(
            &self.runtime,
            async move { server.lock().await.suspend().await },
        )
        .await?
    }

    /// Lets a suspended PostgreSQL go on where it was.
    pub async fn resume(&self) -> Result<(), Error> {
        let server = Arc::clone(&self.server);
        on_thread(
            &self.runtime,
            async move { server.lock().await.resume().await },
        )
        .await
    }
}
