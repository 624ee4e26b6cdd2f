//! The response, cached in the environment: stale-while-revalidate, with an end.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::task::JoinHandle;

use crate::gateway::Answer;

/// Up to this age the response is served as it is.
const FRESH: Duration = Duration::from_secs(1);

/// Up to this age it is served and refreshed. Beyond, it is refreshed first: an environment may wake after an hour.
const STALE: Duration = Duration::from_secs(10);

/// The response, and the refresh that is under way.
#[derive(Default)]
pub struct ResponseCache {
    answer: Mutex<Option<Dated>>,
    refresh: Mutex<Option<JoinHandle<()>>>,
}

/// A response as it was at a moment.
struct Dated {
    answer: Answer,
    asked_at: Moment,
}

/// What may be done with the response.
pub enum Age {
    /// Serve it.
    Fresh(Answer),
    /// Serve it, and refresh it.
    Stale(Answer),
    /// Refresh it first. Or there is none yet.
    TooOld,
}

impl ResponseCache {
    /// The response and its age. Of one that is too old the refresh is given up: it may have been asked for an hour ago.
    pub fn get(&self) -> Age {
        let cached = lock(&self.answer);
        if let Some(Dated { answer, asked_at }) = &*cached {
            match asked_at.age() {
                age if age < FRESH => return Age::Fresh(answer.clone()),
                age if age < STALE => return Age::Stale(answer.clone()),
                _ => {}
            }
        }
        if let Some(refresh) = lock(&self.refresh).take() {
            refresh.abort();
        }
        Age::TooOld
    }

    /// Caches a response that was asked for at `asked_at`: its age counts from then on, not from the arrival of an answer,
    /// which may have waited in a frozen environment.
    pub fn put(&self, answer: Answer, asked_at: Moment) {
        *lock(&self.answer) = Some(Dated { answer, asked_at });
    }

    /// Starts a refresh, one at a time.
    pub fn refresh_with<F>(&self, refresh: impl FnOnce() -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut running = lock(&self.refresh);
        if running.as_ref().is_none_or(JoinHandle::is_finished) {
            *running = Some(tokio::spawn(refresh()));
        }
    }
}

/// A moment, by two clocks.
#[derive(Clone, Copy)]
pub struct Moment {
    steady: Instant,
    wall: SystemTime,
}

impl Moment {
    pub fn now() -> Self {
        Self {
            steady: Instant::now(),
            wall: SystemTime::now(),
        }
    }

    /// When something that may become so old has to end: Unix time, ms.
    pub fn plus(self, life: Duration) -> i64 {
        let end = (self.wall + life).duration_since(UNIX_EPOCH);
        end.unwrap_or_default().as_millis() as i64
    }

    /// The longer time: the steady clock may stand still while the environment is frozen, and the wall clock may be set back.
    fn age(self) -> Duration {
        let wall = self.wall.elapsed().unwrap_or_default();
        wall.max(self.steady.elapsed())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
