//! All services of a function, started and stopped together.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;

use crate::cache::Cache;
use crate::certificates::{Certificates, TrustAnchors};
use crate::database::Database;
use crate::network::counts::{Counters, Counts};
use crate::network::delay::pause;
use crate::network::listener::{ConnectionCounters, Listener};
use crate::network::{LiveLink, Network};
use crate::parameters::Parameters;
use crate::process::account::Account;
use crate::process::programs::Programs;
use crate::process::thread::EventLoop;
use crate::traces::Traces;
use crate::upstream::{Answer, Upstream};
use crate::{Credentials, Error, Wait};

/// The services' thread looks at all its sockets each time that a task yields; after this many looks it has served
/// whatever had arrived, however many messages that was.
const SERVED_WITHIN: usize = 64;

/// A Unix socket's path has room for 107 bytes on Linux; this many are left for the run's folder.
const LONGEST_RUN_DIRECTORY: usize = 80;

/// What is started, and how far away it is.
#[derive(Debug, Clone)]
pub struct Options {
    /// A folder that exists, belongs to this run alone and is removed by the caller afterwards: the services' data, sockets,
    /// logs and certificates. At most 80 bytes long. Where the lab is root, others get the right to pass through it.
    pub run_directory: PathBuf,
    /// How far away the services are.
    pub network: Network,
    /// The programs to run.
    pub programs: Programs,
    /// Parameter Store's quota in requests per second, shared by `GetParameter`, `GetParameters` and
    /// `GetParametersByPath`; `None` lifts it.
    pub parameter_quota: Option<u32>,
}

/// The running services. They end with [`Services::stop`], when this is dropped, and when the process dies. A drop blocks
/// until they have ended, a few seconds at most: on an event loop that has other work, call [`Services::stop`].
pub struct Services {
    running: Running,
    event_loop: EventLoop,
}

/// What the services' thread hands out once everything answers.
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
    /// To run something on the thread.
    runtime: Handle,
}

#[derive(Clone, Default)]
struct Links {
    database: Arc<LiveLink>,
    cache: Arc<LiveLink>,
    parameters: Arc<LiveLink>,
}

