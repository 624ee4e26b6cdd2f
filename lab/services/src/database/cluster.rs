//! A PostgreSQL cluster of one run: made, started and thrown away.

use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::Signal;

use super::session::{NoSession, Session};
use super::{ADMIN_USER, DATABASE};
use crate::Error;
use crate::process::Launch;
use crate::process::account::Account;
use crate::process::daemon::{Daemon, Service};
use crate::process::programs::Program;

/// The user who may do anything. No client of the proxy can be this one: it is no member of `rds_iam`.
const SUPERUSER: &str = "postgres";

/// How long PostgreSQL may take to answer after its start.
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// Settings for a cluster whose data nobody will miss: nothing waits for a disk, and no time is spent on compiling a query
/// for 32 rows. It listens on its Unix socket only; `mmap` keeps shared memory inside the run's folder, so that none can
/// outlive it.
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

/// Makes a cluster in `folder`, starts it and gives it what Aurora has from the beginning: the role that allows IAM tokens,
/// the master user and the database.
pub(super) async fn start(
    program: &Program,
    folder: &Path,
    log: PathBuf,
    account: Account,
) -> Result<Daemon, Error> {
    account.make_folder(folder)?;
    let data = folder.join("data").to_string_lossy().into_owned();
    let launch = |name, arguments: &[&str]| Launch {
        name,
        program: program.folder.join(name),
        arguments: arguments.iter().map(|&text| text.to_owned()).collect(),
        libraries: program.libraries.clone(),
        account,
        log: log.clone(),
        // Immediate shutdown: unlike SIGKILL it lets PostgreSQL end its processes and free its shared memory.
        stop_signal: Signal::SIGQUIT,
    };
    let initdb = ["-D", &data, "-U", SUPERUSER, "-A", "trust"];
    let initdb = [&initdb[..], &["-E", "UTF8", "--locale=C", "--no-sync"]].concat();
    launch("initdb", &initdb).run().await?;
    // PostgreSQL takes a list here: a comma in the path would part it.
    let sockets = format!("\"{}\"", folder.to_string_lossy().replace('"', "\"\""));
    let settings = SETTINGS.iter().flat_map(|setting| ["-c", setting]);
    let postgres = ["-D", &data, "-k", &sockets].into_iter().chain(settings);
    let daemon = Daemon::start(Service {
        launch: launch("postgres", &postgres.collect::<Vec<_>>()),
        socket: folder.join(".s.PGSQL.5432"),
        answers: |socket| {
            Box::pin(async move { Session::open(&socket, SUPERUSER, "postgres").await.is_ok() })
        },
        start_timeout: START_TIMEOUT,
    })
    .await?;
    for sql in [
        "CREATE ROLE rds_iam NOLOGIN".to_owned(),
        format!("CREATE ROLE {ADMIN_USER} LOGIN CREATEROLE"),
        format!("GRANT rds_iam TO {ADMIN_USER} WITH ADMIN OPTION"),
        format!("CREATE DATABASE {DATABASE} OWNER {ADMIN_USER}"),
    ] {
        query(daemon.socket(), "postgres", &sql).await?;
    }
    Ok(daemon)
}

/// Runs SQL as the superuser and returns the rows' values as text.
pub(super) async fn query(
    socket: &Path,
    database: &str,
    sql: &str,
) -> Result<Vec<Vec<Option<String>>>, Error> {
    let refused = |error: NoSession| Error::Refused {
        service: "PostgreSQL",
        request: sql.to_owned(),
        message: error.message(),
    };
    let mut session = Session::open(socket, SUPERUSER, database)
        .await
        .map_err(refused)?;
    let messages = session.run(sql).await.map_err(refused)?;
    Ok(messages
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
