//! Control groups, a run's and those of its environments below it: the files that v1 and v2 have under different names.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::removal::{Removals, remove};

/// What one version of cgroups calls its files.
#[derive(Debug)]
pub(super) struct Version {
    /// `cgroup v1` or `cgroup v2`.
    pub(super) name: &'static str,
    /// The file with the CPU time used, and the key in it; without a key it has the number alone.
    pub(super) usage: (&'static str, &'static str),
    /// The key of the throttled time in `cpu.stat`.
    pub(super) throttled: &'static str,
    /// The unit of both times.
    pub(super) unit: Duration,
    /// Writes quota and period, both in µs, into the directory of the CPU controller.
    pub(super) write_quota: fn(&Path, u64, u64) -> io::Result<()>,
    /// The file with the limit of memory in bytes.
    pub(super) memory_limit: &'static str,
    /// The file whose line `oom_kill N` counts the processes that the kernel has killed for want of memory.
    pub(super) oom: &'static str,
    /// The file with the peak of memory in bytes, all kinds of memory together.
    pub(super) peak: &'static str,
}

/// The run's parent group in each hierarchy. With cgroup v2 all three are one.
#[derive(Debug)]
pub struct Hierarchy {
    pub(super) version: &'static Version,
    pub(super) cpu: PathBuf,
    accounting: PathBuf,
    memory: PathBuf,
    removals: Arc<Removals>,
}

impl Hierarchy {
    /// Parent groups that the caller creates; they are removed when this is dropped.
    pub(super) fn new(version: &'static Version, [cpu, accounting, memory]: [PathBuf; 3]) -> Self {
        Self {
            version,
            cpu,
            accounting,
            memory,
            removals: Arc::default(),
        }
    }

    pub(super) fn directories(&self) -> [&PathBuf; 3] {
        [&self.cpu, &self.accounting, &self.memory]
    }

    pub(super) fn group(&self, name: &str, memory_mb: u32) -> io::Result<Group> {
        let directories = self.directories().map(|parent| parent.join(name));
        Group::create(self.version, directories, memory_mb, &self.removals)
    }
}

impl Drop for Hierarchy {
    /// Blocks until the groups below have been removed, too.
    fn drop(&mut self) {
        self.removals.wait();
        for directory in self.directories() {
            remove(directory);
        }
    }
}

/// The control group of one environment. Dropping it kills what is left inside and begins to remove it; the run's parent
/// group waits for the end of that when it is dropped.
pub(crate) struct Group {
    version: &'static Version,
    /// One a hierarchy.
    directories: Vec<PathBuf>,
    cpu: PathBuf,
    memory: PathBuf,
    removals: Arc<Removals>,
    joins: Vec<File>,
    usage: File,
    stat: File,
}

impl Group {
    /// Creates the group in the hierarchies of the CPU, the accounting and the memory controller, which may be one.
    pub(super) fn create(
        version: &'static Version,
        [cpu, accounting, memory]: [PathBuf; 3],
        memory_mb: u32,
        removals: &Arc<Removals>,
    ) -> io::Result<Self> {
        let mut directories = vec![cpu.clone(), accounting.clone(), memory.clone()];
        directories.dedup();
        for directory in &directories {
            fs::create_dir(directory)?;
        }
        let bytes = u64::from(memory_mb) << 20;
        write(&memory, version.memory_limit, &bytes.to_string())?;
        // Lambda has no swap; the file is missing where the kernel accounts none, and from cgroup v1.
        let _ = write(&memory, "memory.swap.max", "0");
        let open = |directory: &PathBuf| {
            let join = directory.join("cgroup.procs");
            OpenOptions::new().write(true).open(join)
        };
        Ok(Self {
            joins: directories.iter().map(open).collect::<io::Result<_>>()?,
            usage: File::open(accounting.join(version.usage.0))?,
            stat: File::open(cpu.join("cpu.stat"))?,
            removals: Arc::clone(removals),
            version,
            directories,
            cpu,
            memory,
        })
    }

    /// Files to which a new process writes `0` to move itself into the group.
    pub(crate) fn joins(&self) -> &[File] {
        &self.joins
    }

    /// Lets the group use `quota` of CPU time in each `period` from now on.
    pub(crate) fn set_cpu_quota(&self, quota: Duration, period: Duration) -> io::Result<()> {
        let us = |duration: Duration| duration.as_micros() as u64;
        (self.version.write_quota)(&self.cpu, us(quota), us(period))
    }

    /// CPU time used so far by all processes of the group.
    pub(crate) fn cpu_time(&self) -> Duration {
        self.time(&self.usage, self.version.usage.1)
    }

    /// Time during which processes of the group were ready to run and had no quota left.
    pub(crate) fn throttled_time(&self) -> Duration {
        self.time(&self.stat, self.version.throttled)
    }

    /// Reads a small file from its start through an open handle: one system call, as this happens between invocations.
    fn time(&self, file: &File, key: &str) -> Duration {
        let mut buffer = [0; 512];
        let length = file.read_at(&mut buffer, 0).unwrap_or_default();
        let text = str::from_utf8(&buffer[..length]).unwrap_or_default();
        let units = value_of(text, key).unwrap_or_default();
        Duration::from_nanos(units * self.version.unit.as_nanos() as u64)
    }

    pub(crate) fn oom_kills(&self) -> u64 {
        let text = fs::read_to_string(self.memory.join(self.version.oom)).unwrap_or_default();
        value_of(&text, "oom_kill ").unwrap_or_default()
    }

    /// The peak of the group's memory in MiB, page cache included; zero where the kernel does not tell.
    pub(crate) fn peak_memory_mb(&self) -> u32 {
        let text = fs::read_to_string(self.memory.join(self.version.peak)).unwrap_or_default();
        let bytes: u64 = text.trim().parse().unwrap_or_default();
        u32::try_from(bytes.div_ceil(1 << 20)).unwrap_or(u32::MAX)
    }

    /// Kills every process of the group.
    pub(crate) fn kill(&self) {
        kill_all(&self.processes());
    }

    /// The ids of the processes in the group.
    pub(crate) fn processes(&self) -> Vec<i32> {
        processes_of(&self.directories[0])
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
        for directory in self.directories.drain(..) {
            self.removals.begin(directory);
        }
    }
}

/// The ids of the processes in the group with this directory.
pub(super) fn processes_of(directory: &Path) -> Vec<i32> {
    let list = fs::read_to_string(directory.join("cgroup.procs")).unwrap_or_default();
    list.lines().filter_map(|line| line.parse().ok()).collect()
}

pub(super) fn kill_all(processes: &[i32]) {
    for process in processes {
        // It may have ended just now.
        let _ = kill(Pid::from_raw(*process), Signal::SIGKILL);
    }
}

/// The number behind `key` in a file of `key value` lines.
fn value_of(text: &str, key: &str) -> Option<u64> {
    text.lines()
        .find_map(|line| line.strip_prefix(key)?.trim().parse().ok())
}

/// Writes `value` to `directory/name`, naming the file when that fails.
pub(super) fn write(directory: &Path, name: &str, value: &str) -> io::Result<()> {
    let path = directory.join(name);
    fs::write(&path, value)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}