impl Services {
    /// Starts everything and returns when everything answers. If the future is dropped, what has been started ends.
    ///
    /// One thread with a runtime of its own serves all clients and is the parent of all programs: the kernel ends a program
    /// when the thread that started it ends, and so the lab's own threads may come and go.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let (event_loop, running) = EventLoop::start(
            async move || Running::start(&options).await,
            async |running: Running| {
                let _ = tokio::join!(running.database.stop(), running.cache.stop());
            },
        )
        .await?;
        Ok(Self {
            running,
            event_loop,
        })
    }

    /// The only credentials that the services accept; new for each run.
    pub fn credentials(&self) -> &Credentials {
        &self.running.credentials
    }

    /// The variables that lead a program to its services: `AWS_ENDPOINT_URL_SSM`, `SSL_CERT_FILE` and
    /// `AWS_XRAY_DAEMON_ADDRESS`. The other endpoints are parameters.
    pub fn environment(&self, anchors: TrustAnchors) -> Vec<(String, String)> {
        let running = &self.running;
        let certificates = running.certificates.file(anchors);
        let variable = |name: &str, value| (name.to_owned(), value);
        vec![
            variable("AWS_ENDPOINT_URL_SSM", running.parameters.endpoint_url()),
            variable("SSL_CERT_FILE", certificates.to_string_lossy().into_owned()),
            variable(
                "AWS_XRAY_DAEMON_ADDRESS",
                running.traces.endpoint().to_string(),
            ),
        ]
    }

    /// PostgreSQL and its RDS Proxy.
    pub fn database(&self) -> &Database {
        &self.running.database
    }

    /// Valkey or Redis.
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

    /// Waits until what clients have already sent has arrived and been counted. A client that says goodbye before it
    /// answers is gone by then, while its goodbye may still be under way.
    pub async fn settle(&self) {
        let network = self.network();
        let links = [network.database, network.cache, network.parameters];
        let longest = links.map(|link| link.round_trip).into_iter().max();
        let arrived = async move {
            let waited = pause(2 * longest.unwrap_or_default()).await;
            for _ in 0..SERVED_WITHIN {
                tokio::task::yield_now().await;
            }
            waited
        };
        // A stopped thread counts nothing any more.
        let _ = self.running.runtime.spawn(arrived).await;
    }

    /// The network as it is now.
    pub fn network(&self) -> Network {
        let links = &self.running.links;
        Network {
            database: links.database.get(),
            cache: links.cache.get(),
            parameters: links.parameters.get(),
        }
    }

    /// Moves the services nearer or farther, for open connections, too.
    pub fn set_network(&self, network: &Network) {
        self.running.links.set(network);
    }

    /// The time that `counts` cost in the network as it is now: see [`Counts::waited`].
    pub fn waited(&self, counts: &Counts) -> Duration {
        counts.waited(&self.network())
    }

    /// Starts a further party, on the services' thread.
    pub async fn upstream(&self, answer: Answer) -> Result<Upstream, Error> {
        let (counters, runtime) = (&self.running.counters, &self.running.runtime);
        Upstream::start(answer, Arc::clone(counters), runtime.clone()).await
    }

    /// Takes what clients have waited for since the last call, by the service: each stretch from the arrival of a client's
    /// bytes to the answer, modelled distance included. The first call begins the noting, which costs a little.
    pub fn take_waits(&self) -> [(&'static str, Vec<Wait>); 3] {
        let links = &self.running.links;
        [
            ("parameters", &links.parameters),
            ("database", &links.database),
            ("cache", &links.cache),
        ]
        .map(|(service, link)| (service, link.take_waits()))
    }

    /// Stops everything and waits for the end of all programs, at most a few seconds.
    pub async fn stop(self) {
        self.event_loop.stop().await;
    }
}

impl Links {
    fn set(&self, network: &Network) {
        self.database.set(network.database);
        self.cache.set(network.cache);
        self.parameters.set(network.parameters);
    }
}

impl Running {
    async fn start(options: &Options) -> Result<Self, Error> {
        let account = Account::for_services();
        let directory = &options.run_directory;
        prepare(directory, account)?;
        let certificates = Arc::new(Certificates::create(directory)?);
        let counters = Arc::new(Counters::default());
        let credentials = Credentials::random();
        let links = Links::default();
        links.set(&options.network);
        let listener = |link: &Arc<LiveLink>, counted_as| {
            let acceptor = certificates.acceptor.clone();
            Listener::bind(
                acceptor,
                Arc::clone(link),
                Arc::clone(&counters),
                counted_as,
            )
        };
        let at_database = listener(&links.database, ConnectionCounters::DATABASE).await?;
        let at_cache = listener(&links.cache, ConnectionCounters::CACHE).await?;
        let at_parameters = listener(&links.parameters, ConnectionCounters::PARAMETERS).await?;
        let programs = &options.programs;
        let (database, cache, traces) = tokio::try_join!(
            Database::start(
                &programs.postgresql,
                directory,
                account,
                credentials.clone(),
                at_database
            ),
            Cache::start(&programs.cache, directory, account, at_cache),
            Traces::start(Arc::clone(&counters)),
        )?;
        let parameters =
            Parameters::start(credentials.clone(), options.parameter_quota, at_parameters);
        Ok(Self {
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
    if account.change_to.is_some() {
        let failed = || Error::io(format!("preparing {}", directory.display()));
        let mode = directory.metadata().map_err(failed())?.permissions().mode() | 0o011;
        std::fs::set_permissions(directory, PermissionsExt::from_mode(mode)).map_err(failed())?;
    }
    account.check_access(directory)
}
