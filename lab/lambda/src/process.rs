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

use crate::limits::Group;
use crate::logs::Log;

/// How long the pipes of an ended process are read on.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// One process of an environment, the leader of a process group.
pub(crate) struct Process {
    pub(crate) child: Child,
    readers: Vec<JoinHandle<()>>,
    /// From the fork until the program itself runs.
    pub(crate) launch: Duration,
    group: Pid,
}

/// What a process starts with.
pub(crate) struct Start<'a> {
    pub(crate) path: &'a Path,
    pub(crate) arguments: &'a [&'a str],
    pub(crate) source: String,
    pub(crate) variables: Vec<(String, String)>,
    pub(crate) listener: Option<&'a OwnedFd>,
    pub(crate) group: Option<&'a Group>,
    pub(crate) cpus: CpuSet,
    pub(crate) open_files: u64,
    pub(crate) log: &'a Log,
}

impl Process {
    /// Starts a process. Call it from a thread that lives as long as the lab: the kernel kills the process when the
    /// *thread* that started it ends (`PR_SET_PDEATHSIG`), which is what makes a killed lab leave nothing running.
    pub(crate) fn start(start: Start<'_>) -> io::Result<Self> {
        let mut command = Command::new(start.path);
        command
            .args(start.arguments)
            .env_clear()
            .envs(start.variables)
            .current_dir(
                start
                    .path
                    .parent()
                    .filter(|parent| parent.is_dir())
                    .unwrap_or(Path::new("/")),
            )
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        let joins = start
            .group
            .map(|group| duplicates(group.joins()))
            .transpose()?
            .unwrap_or_default();
        let listener = start.listener.map(AsRawFd::as_raw_fd);
        before_exec(&mut command, joins, start.cpus, start.open_files, listener);
        let before = Instant::now();
        // Returns when the program has replaced the fork.
        let mut child = command.spawn()?;
        let launch = before.elapsed();
        let log = || start.log.clone();
        let source = || start.source.clone();
        let out = child.stdout.take();
        let errors = child.stderr.take();
        let readers = out
            .map(|pipe| tokio::spawn(log().follow(source(), pipe)))
            .into_iter()
            .chain(errors.map(|pipe| tokio::spawn(log().follow(source(), pipe))))
            .collect();
        let id = child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .ok_or_else(|| io::Error::other("it ended at once"))?;
        Ok(Self {
            child,
            readers,
            launch,
            group: Pid::from_raw(id),
        })
    }

    pub(crate) fn id(&self) -> i32 {
        self.group.as_raw()
    }

    /// Waits until all that an ended process wrote has been read, for a moment only: children that it left behind may hold
    /// its pipes open.
    pub(crate) async fn last_words(&mut self) {
        for reader in &mut self.readers {
            let _ = tokio::time::timeout(LAST_WORDS, reader).await;
        }
    }

    /// Sends a signal to the process and its children.
    pub(crate) fn signal(&self, signal: Signal) {
        // It may have ended just now.
        let _ = killpg(self.group, signal);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal(Signal::SIGKILL);
    }
}

fn duplicates(files: &[File]) -> io::Result<Vec<File>> {
    files.iter().map(File::try_clone).collect()
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
