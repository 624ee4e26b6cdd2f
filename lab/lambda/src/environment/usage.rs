//! What an environment uses: CPU time and memory, through its control group where there is one.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::Environment;
use super::failure::{Exit, Failure};
use super::processes::Processes;
use crate::limits::Group;
use crate::procfs;

/// How long a reading of the peak memory is good for.
const MEMORY_READING: Duration = Duration::from_millis(10);

/// CPU figures of an environment since its start.
#[derive(Debug, Clone, Copy, Default)]
pub struct CpuUsage {
    /// CPU time used by all processes.
    pub used: Duration,
    /// Time that they stood still for lack of quota; zero where nothing is limited.
    pub throttled: Duration,
}

impl Environment {
    /// The peak of resident memory for the REPORT, in MiB. Back-to-back invocations share one reading.
    pub(super) fn max_memory_mb(&mut self, failure: Option<&Failure>) -> u32 {
        if let Some(Failure::Exit(Exit {
            out_of_memory: true,
            ..
        })) = failure
        {
            return self.function.memory_mb;
        }
        let is_fresh = |read: Instant| read.elapsed() < MEMORY_READING;
        if !self.peak_memory_read.is_some_and(is_fresh) {
            self.read_peak_memory();
            self.peak_memory_read = Some(Instant::now());
        }
        match (&self.group, self.peak_memory_mb) {
            // All processes were gone before anybody looked.
            (Some(group), 0) => group.peak_memory_mb(),
            (_, peak) => peak,
        }
    }

    /// The kernel keeps the peak of a process while it lives; asking for it costs some 30 µs a process.
    pub(super) fn read_peak_memory(&mut self) {
        let kib = procfs::peak_memory_kib(&self.process_ids());
        let peak = u32::try_from(kib.div_ceil(1024)).unwrap_or(u32::MAX);
        self.peak_memory_mb = self.peak_memory_mb.max(peak);
    }

    /// Whether the kernel killed this process for want of memory: it was killed, and the group's own counter has grown
    /// since the init phase. A process that is killed by somebody else is mistaken for it when a child had run out of
    /// memory before.
    pub(super) fn is_out_of_memory(&self, exit: &Exit) -> bool {
        use std::os::unix::process::ExitStatusExt as _;
        let killed = exit.status.signal() == Some(Signal::SIGKILL as i32);
        killed
            && self
                .group
                .as_ref()
                .is_some_and(|group| group.oom_kills() > self.oom_kills)
    }

    /// CPU time since the start. The difference around an invocation is what that invocation used.
    pub fn cpu_usage(&self) -> CpuUsage {
        match &self.group {
            Some(group) => CpuUsage {
                used: group.cpu_time(),
                throttled: group.throttled_time(),
            },
            None => CpuUsage {
                used: procfs::cpu_time(&self.process_ids()),
                throttled: Duration::ZERO,
            },
        }
    }

    pub(super) fn set_cpu_quota(&self, quota: Duration) -> std::io::Result<()> {
        match &self.group {
            Some(group) => group.set_cpu_quota(quota, self.function.platform.cpu_period),
            None => Ok(()),
        }
    }

    /// The last lines that the processes wrote, for an error message.
    pub fn log_tail(&self) -> String {
        self.log.tail()
    }

    /// `function` or the extension's file name, and the process id, of every process that the platform has started.
    pub fn processes(&self) -> Vec<(String, i32)> {
        let named = self.processes.as_ref().map(Processes::named);
        named.unwrap_or_default()
    }

    /// All processes of the environment, those included that its own processes started.
    pub(super) fn process_ids(&self) -> Vec<i32> {
        let listed = self.group.as_ref().map(Group::processes);
        let own = || self.processes.as_ref().map(Processes::ids);
        let ids = listed.filter(|listed| !listed.is_empty()).or_else(own);
        ids.unwrap_or_default()
    }
}
