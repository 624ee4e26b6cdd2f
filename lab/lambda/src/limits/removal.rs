//! Removing control groups. The kernel refuses it (EBUSY) for a moment while killed processes are still leaving the group,
//! and nobody who has other things to do should wait for that.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nix::libc::EBUSY;

/// How often it is tried again, and the pause before each time.
const ATTEMPTS: u32 = 200;
const PAUSE: Duration = Duration::from_millis(1);

/// Removals that go on in threads of their own.
#[derive(Debug, Default)]
pub(super) struct Removals {
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Removals {
    /// Removes a group whose processes have ended or are about to; does not block.
    pub(super) fn begin(&self, directory: PathBuf) {
        self.begin_with(move || fs::remove_dir(&directory));
    }

    fn begin_with(&self, mut attempt: impl FnMut() -> io::Result<()> + Send + 'static) {
        if is_busy(&attempt()) {
            // Where no thread can be started, the group is stale, and a later run removes it.
            let thread = thread::Builder::new().spawn(move || again(attempt)).ok();
            let mut threads = self.threads();
            threads.retain(|thread| !thread.is_finished());
            threads.extend(thread);
        }
    }

    /// Blocks until everything that has begun is over.
    pub(super) fn wait(&self) {
        for thread in std::mem::take(&mut *self.threads()) {
            let _ = thread.join();
        }
    }

    fn threads(&self) -> MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.threads.lock().expect("no holder of this lock panics")
    }
}

/// Removes a group whose processes have ended or are about to; blocks until it is gone, or cannot be removed.
pub(super) fn remove(directory: &Path) {
    let attempt = || fs::remove_dir(directory);
    if is_busy(&attempt()) {
        again(attempt);
    }
}

fn again(mut attempt: impl FnMut() -> io::Result<()>) {
    for _ in 0..ATTEMPTS {
        thread::sleep(PAUSE);
        if !is_busy(&attempt()) {
            return;
        }
    }
}

fn is_busy(attempt: &io::Result<()>) -> bool {
    matches!(attempt, Err(error) if error.raw_os_error() == Some(EBUSY))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_busy_group_is_removed_by_another_thread_and_an_empty_one_at_once() {
        for busy in [0, 5] {
            let attempts = Arc::new(Mutex::new(Vec::new()));
            let seen = Arc::clone(&attempts);
            let removals = Removals::default();
            removals.begin_with(move || {
                let mut attempts = seen.lock().unwrap();
                attempts.push(thread::current().id());
                if attempts.len() <= busy {
                    return Err(io::Error::from_raw_os_error(EBUSY));
                }
                Ok(())
            });
            removals.wait();
            let attempts = attempts.lock().unwrap();
            let own = thread::current().id();
            assert_eq!(attempts.len(), busy + 1, "all are over when it has waited");
            assert_eq!(attempts.iter().filter(|id| **id == own).count(), 1);
        }
    }
}
