//! The thread on which everything runs.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::account::Account;
use crate::cache::Cache;
use crate::certificates::Certificates;
use crate::counts::Counters;
use crate::database::Database;
use crate::front::{Gate, GateCounters};
use crate::network::{LiveLink, Network};
use crate::parameters::Parameters;
use crate::services::Options;
use crate::traces::Traces;
use crate::{Credentials, Error};

/// A Unix socket's path has room for 107 bytes on Linux; this many are left for the run's folder.
const LONGEST_RUN_DIRECTORY: usize = 80;

/// What the thread hands out once everything answers.
#[derive(Clone)]
pub(crate) struct Running {
    pub credentials: Credentials,
    pub certificates: Arc<Certificates>,
    pub counters: Arc<Counters>,
    pub links: Links,
    pub database: Database,
    pub cache: Cache,
    pub parameters: Parameters,
    pub traces: Traces,
    /// To run something on this thread.
    pub runtime: Handle,
}

#[derive(Clone, Default)]
pub(crate) struct Links {
    pub database: Arc<LiveLink>,
    pub cache: Arc<LiveLink>,
    pub parameters: Arc<LiveLink>,
}

impl Links {
    pub fn set(&self, network: &Network) {
        self.database.set(network.database);
        self.cache.set(network.cache);
        self.parameters.set(network.parameters);
    }
}

/// The body of the services' thread.
pub(crate) fn run(
    options: &Options,
    mut started: oneshot::Sender<Result<Running, Error>>,
    wait_for_stop: oneshot::Receiver<()>,
) {
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = started.send(Err(Error::io("starting the services' runtime")(error)));
            return;
        }
    };
    runtime.block_on(async {
        let result = tokio::select! {
            result = start_all(options) => result,
            () = started.closed() => return,
        };
        let running = result.as_ref().ok().cloned();
        if started.send(result).is_err() {
            return;
        }
        if let Some(running) = running {
            // Stopped, or dropped: both close the channel.
            let _ = wait_for_stop.await;
            let _ = tokio::join!(running.database.stop(), running.cache.stop());
        }
    });
}

async fn start_all(options: &Options) -> Result<Running, Error> {
    let account = Account::for_services();
    let directory = &options.run_directory;
    prepare(directory, account)?;
    let certificates = Arc::new(Certificates::create(directory)?);
    let counters = Arc::new(Counters::default());
    let credentials = Credentials::random();
    let links = Links::default();
    links.set(&options.network);
    let gate = |link: &Arc<LiveLink>, count_as| Gate {
        acceptor: certificates.acceptor.clone(),
        link: Arc::clone(link),
        counters: Arc::clone(&counters),
        count_as,
    };
    let database = gate(&links.database, GateCounters::DATABASE);
    let cache = gate(&links.cache, GateCounters::CACHE);
    let parameters = gate(&links.parameters, GateCounters::PARAMETERS);
    let programs = &options.programs;
    let (database, cache, parameters, traces) = tokio::try_join!(
        Database::start(
            &programs.postgresql,
            directory,
            account,
            credentials.clone(),
            database
        ),
        Cache::start(&programs.cache, directory, account, cache),
        Parameters::start(credentials.clone(), options.parameter_quota, parameters),
        Traces::start(Arc::clone(&counters)),
    )?;
    Ok(Running {
        credentials,
        certificates,
        counters,
        links,
        database,
        cache,
        parameters,
        traces,
        runtime: Handle::current(),
    })
}

/// Checks the run's folder and lets the services' user through.
fn prepare(directory: &Path, account: Account) -> Result<(), Error> {
    let length = directory.as_os_str().len();
    if length > LONGEST_RUN_DIRECTORY {
        let problem = format!(
            "the path is {length} bytes long, too long for a Unix socket inside it: use a folder whose path has at most \
             {LONGEST_RUN_DIRECTORY}, for example by setting TMPDIR=/tmp"
        );
        return Err(Error::path(directory, problem));
    }
    let failed = || Error::io(format!("preparing {}", directory.display()));
    if account.change_to.is_some() {
        let mode = directory.metadata().map_err(failed())?.permissions().mode() | 0o011;
        std::fs::set_permissions(directory, PermissionsExt::from_mode(mode)).map_err(failed())?;
    }
    match account.stopped_at(directory) {
        None => Ok(()),
        Some(folder) => {
            let problem = format!(
                "the services run as user nobody, who cannot pass through {}: use a folder outside it",
                folder.display()
            );
            Err(Error::path(directory, problem))
        }
    }
}

/// Runs a future on the services' thread, where programs have to be started.
pub(crate) async fn on_thread<T, F>(runtime: &Handle, future: F) -> Result<T, Error>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    runtime.spawn(future).await.map_err(|_| Error::Stopped)
}
