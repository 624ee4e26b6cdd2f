//! The service in front of the environments of one function: one request an environment at a time, an idle environment
//! is used again, and when none is idle a new one is started (a cold start for that request).

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use bytes::Bytes;
use tokio::task::{JoinHandle, JoinSet};

use crate::init::Phase;
use crate::scaling::{Pool, Reason, Scaling};
use crate::{Environment, Function, InitReport, Invocation, StartError, TraceHeader};

/// One invocation through the service.
#[derive(Debug)]
pub struct Served {
    /// The invocation.
    pub invocation: Invocation,
    /// What the request found.
    pub start: Start,
}

/// What a request found: how much of a start it had to wait for.
#[derive(Debug, Clone, Copy)]
pub enum Start {
    /// An idle environment.
    Warm,
    /// None: it waited for the init phase of a new one, a cold start.
    Cold(InitReport),
    /// None, and the init phase of the new one failed: init ran once more, inside the invocation, and its time is in the
    /// invocation's duration.
    Retried,
    /// An environment that a timeout or a crash had reset: init ran inside the invocation, and its time is in the
    /// invocation's duration.
    Reset,
}

/// Why the service did not invoke the function.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The function has no environment for it now.
    #[error("429 TooManyRequestsException: Rate Exceeded. ({0})")]
    Throttled(Reason),
    /// The event is too large.
    #[error(
        "413 RequestTooLargeException: Request must be smaller than {limit} bytes for the InvokeFunction operation"
    )]
    TooLarge {
        /// The largest event, bytes.
        limit: usize,
    },
    /// The lab cannot run the function: the executable is missing or cannot be run, or control groups or sockets cannot be
    /// set up. On AWS a missing executable is `Runtime.InvalidEntrypoint`; here it is the caller's mistake.
    #[error(transparent)]
    Start(#[from] StartError),
}

/// An environment that may be given out.
enum Slot {
    Ready(Box<Environment>),
    /// It failed, and its processes are being ended.
    Resetting(JoinHandle<Environment>),
}

impl Slot {
    async fn shutdown(self) {
        match self {
            Self::Ready(environment) => environment.shutdown().await,
            Self::Resetting(reset) => {
                if let Ok(environment) = reset.await {
                    environment.shutdown().await;
                }
            }
        }
    }
}

/// The place of one running request; it is given back however the request ends.
struct Place<'a> {
    service: &'a Service,
    slot: Option<Slot>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let slot = self.slot.take();
        self.service.pool().release(Instant::now(), slot);
    }
}

/// All environments of one function.
pub struct Service {
    function: Arc<Function>,
    pool: Mutex<Pool<Slot>>,
    /// Environments that were idle for too long and are being shut down.
    ending: Mutex<JoinSet<()>>,
    started: AtomicUsize,
}

impl Service {
    /// A service without any environment yet.
    pub fn new(function: Function, scaling: Scaling) -> Self {
        Self {
            function: Arc::new(function),
            pool: Mutex::new(Pool::new(scaling)),
            ending: Mutex::default(),
            started: AtomicUsize::new(0),
        }
    }

    /// The function's configuration.
    pub fn function(&self) -> &Arc<Function> {
        &self.function
    }

    /// How many environments were started so far, resets not counted.
    pub fn started(&self) -> usize {
        self.started.load(Ordering::Relaxed)
    }

    /// Invokes the function in an idle environment, the last used first, or in a new one.
    pub async fn invoke(&self, event: &Bytes, trace: &TraceHeader) -> Result<Served, Refused> {
        let limit = self.function.platform.largest_payload;
        if event.len() > limit {
            return Err(Refused::TooLarge { limit });
        }
        let now = Instant::now();
        self.begin_to_reap(now);
        let slot = self.pool().acquire(now).map_err(Refused::Throttled)?;
        let mut place = Place {
            service: self,
            slot: None,
        };
        let (mut environment, start) = match slot {
            Some(Slot::Ready(environment)) => (environment, Start::Warm),
            Some(Slot::Resetting(reset)) => {
                let environment = reset.await.expect("a reset does not panic");
                (Box::new(environment), Start::Reset)
            }
            None => self.start().await?,
        };
        let invocation = environment.invoke(event, trace).await;
        environment.freeze();
        place.slot = Some(if environment.is_alive() {
            Slot::Ready(environment)
        } else {
            // The client has its answer meanwhile; a request for this environment waits.
            Slot::Resetting(tokio::spawn(async move {
                environment.reset().await;
                *environment
            }))
        });
        Ok(Served { invocation, start })
    }

    /// A new environment. Where its init phase fails as it may fail on AWS, the invocation tries again.
    async fn start(&self) -> Result<(Box<Environment>, Start), StartError> {
        self.started.fetch_add(1, Ordering::Relaxed);
        let mut environment = Box::new(Environment::empty(&self.function)?);
        match environment.initialise(Phase::Init).await {
            Ok(()) => {
                let init = environment.init();
                Ok((environment, Start::Cold(init)))
            }
            Err(error @ (StartError::Spawn { .. } | StartError::Setup(_))) => Err(error),
            Err(_) => Ok((environment, Start::Retried)),
        }
    }

    /// Shuts down the environments that have been idle for too long. Every invocation begins with it; call it where
    /// nothing is invoked for a while.
    pub async fn reap(&self) {
        self.begin_to_reap(Instant::now());
        let ending = std::mem::take(&mut *self.ending());
        ending.join_all().await;
    }

    fn begin_to_reap(&self, now: Instant) {
        let expired = self.pool().take_expired(now);
        if !expired.is_empty() {
            let mut ending = self.ending();
            for slot in expired {
                ending.spawn(slot.shutdown());
            }
            while ending.try_join_next().is_some() {}
        }
    }

    /// `function` or the extension's file name, and the process id, of all idle environments, the last used last: for those
    /// who want to see what happens when one is gone.
    pub fn processes(&self) -> Vec<(String, i32)> {
        let pool = self.pool();
        let ready = pool.idle().filter_map(|slot| match slot {
            Slot::Ready(environment) => Some(environment.processes()),
            Slot::Resetting(_) => None,
        });
        ready.flatten().collect()
    }

    /// Ends all idle environments.
    pub async fn shutdown(&self) {
        let idle = self.pool().take_idle();
        for slot in idle {
            slot.shutdown().await;
        }
        self.reap().await;
    }

    fn pool(&self) -> MutexGuard<'_, Pool<Slot>> {
        self.pool.lock().expect("no holder of this lock panics")
    }

    fn ending(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.ending.lock().expect("no holder of this lock panics")
    }
}
