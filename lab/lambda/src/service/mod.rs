//! The service in front of the environments of one function: one request an environment at a time, an idle environment
//! is used again, and when none is idle a new one is started (a cold start for that request).

mod place;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::task::JoinSet;
use tokio::time::timeout_at;

use crate::environment::{Environment, Failure, InitReport, Outcome, Phase, Request, StartError};
use crate::function::Function;
use crate::scaling::{Scaling, ThrottleReason};
use crate::trace::TraceHeader;
use place::{Place, Shared, Slot};

/// What an answer's way to the caller and the next request's way back take at the very least on AWS. Here they take
/// nothing, so that a caller who sends one request after the other would overtake the runtime on its way to its next event.
const WAY_BACK: Duration = Duration::from_millis(1);

/// One invocation through the service, as its caller sees it. It may not be over: the function's processes may have
/// something to do behind the answer.
#[derive(Debug)]
pub struct Served {
    /// The invocation's id.
    pub request_id: String,
    /// What it came to.
    pub outcome: Outcome,
    /// What the request found.
    pub start: Start,
}

impl Served {
    /// The payload that the caller of Lambda's Invoke API gets.
    pub fn payload(&self) -> Bytes {
        self.outcome.payload(&self.request_id)
    }
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
pub enum InvokeError {
    /// The function has no environment for it now.
    #[error("429 TooManyRequestsException: Rate Exceeded. ({0})")]
    Throttled(ThrottleReason),
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

/// All environments of one function.
pub struct Service {
    function: Arc<Function>,
    shared: Arc<Shared>,
    /// Invocations that have been answered and are not over.
    answered: Mutex<JoinSet<()>>,
    /// Environments that were idle for too long and are being shut down.
    ending: Mutex<JoinSet<()>>,
    started: AtomicUsize,
}

impl Service {
    /// A service without any environment yet.
    pub fn new(function: Function, scaling: Scaling) -> Self {
        Self {
            function: Arc::new(function),
            shared: Arc::new(Shared::new(scaling)),
            answered: Mutex::default(),
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

    /// Invokes the function in an idle environment, the last used first, or in a new one. The caller has the answer as
    /// soon as the runtime has posted it; the environment stays busy until the runtime and every extension ask for their
    /// next event, and the REPORT tells of that time, too. A request that is given up before its answer ends its
    /// environment.
    pub async fn invoke(&self, event: &Bytes, trace: &TraceHeader) -> Result<Served, InvokeError> {
        self.request(Request::new(event, trace)).await
    }

    /// The same for a caller who wants more than to send an event.
    pub async fn request(&self, request: Request) -> Result<Served, InvokeError> {
        let limit = self.function.platform.largest_payload;
        if request.event.len() > limit {
            return Err(InvokeError::TooLarge { limit });
        }
        self.begin_to_reap();
        self.let_the_last_answer_arrive().await;
        let slot = self.shared.pool().acquire(Instant::now());
        let slot = slot.map_err(InvokeError::Throttled)?;
        let mut place = Place {
            shared: Arc::clone(&self.shared),
            slot: None,
            is_answered: false,
        };
        let (mut environment, start) = match slot {
            Some(Slot::Ready(environment)) => (environment, Start::Warm),
            Some(Slot::Resetting(reset)) => {
                let environment = reset.await.expect("a reset does not panic");
                (Box::new(environment), Start::Reset)
            }
            None => self.start().await?,
        };
        let answered = environment.answer(request).await;
        let served = Served {
            request_id: answered.request_id.clone(),
            outcome: answered.outcome.clone(),
            start,
        };
        if let Outcome::Failed(_) = served.outcome {
            environment.complete(answered).await;
            place.give_back(environment);
        } else {
            place.answered();
            spawn(&self.answered, async move {
                let invocation = environment.complete(answered).await;
                place.note(invocation.behind.as_ref());
                place.give_back(environment);
            });
        }
        Ok(served)
    }

    /// Waits for an environment that has answered less than [`WAY_BACK`] ago, if none is idle.
    async fn let_the_last_answer_arrive(&self) {
        let mut behind = self.shared.behind.subscribe();
        let Some(last) = behind.borrow().last else {
            return;
        };
        let is_idle = || self.shared.pool().idle().next().is_some();
        let settled = behind.wait_for(|behind| behind.environments == 0 || is_idle());
        // Too late, the request finds what there is.
        let _ = timeout_at((last + WAY_BACK).into(), settled).await;
    }

    /// Waits until every invocation that has been answered is over: its REPORT is written, and its environment is idle.
    pub async fn settle(&self) {
        let mut behind = self.shared.behind.subscribe();
        let settled = behind.wait_for(|behind| behind.environments == 0).await;
        settled.expect("this service holds the sender");
    }

    /// What ended invocations behind their answers, and how many: callers have their answers and learn nothing of it.
    /// [`Service::settle`] waits until all of it is known.
    pub fn failed_behind(&self) -> BTreeMap<String, u64> {
        self.shared.failed_behind().clone()
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
            // Everything else may happen on AWS, too.
            Err(error) if matches!(error.failure, Failure::NotStarted { .. }) => Err(error),
            Err(_) => Ok((environment, Start::Retried)),
        }
    }

    /// Shuts down the environments that have been idle for too long, and waits for their end.
    pub async fn reap(&self) {
        self.begin_to_reap();
        let ending = std::mem::take(&mut *lock(&self.ending));
        ending.join_all().await;
    }

    /// The same without waiting. Every invocation begins with it; call it where nothing is invoked for a while.
    pub fn begin_to_reap(&self) {
        let expired = self.shared.pool().take_expired(Instant::now());
        for slot in expired {
            spawn(&self.ending, slot.shutdown());
        }
    }

    /// `function` or the extension's file name, and the process id, of all idle environments, the last used last: for those
    /// who want to see what happens when one is gone.
    pub fn processes(&self) -> Vec<(String, i32)> {
        let pool = self.shared.pool();
        let ready = pool.idle().filter_map(|slot| match slot {
            Slot::Ready(environment) => Some(environment.processes()),
            Slot::Resetting(_) => None,
        });
        ready.flatten().collect()
    }

    /// Ends all environments; the caller must not invoke the function any more. What has been answered and is not over is
    /// waited for.
    pub async fn shutdown(&self) {
        self.settle().await;
        let idle = self.shared.pool().take_idle();
        for slot in idle {
            slot.shutdown().await;
        }
        self.reap().await;
    }
}

/// Runs this in the background; it ends with the service.
fn spawn(tasks: &Mutex<JoinSet<()>>, task: impl Future<Output = ()> + Send + 'static) {
    let mut tasks = lock(tasks);
    while tasks.try_join_next().is_some() {}
    tasks.spawn(task);
}

fn lock(tasks: &Mutex<JoinSet<()>>) -> MutexGuard<'_, JoinSet<()>> {
    tasks.lock().expect("no holder of this lock panics")
}
