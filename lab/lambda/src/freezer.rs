//! Freezing an environment between invocations: nothing runs while nothing is asked for.

use std::fs;
use std::time::{Duration, Instant};

/// The longest wait for thawed processes to fall asleep again; a process that spins in the background is not waited for.
const SETTLE: Duration = Duration::from_millis(20);
/// As long as a thaw takes where CPU is free. So long it is watched without a pause, which leaves this thread ready for the
/// invocation; longer it would take the CPU from the very threads that are waited for.
const WATCHED: Duration = Duration::from_micros(200);
/// From then on: between two looks at the threads' states. tokio's timers would make a millisecond of it.
const LOOK_AGAIN: Duration = Duration::from_micros(20);

/// Waits until every thread of the processes sleeps. What they have to do on waking up (look at the clock, find nothing)
/// belongs to the thaw and not to the invocation that follows it.
pub(crate) async fn wait_until_asleep(processes: Vec<i32>) {
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

fn is_awake(process: i32) -> bool {
    let threads = fs::read_dir(format!("/proc/{process}/task"))
        .into_iter()
        .flatten()
        .flatten();
    threads
        .filter_map(|thread| fs::read(thread.path().join("stat")).ok())
        .any(|stat| !is_asleep(&stat))
}

/// The state is the first letter behind the name, which is in parentheses and may hold any character.
fn is_asleep(stat: &[u8]) -> bool {
    let state = stat
        .iter()
        .rposition(|byte| *byte == b')')
        .and_then(|end| stat.get(end + 2));
    matches!(state, None | Some(b'S' | b'Z' | b'X' | b'I'))
}

/// The peak of resident memory of the processes together, in KiB.
pub(crate) fn peak_memory_kib(processes: &[i32]) -> u64 {
    let peak = |process: &i32| {
        let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().trim_end_matches(" kB").parse::<u64>().ok()
    };
    processes.iter().filter_map(peak).sum()
}

/// CPU time that the threads of the processes have used, where no control group counts it.
pub(crate) fn cpu_time(processes: &[i32]) -> Duration {
    let threads = processes.iter().flat_map(|process| {
        fs::read_dir(format!("/proc/{process}/task"))
            .into_iter()
            .flatten()
    });
    let used = threads.flatten().filter_map(|thread| {
        let statistics = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        statistics.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(used.sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_is_found_behind_any_name() {
        assert!(is_asleep(b"12 (bootstrap) S 1 2"));
        assert!(!is_asleep(b"12 (a) R) R 1 2"));
        assert!(is_asleep(b"12 (R (x)) S 1 2"));
        assert!(
            !is_asleep(b"12 (bootstrap) T 1 2"),
            "stopped is not yet thawed"
        );
    }
}
