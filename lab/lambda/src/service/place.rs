//! The places of a service: who has an environment, and what becomes of it behind the answer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::environment::{Environment, Failure};
use crate::scaling::{Pool, Scaling};

/// An environment that may be given out.
pub(super) enum Slot {
    Ready(Box<Environment>),
    /// It failed, and its processes are being ended.
    Resetting(JoinHandle<Environment>),
}

impl Slot {
    /// Freezes an environment whose invocation is over, or begins to reset it if it has failed.
    fn of(mut environment: Box<Environment>) -> Self {
        environment.freeze();
        if environment.is_alive() {
            return Self::Ready(environment);
        }
        // A request for this environment waits for the end of it.
        Self::Resetting(tokio::spawn(async move {
            environment.reset().await;
            *environment
        }))
    }

    pub(super) async fn shutdown(self) {
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

/// The environments that have answered and are not idle yet.
#[derive(Clone, Copy, Default)]
pub(super) struct BehindAnswers {
    pub(super) environments: usize,
    /// The time of the last answer.
    pub(super) last: Option<Instant>,
}

/// What requests share, also those that go on behind their answer.
pub(super) struct Shared {
    pool: Mutex<Pool<Slot>>,
    failed_behind: Mutex<BTreeMap<String, u64>>,
    pub(super) behind: watch::Sender<BehindAnswers>,
}

impl Shared {
    pub(super) fn new(scaling: Scaling) -> Self {
        Self {
            pool: Mutex::new(Pool::new(scaling)),
            failed_behind: Mutex::default(),
            behind: watch::Sender::default(),
        }
    }

    pub(super) fn pool(&self) -> MutexGuard<'_, Pool<Slot>> {
        self.pool.lock().expect("no holder of this lock panics")
    }

    pub(super) fn failed_behind(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.failed_behind
            .lock()
            .expect("no holder of this lock panics")
    }
}

/// The place of one running request; it is given back however the request ends.
pub(super) struct Place {
    pub(super) shared: Arc<Shared>,
    /// The environment that is given back, if there is one.
    pub(super) slot: Option<Slot>,
    /// Whether the caller has its answer.
    pub(super) is_answered: bool,
}

impl Place {
    /// The caller has its answer, and the environment is still busy.
    pub(super) fn answered(&mut self) {
        self.is_answered = true;
        self.shared.behind.send_modify(|behind| {
            behind.environments += 1;
            behind.last = Some(Instant::now());
        });
    }

    /// Counts what ended the invocation behind its answer.
    pub(super) fn note(&self, failure: Option<&Failure>) {
        if let Some(failure) = failure {
            let mut failed = self.shared.failed_behind();
            *failed.entry(failure.to_string()).or_default() += 1;
        }
    }

    /// With an environment that can be used again.
    pub(super) fn give_back(mut self, environment: Box<Environment>) {
        self.slot = Some(Slot::of(environment));
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let slot = self.slot.take();
        self.shared.pool().release(Instant::now(), slot);
        if self.is_answered {
            let one_less = |behind: &mut BehindAnswers| behind.environments -= 1;
            self.shared.behind.send_modify(one_less);
        }
    }
}
