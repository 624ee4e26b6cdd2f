//! What `/proc` tells of processes (their state, memory, CPU time and start), of the machine's CPUs and of cgroups.

use std::fs;
use std::path::PathBuf;
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

/// CPU time of all CPUs since boot, in the kernel's ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CpuTicks {
    idle: u64,
    all: u64,
}

impl CpuTicks {
    /// The first line of `/proc/stat`: user, nice, system, idle, iowait, irq, softirq, steal, and guest times that are in
    /// the first two already.
    fn parse(stat: &str) -> Option<Self> {
        let line = stat.lines().next()?.strip_prefix("cpu ")?;
        let ticks: Vec<u64> = line
            .split_ascii_whitespace()
            .take(8)
            .map(|number| number.parse().ok())
            .collect::<Option<_>>()?;
        Some(Self {
            idle: ticks.get(3)? + ticks.get(4)?,
            all: ticks.iter().sum(),
        })
    }

    /// Up to now. `None` where there is no `/proc/stat`.
    pub fn now() -> Option<Self> {
        Self::parse(&fs::read_to_string("/proc/stat").ok()?)
    }

    /// How busy the CPUs were between the two, percent. CPU time that the host took away counts as busy: nobody here had it.
    pub fn busy_since(self, earlier: Self) -> u8 {
        let all = self.all.saturating_sub(earlier.all);
        let idle = self.idle.saturating_sub(earlier.idle).min(all);
        ((all - idle) * 100)
            .checked_div(all)
            .unwrap_or_default()
            .min(100) as u8
    }
}

/// This process's group in the hierarchy with `controller` (v1) or in the unified one (`""`).
pub(crate) fn own_group(controller: &str) -> Option<PathBuf> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    groups.lines().find_map(|line| {
        let mut fields = line.splitn(3, ':').skip(1);
        let (controllers, path) = (fields.next()?, fields.next()?);
        controllers
            .split(',')
            .any(|name| name == controller)
            .then(|| PathBuf::from(path.trim_start_matches('/')))
    })
}

/// Where a cgroup file system is mounted: type `cgroup` with the controller among its options, or `cgroup2`.
pub(crate) fn mount_point(kind: &str, controller: Option<&str>) -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
    mounts.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(' ').collect();
        let [_, path, file_system, options, ..] = fields[..] else {
            return None;
        };
        let fits = file_system == kind
            && controller.is_none_or(|name| options.split(',').any(|option| option == name));
        // The kernel writes a space in a path as \040.
        fits.then(|| PathBuf::from(path.replace("\\040", " ")))
    })
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

    #[test]
    fn busy_is_what_is_neither_idle_nor_waiting_for_a_disk() {
        let ticks = |text| CpuTicks::parse(text).unwrap();
        let before = ticks("cpu  100 0 50 800 50 0 0 0 0 0\ncpu0 1 2 3\n");
        let after = ticks("cpu  160 0 70 810 60 0 0 0 0 0\n");
        assert_eq!(after.busy_since(before), 80);
        assert_eq!(after.busy_since(after), 0);
        assert_eq!(CpuTicks::parse("intr 1 2 3"), None);
        assert!(CpuTicks::now().is_some(), "this machine has a /proc/stat");
    }
}
