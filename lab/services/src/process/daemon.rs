//! A server program that listens on a Unix socket.

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{Mutex, MutexGuard};

use super::{Launch, Process};
use crate::Error;

/// How often a program that starts is asked whether it answers.
const ASK_EVERY: Duration = Duration::from_millis(5);

/// Whether the program behind a socket answers.
pub(crate) type Answers = fn(PathBuf) -> Pin<Box<dyn Future<Output = bool> + Send>>;

pub(crate) struct Service {
    pub launch: Launch,
    pub socket: PathBuf,
    pub answers: Answers,
    /// How long it may take to answer after its start.
    pub start_timeout: Duration,
}

/// A handle on the program. Whatever thread calls, the work is done on the thread on which it was started.
#[derive(Clone)]
pub(crate) struct Daemon {
    service: Arc<Service>,
    process: Arc<Mutex<Option<Process>>>,
    runtime: Handle,
}

impl Daemon {
    /// Starts the program and waits until it answers. Call this on the services' own thread, as [`Launch::start`].
    pub async fn start(service: Service) -> Result<Self, Error> {
        let daemon = Self {
            service: Arc::new(service),
            process: Arc::default(),
            runtime: Handle::current(),
        };
        daemon.service.start(daemon.process.lock().await).await?;
        Ok(daemon)
    }

    /// The socket on which the program listens.
    pub fn socket(&self) -> &Path {
        &self.service.socket
    }

    /// Runs a future on the services' thread.
    pub async fn run<T, F>(&self, future: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        self.runtime.spawn(future).await.map_err(|_| Error::Stopped)
    }

    /// Ends the program as a crash would.
    pub async fn stop(&self) -> Result<(), Error> {
        let process = Arc::clone(&self.process);
        self.run(async move {
            if let Some(process) = process.lock().await.take() {
                process.stop().await;
            }
        })
        .await
    }

    /// Starts the program again unless it runs.
    pub async fn restart(&self) -> Result<(), Error> {
        let (service, process) = (Arc::clone(&self.service), Arc::clone(&self.process));
        self.run(async move { service.start(process.lock().await).await })
            .await?
    }

    /// Lets the program and its children stand still. Nothing happens if it does not run.
    pub async fn suspend(&self) -> Result<(), Error> {
        let process = Arc::clone(&self.process);
        self.run(async move {
            match &mut *process.lock().await {
                Some(process) => process.suspend().await,
                None => Ok(()),
            }
        })
        .await?
    }

    /// Lets a suspended program go on.
    pub async fn resume(&self) -> Result<(), Error> {
        let process = Arc::clone(&self.process);
        self.run(async move {
            if let Some(process) = &mut *process.lock().await {
                process.resume().await;
            }
        })
        .await
    }
}

impl Service {
    async fn start(&self, mut process: MutexGuard<'_, Option<Process>>) -> Result<(), Error> {
        if process
            .as_mut()
            .is_some_and(|running| running.check().is_ok())
        {
            return Ok(());
        }
        let process = process.insert(self.launch.start()?);
        let answers = async {
            loop {
                process.check()?;
                if (self.answers)(self.socket.clone()).await {
                    return Ok(());
                }
                tokio::time::sleep(ASK_EVERY).await;
            }
        };
        let in_time = tokio::time::timeout(self.start_timeout, answers).await;
        in_time.unwrap_or_else(|_| {
            let seconds = self.start_timeout.as_secs();
            Err(process.error(format!("did not answer within {seconds} s")))
        })
    }
}
