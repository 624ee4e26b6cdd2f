//! All neighbours of a function, started and stopped together.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::account::Account;
use crate::cache::Cache;
use crate::certificates::{Certificates, TrustAnchors};
use crate::counts::{Counter, Counters, Counts};
use crate::database::Database;
use crate::front::{Gate, GateCounters};
use crate::network::{LiveLink, Network};
use crate::parameters::Parameters;
use crate::programs::Programs;
use crate::traces::Traces;
use crate::{Credentials, Error};

/// A Unix socket's path has room for 107 bytes on Linux; this many are left for the run's folder.
const LONGEST_RUN_DIRECTORY: usize = 80;

/// What is started, and how far away it is.
#[derive(Debug, Clone)]
pub struct Options {
    /// A folder that exists, belongs to this run alone and is removed by the caller afterwards: the services' data, sockets,
    /// logs and certificates. At most 80 bytes long. Where the lab is root, others get the right to pass through it.
    pub run_directory: PathBuf,
    /// How far away the neighbours are.
    pub network: Network,
    /// The programs to run.
    pub programs: Programs,
    /// Parameter Store's quota in requests per second, shared by `GetParameter` and `GetParameters`; `None` lifts it.
    pub parameter_quota: Option<u32>,
}

/// The running neighbours. They end with [`Services::stop`], when this is dropped, and when the process dies.
pub struct Services {
    running: Running,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread hands out once everything answers.
#[derive(Clone)]
struct Running {
    credentials: Credentials,
    certificates: Arc<Certificates>,
    counters: Arc<Counters>,
    links: Links,
    database: Database,
    cache: Cache,
    parameters: Parameters,
    traces: Traces,
}

#[derive(Clone, Default)]
struct Links {
    database: Arc<LiveLink>,
    cache: Arc<LiveLink>,
    parameters: Arc<LiveLink>,
}

impl Links {
    fn set(&self, network: &Network) {
        self.database.set(network.database);
        self.cache.set(network.cache);
        self.parameters.set(network.parameters);
    }
}

impl Services {
    /// Starts everything and returns when everything answers. If the future is dropped, what has been started ends.
    ///
    /// One thread with a runtime of its own serves all fronts and is the parent of all programs: the kernel ends a program
    /// when the thread that started it ends, and so the lab's own threads may come and go.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let (started, wait_for_start) = oneshot::channel();
        let (stop, wait_for_stop) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("services".to_owned())
            .spawn(move || run(&options, started, wait_for_stop))
            .map_err(Error::io("starting the services' thread"))?;
        let running = wait_for_start.await.map_err(|_| Error::Stopped)??;
        Ok(Self { running, stop: Some(stop), thread: Some(thread) })
    }

    /// The only credentials that the neighbours accept; new for each run.
    pub fn credentials(&self) -> &Credentials {
        &self.running.credentials
    }

    /// The variables that lead a program to its neighbours: `AWS_ENDPOINT_URL_SSM`, `SSL_CERT_FILE` and
    /// `AWS_XRAY_DAEMON_ADDRESS`. The other endpoints are parameters.
    pub fn environment(&self, anchors: TrustAnchors) -> Vec<(String, String)> {
        let certificates = self.running.certificates.file(anchors).to_string_lossy().into_owned();
        let variable = |name: &str, value| (name.to_owned(), value);
        vec![
            variable("AWS_ENDPOINT_URL_SSM", self.running.parameters.endpoint_url()),
            variable("SSL_CERT_FILE", certificates),
            variable("AWS_XRAY_DAEMON_ADDRESS", self.running.traces.endpoint().to_string()),
        ]
    }

    /// PostgreSQL and its RDS Proxy front.
    pub fn database(&self) -> &Database {
        &self.running.database
    }

    /// Valkey or Redis and its ElastiCache front.
    pub fn cache(&self) -> &Cache {
        &self.running.cache
    }

    /// Parameter Store.
    pub fn parameters(&self) -> &Parameters {
        &self.running.parameters
    }

    /// The X-Ray daemon.
    pub fn traces(&self) -> &Traces {
        &self.running.traces
    }

    /// What has been counted since the start.
    pub fn counts(&self) -> Counts {
        self.running.counters.read()
    }

    /// The network as it is now.
    pub fn network(&self) -> Network {
        let links = &self.running.links;
        Network { database: links.database.get(), cache: links.cache.get(), parameters: links.parameters.get() }
    }

    /// Moves the neighbours nearer or farther, for open connections, too.
    pub fn set_network(&self, network: &Network) {
        self.running.links.set(network);
    }

    /// The time that `counts` cost in the network as it is now: see [`Counts::waited`].
    pub fn waited(&self, counts: &Counts) -> Duration {
        counts.waited(&self.network())
    }

    /// Stops everything and waits for the end of all programs, at most a few seconds.
    pub async fn stop(mut self) {
        self.stop.take();
        let thread = self.thread.take();
        // A thread that panicked has ended its programs as well.
        let _ = tokio::task::spawn_blocking(move || thread.map(JoinHandle::join)).await;
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The body of the services' thread.
fn run(
    options: &Options,
    mut started: oneshot::Sender<Result<Running, Error>>,
    wait_for_stop: oneshot::Receiver<()>,
) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
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
    let gate = |link: &Arc<LiveLink>, connections, tls_handshakes, round_trips| Gate {
        acceptor: certificates.acceptor.clone(),
        link: Arc::clone(link),
        counters: Arc::clone(&counters),
        count_as: GateCounters { connections, tls_handshakes, round_trips },
    };
    let database = gate(
        &links.database,
        Counter::DatabaseConnections,
        Counter::DatabaseTlsHandshakes,
        Counter::DatabaseRoundTrips,
    );
    let cache = gate(&links.cache, Counter::CacheConnections, Counter::CacheTlsHandshakes, Counter::CacheRoundTrips);
    let parameters = gate(
        &links.parameters,
        Counter::ParametersConnections,
        Counter::ParametersTlsHandshakes,
        Counter::ParametersRoundTrips,
    );
    let programs = &options.programs;
    let (database, cache, parameters, traces) = tokio::try_join!(
        Database::start(&programs.postgresql, directory, account, credentials.clone(), database),
        Cache::start(&programs.cache, directory, account, cache),
        Parameters::start(credentials.clone(), options.parameter_quota, parameters),
        Traces::start(Arc::clone(&counters)),
    )?;
    Ok(Running { credentials, certificates, counters, links, database, cache, parameters, traces })
}

/// Checks the run's folder and lets the services' user through.
fn prepare(directory: &Path, account: Account) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;
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
