//! What `/proc` tells of processes: their state, memory, CPU time and start.

use std::fs;
use std::time::Duration;

/// True when a thread of the process runs or is ready to.
pub(crate) fn is_awake(process: i32) -> bool {
    let threads = fs::read_dir(format!("/proc/{process}/task"))
        .into_iter()
        .flatten()
        .flatten();
    threads
        .filter_map(|thread| fs::read(thread.path().join("stat")).ok())
        .any(|stat| !is_asleep(&stat))
}

fn is_asleep(stat: &[u8]) -> bool {
    let state = behind_the_name(stat).first();
    matches!(state, None | Some(b'S' | b'Z' | b'X' | b'I'))
}

/// A `stat` file from its third field, the state, on. The name before it, in parentheses, may hold any character.
fn behind_the_name(stat: &[u8]) -> &[u8] {
    let end = stat.iter().rposition(|byte| *byte == b')');
    end.and_then(|end| stat.get(end + 2..)).unwrap_or_default()
}

/// When the process started, in clock ticks since the machine did: field 22 of its `stat`. With the process id it names a
/// process for good. `None` where there is no such process.
pub(crate) fn start_ticks(process: u32) -> Option<u64> {
    let stat = fs::read(format!("/proc/{process}/stat")).ok()?;
    let fields = str::from_utf8(behind_the_name(&stat)).ok()?;
    fields.split_ascii_whitespace().nth(19)?.parse().ok()
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
