//! A PostgreSQL cluster of one run: made, started and thrown away.

use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::Signal;

use super::backend::{Backend, NoBackend};
use super::{ADMIN_USER, DATABASE};
use crate::Error;
use crate::account::Account;
use crate::process::{Launch, Process};
use crate::programs::Postgresql;

/// The user who may do anything. No client of the front can be this one: it is no member of `rds_iam`.
pub(super) const SUPERUSER: &str = "postgres";

/// How long PostgreSQL may take to answer after its start.
const START: Duration = Duration::from_secs(30);

/// Settings for a cluster whose data nobody will miss: nothing waits for a disk, and no time is spent on compiling a query
/// for 32 rows. It listens on its Unix socket only; `mmap` keeps shared memory inside the run's folder, where no leftover
/// can survive it.
const SETTINGS: [&str; 9] = [
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "dynamic_shared_memory_type=mmap",
    "fsync=off",
    "full_page_writes=off",
    "jit=off",
    "max_connections=100",
    "shared_buffers=16MB",
    "autovacuum=off",
];

/// The cluster and its program.
pub(super) struct Server {
    launch: Launch,
    folder: PathBuf,
    process: Option<Process>,
}

impl Server {
    /// Makes the cluster in `folder` and starts it.
    pub async fn create(
        programs: &Postgresql,
        folder: &Path,
        log: PathBuf,
        account: Account,
    ) -> Result<Self, Error> {
        account.make_folder(folder)?;
        let data = folder.join("data").to_string_lossy().into_owned();
        let launch = |name, arguments: Vec<String>| Launch {
            name,
            program: programs.folder.join(name),
            arguments,
            libraries: programs.libraries.clone(),
            account,
            log: log.clone(),
            // Immediate shutdown: unlike SIGKILL it lets PostgreSQL end its processes and free its shared memory.
            stop_signal: Signal::SIGQUIT,
        };
        let owned = |arguments: &[&str]| arguments.iter().map(|&text| text.to_owned()).collect();
        let initdb = ["-D", &data, "-U", SUPERUSER, "-A", "trust"];
        let initdb = [&initdb[..], &["-E", "UTF8", "--locale=C", "--no-sync"]].concat();
        launch("initdb", owned(&initdb)).run().await?;
        // PostgreSQL takes a list here: a comma in the path would part it.
        let sockets = format!("\"{}\"", folder.to_string_lossy().replace('"', "\"\""));
        let settings = SETTINGS.iter().flat_map(|setting| ["-c", setting]);
        let postgres = ["-D", &data, "-k", &sockets].into_iter().chain(settings);
        let mut server = Self {
            launch: launch("postgres", owned(&postgres.collect::<Vec<_>>())),
            folder: folder.to_owned(),
            process: None,
        };
        server.start().await?;
        server.make_roles().await?;
        Ok(server)
    }

    /// The socket on which PostgreSQL listens.
    pub fn socket(&self) -> PathBuf {
        self.folder.join(".s.PGSQL.5432")
    }

    /// Starts PostgreSQL and waits until it answers. Nothing happens if it runs already.
    pub async fn start(&mut self) -> Result<(), Error> {
        if self
            .process
            .as_mut()
            .is_some_and(|process| process.check().is_ok())
        {
            return Ok(());
        }
        let process = self.process.insert(self.launch.start()?);
        let socket = self.folder.join(".s.PGSQL.5432");
        let answers = async {
            loop {
                process.check()?;
                if Backend::open(&socket, SUPERUSER, "postgres").await.is_ok() {
                    return Ok(());
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        match tokio::time::timeout(START, answers).await {
            Ok(result) => result,
            Err(_) => Err(process.error(format!("did not answer within {} s", START.as_secs()))),
        }
    }

    /// Stops PostgreSQL as a crash would: sessions break off.
    pub async fn stop(&mut self) {
        if let Some(process) = self.process.take() {
            process.stop().await;
        }
    }

    /// Lets PostgreSQL and all its sessions stand still. Nothing happens if it does not run.
    pub async fn suspend(&mut self) -> Result<(), Error> {
        match &mut self.process {
            Some(process) => process.suspend().await,
            None => Ok(()),
        }
    }

    /// Lets it go on.
    pub async fn resume(&mut self) {
        if let Some(process) = &mut self.process {
            process.resume().await;
        }
    }

    /// What Aurora has from the beginning: the role that allows IAM tokens, the master user and the database.
    async fn make_roles(&self) -> Result<(), Error> {
        for sql in [
            "CREATE ROLE rds_iam NOLOGIN".to_owned(),
            format!("CREATE ROLE {ADMIN_USER} LOGIN CREATEROLE"),
            format!("GRANT rds_iam TO {ADMIN_USER} WITH ADMIN OPTION"),
            format!("CREATE DATABASE {DATABASE} OWNER {ADMIN_USER}"),
        ] {
            query(&self.socket(), "postgres", &sql).await?;
        }
        Ok(())
    }
}

/// Runs SQL as the superuser and returns the rows' values as text.
pub(super) async fn query(
    socket: &Path,
    database: &str,
    sql: &str,
) -> Result<Vec<Vec<Option<String>>>, Error> {
    let refused = |error: NoBackend| Error::Refused {
        service: "PostgreSQL",
        request: sql.to_owned(),
        message: error.message(),
    };
    let mut backend = Backend::open(socket, SUPERUSER, database)
        .await
        .map_err(refused)?;
    let answer = backend.run(sql).await.map_err(refused)?;
    Ok(answer
        .iter()
        .filter(|message| message.tag() == b'D')
        .map(|message| values(message.body()))
        .collect())
}

/// The values of a `DataRow`: a count, then a length (-1 for NULL) and bytes for each.
fn values(mut body: &[u8]) -> Vec<Option<String>> {
    use bytes::Buf;
    let count = body.get_u16();
    let value = |_| {
        let length = usize::try_from(body.get_i32()).ok()?;
        let (value, rest) = body.split_at(length);
        body = rest;
        Some(String::from_utf8_lossy(value).into_owned())
    };
    (0..count).map(value).collect()
}
