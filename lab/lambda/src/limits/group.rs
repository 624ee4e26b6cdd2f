//! One environment's control group: the files that v1 and v2 have under different names.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::removal::Removals;

/// Where one version keeps what.
pub(super) struct Layout {
    /// The group's directories, one a hierarchy.
    pub(super) directories: Vec<PathBuf>,
    /// Writes quota and period, both in µs.
    pub(super) write_quota: fn(&Path, u64, u64) -> io::Result<()>,
    /// The directory of the CPU controller.
    pub(super) cpu: PathBuf,
    /// CPU time used, and how to read it as µs.
    pub(super) usage: (PathBuf, fn(&str) -> Option<u64>),
    /// Reads the throttled time in µs from `cpu.stat`.
    pub(super) throttled: fn(&str) -> Option<u64>,
    /// The file whose line `oom_kill N` counts the processes that the kernel has killed for want of memory.
    pub(super) oom: PathBuf,
    /// The file with the peak of memory in bytes, all kinds of memory together.
    pub(super) peak: PathBuf,
}

/// The control group of one environment. Dropping it kills what is left inside and begins to remove it; the run's parent
/// group waits for the end of that when it is dropped.
pub(crate) struct Group {
    layout: Layout,
    removals: Arc<Removals>,
    joins: Vec<File>,
    usage: File,
    stat: File,
}

impl Group {
    pub(super) fn open(layout: Layout, removals: &Arc<Removals>) -> io::Result<Self> {
        let join = |directory: &PathBuf| {
            OpenOptions::new()
                .write(true)
                .open(directory.join("cgroup.procs"))
        };
        Ok(Self {
            joins: layout
                .directories
                .iter()
                .map(join)
                .collect::<io::Result<_>>()?,
            usage: File::open(&layout.usage.0)?,
            stat: File::open(layout.cpu.join("cpu.stat"))?,
            removals: Arc::clone(removals),
            layout,
        })
    }

    /// Files to which a new process writes `0` to move itself into the group.
    pub(crate) fn joins(&self) -> &[File] {
        &self.joins
    }

    /// Lets the group use `quota` of CPU time in each `period` from now on.
    pub(crate) fn set_cpu_quota(&self, quota: Duration, period: Duration) -> io::Result<()> {
        let us = |duration: Duration| duration.as_micros() as u64;
        (self.layout.write_quota)(&self.layout.cpu, us(quota), us(period))
    }

    /// CPU time used so far by all processes of the group.
    pub(crate) fn cpu_time(&self) -> Duration {
        Duration::from_micros(read(&self.usage, self.layout.usage.1).unwrap_or_default())
    }

    /// Time during which processes of the group were ready to run and had no quota left.
    pub(crate) fn throttled_time(&self) -> Duration {
        Duration::from_micros(read(&self.stat, self.layout.throttled).unwrap_or_default())
    }

    /// How many processes of the group the kernel has killed because its memory was used up.
    pub(crate) fn oom_kills(&self) -> u64 {
        let text = fs::read_to_string(&self.layout.oom).unwrap_or_default();
        value_of(&text, "oom_kill ").unwrap_or_default()
    }

    /// The peak of the group's memory in MiB, page cache included; zero where the kernel does not tell.
    pub(crate) fn peak_memory_mb(&self) -> u32 {
        let text = fs::read_to_string(&self.layout.peak).unwrap_or_default();
        let bytes: u64 = text.trim().parse().unwrap_or_default();
        u32::try_from(bytes.div_ceil(1 << 20)).unwrap_or(u32::MAX)
    }

    /// Kills every process of the group.
    pub(crate) fn kill(&self) {
        kill_all(&self.processes());
    }

    /// The ids of the processes in the group.
    pub(crate) fn processes(&self) -> Vec<i32> {
        processes_of(&self.layout.directories[0])
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
        for directory in self.layout.directories.drain(..) {
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

/// Reads a small file from its start through an open handle: one system call, as this happens between invocations.
fn read(file: &File, parse: fn(&str) -> Option<u64>) -> Option<u64> {
    let mut buffer = [0; 512];
    let length = file.read_at(&mut buffer, 0).ok()?;
    parse(std::str::from_utf8(&buffer[..length]).ok()?)
}

/// The number behind `key` in a file of `key value` lines.
pub(super) fn value_of(text: &str, key: &str) -> Option<u64> {
    text.lines()
        .find_map(|line| line.strip_prefix(key)?.trim().parse().ok())
}

/// Writes `value` to `directory/name`, naming the file when that fails.
pub(super) fn write(directory: &Path, name: &str, value: &str) -> io::Result<()> {
    let path = directory.join(name);
    fs::write(&path, value)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}
