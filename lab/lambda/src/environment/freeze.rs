//! Freezing an environment between invocations: nothing runs while nothing is asked for.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::{Environment, State};
use crate::procfs::is_awake;

/// The longest wait for thawed processes to fall asleep again; a process that spins in the background is not waited for.
const SETTLE: Duration = Duration::from_millis(20);
/// As long as a thaw takes where CPU is free. So long it is watched without a pause, which leaves this thread ready for the
/// invocation; longer it would take the CPU from the very threads that are waited for.
const WATCHED: Duration = Duration::from_micros(200);
/// From then on: between two looks at the threads' states. tokio's timers would make a millisecond of it.
const LOOK_AGAIN: Duration = Duration::from_micros(20);

impl Environment {
    /// Stops every process until the next invocation, as Lambda does when nothing is queued for this environment.
    pub fn freeze(&mut self) {
        if self.state == State::Ready {
            self.signal(Signal::SIGSTOP);
            self.state = State::Frozen;
        }
    }

    /// Lets a frozen environment run again and waits until it has come to rest. [`Environment::invoke`] does it by itself;
    /// it is public for those who read the CPU time around an invocation.
    pub async fn thaw(&mut self) {
        if self.state == State::Frozen {
            self.signal(Signal::SIGCONT);
            self.state = State::Ready;
            wait_until_asleep(self.process_ids()).await;
        }
    }

    fn signal(&self, signal: Signal) {
        if let Some(processes) = &self.processes {
            processes.signal(signal);
        }
    }
}

/// Waits until every thread of the processes sleeps, for a moment only. What they have to do on waking up (look at the clock, find nothing)
/// belongs to the thaw and not to the invocation that follows it.
pub(super) async fn wait_until_asleep(processes: Vec<i32>) {
    let start = Instant::now();
    while start.elapsed() < WATCHED {
        if !processes.iter().any(|process| is_awake(*process)) {
            return;
        }
        tokio::task::yield_now().await;
    }
    let waited = tokio::task::spawn_blocking(move || {
        while start.elapsed() < SETTLE && processes.iter().any(|process| is_awake(*process)) {
            std::thread::sleep(LOOK_AGAIN);
        }
    });
    waited.await.expect("looking at states does not panic");
}
