//! Starting the processes of an environment the way Lambda's sandbox would find them: their own process group, the
//! environment's control group and CPUs, Lambda's limit of file descriptors, and no life beyond the lab's.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sched::{CpuSet, sched_setaffinity};
use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use super::logs::Log;
use super::opt;
use crate::limits::Group;

/// How long the pipes of an ended process are read on.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// One process of an environment, the leader of a process group.
pub(super) struct Process {
    pub(super) child: Child,
    readers: Vec<JoinHandle<()>>,
    /// From the fork until the program itself runs.
    pub(super) launched_in: Duration,
    group: Pid,
}

pub(super) struct Launch<'a> {
    pub(super) path: &'a Path,
    pub(super) arguments: &'a [&'a str],
    pub(super) source: &'a str,
    pub(super) variables: Vec<(String, String)>,
    pub(super) listener: Option<&'a OwnedFd>,
    pub(super) group: Option<&'a Group>,
    pub(super) cpus: CpuSet,
    pub(super) open_files: u64,
    pub(super) opt: Option<&'a Path>,
    pub(super) log: &'a Log,
}

impl Launch<'_> {
    /// Starts a process. Call it from a thread that lives as long as the lab: the kernel kills the process when the
    /// *thread* that started it ends (`PR_SET_PDEATHSIG`), which is what makes a killed lab leave nothing running.
    pub(super) fn start(self) -> io::Result<Process> {
        let mut command = self.command();
        let joins = self.group.map_or(&[][..], Group::joins);
        let joins: Vec<File> = joins
            .iter()
            .map(File::try_clone)
            .collect::<io::Result<_>>()?;
        let listener = self.listener.map(AsRawFd::as_raw_fd);
        if let Some(folder) = self.opt {
            opt::bind(&mut command, folder);
        }
        before_exec(&mut command, joins, self.cpus, self.open_files, listener);
        let before = Instant::now();
        // Returns when the program has replaced the fork.
        let mut child = command.spawn()?;
        let launched_in = before.elapsed();
        let mut readers = Vec::new();
        if let Some(pipe) = child.stdout.take() {
            readers.push(self.log.follow(self.source, pipe));
        }
        if let Some(pipe) = child.stderr.take() {
            readers.push(self.log.follow(self.source, pipe));
        }
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        let id = id.ok_or_else(|| io::Error::other("it ended at once"))?;
        Ok(Process {
            child,
            readers,
            launched_in,
            group: Pid::from_raw(id),
        })
    }

    fn command(&self) -> Command {
        let folder = self.path.parent().filter(|folder| folder.is_dir());
        let mut command = Command::new(self.path);
        command
            .args(self.arguments)
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(folder.unwrap_or(Path::new("/")))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        command
    }
}

impl Process {
    pub(super) fn id(&self) -> i32 {
        self.group.as_raw()
    }

    /// Waits until all that an ended process wrote has been read, for a moment only: children that it left behind may hold
    /// its pipes open.
    pub(super) async fn last_words(&mut self) {
        for reader in &mut self.readers {
            let _ = tokio::time::timeout(LAST_WORDS, reader).await;
        }
    }

    /// Sends a signal to the process and its children.
    pub(super) fn signal(&self, signal: Signal) {
        // It may have ended just now.
        let _ = killpg(self.group, signal);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal(Signal::SIGKILL);
    }
}

#[allow(unsafe_code)]
fn before_exec(
    command: &mut Command,
    mut joins: Vec<File>,
    cpus: CpuSet,
    open_files: u64,
    listener: Option<RawFd>,
) {
    let prepare = move || {
        for join in &mut joins {
            join.write_all(b"0")?;
        }
        sched_setaffinity(Pid::from_raw(0), &cpus)?;
        setrlimit(Resource::RLIMIT_NOFILE, open_files, open_files)?;
        if let Some(listener) = listener {
            // SAFETY: the descriptor was inherited over fork and stays open until exec.
            let listener = unsafe { std::os::fd::BorrowedFd::borrow_raw(listener) };
            fcntl(listener, FcntlArg::F_SETFD(FdFlag::empty()))?;
        }
        prctl::set_pdeathsig(Signal::SIGKILL)?;
        Ok(())
    };
    // SAFETY: between fork and exec only system calls are made; nothing allocates or takes a lock.
    unsafe { command.pre_exec(prepare) };
}
