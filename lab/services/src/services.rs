//! All neighbours of a function, started and stopped together.

use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::cache::Cache;
use crate::certificates::TrustAnchors;
use crate::counts::Counts;
use crate::database::Database;
use crate::delay::pause;
use crate::network::Network;
use crate::parameters::Parameters;
use crate::programs::Programs;
use crate::thread::{self, Running, on_thread};
use crate::traces::Traces;
use crate::{Credentials, Error};

/// The services' thread looks at all its sockets each time that a task yields; after this many looks it has served
/// whatever had arrived, however many messages that was.
const SERVED_WITHIN: usize = 64;

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
    /// Parameter Store's quota in requests per second, shared by `GetParameter`, `GetParameters` and
    /// `GetParametersByPath`; `None` lifts it.
    pub parameter_quota: Option<u32>,
}

/// The running neighbours. They end with [`Services::stop`], when this is dropped, and when the process dies.
pub struct Services {
    running: Running,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
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
            .spawn(move || thread::run(&options, started, wait_for_stop))
            .map_err(Error::io("starting the services' thread"))?;
        let running = wait_for_start.await.map_err(|_| Error::Stopped)??;
        Ok(Self {
            running,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// The only credentials that the neighbours accept; new for each run.
    pub fn credentials(&self) -> &Credentials {
        &self.running.credentials
    }

    /// The variables that lead a program to its neighbours: `AWS_ENDPOINT_URL_SSM`, `SSL_CERT_FILE` and
    /// `AWS_XRAY_DAEMON_ADDRESS`. The other endpoints are parameters.
    pub fn environment(&self, anchors: TrustAnchors) -> Vec<(String, String)> {
        let certificates = self
            .running
            .certificates
            .file(anchors)
            .to_string_lossy()
            .into_owned();
        let variable = |name: &str, value| (name.to_owned(), value);
        vec![
            variable(
                "AWS_ENDPOINT_URL_SSM",
                self.running.parameters.endpoint_url(),
            ),
            variable("SSL_CERT_FILE", certificates),
            variable(
                "AWS_XRAY_DAEMON_ADDRESS",
                self.running.traces.endpoint().to_string(),
            ),
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
        let _ = on_thread(&self.running.runtime, arrived).await;
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
