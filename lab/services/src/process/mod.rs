//! A service's program as a child of the lab that cannot outlive it.

pub(crate) mod account;
pub(crate) mod daemon;
pub mod programs;
mod suspension;
pub(crate) mod thread;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::{Child, Command};

use self::account::Account;
use self::suspension::Suspension;
use crate::Error;

/// How many of a program's last lines go into an error message.
const LOG_LINES: usize = 15;

/// How long a program may take to end when it is asked to.
const GRACE: Duration = Duration::from_secs(2);

pub(crate) struct Launch {
    /// Its name in messages.
    pub name: &'static str,
    pub program: PathBuf,
    pub arguments: Vec<String>,
    /// Folders with shared libraries that only this program needs, as `LD_LIBRARY_PATH`.
    pub libraries: Option<String>,
    pub account: Account,
    pub log: PathBuf,
    /// What ends the program: sent to stop it, and by the kernel when the lab dies.
    pub stop_signal: Signal,
}

pub(crate) struct Process {
    name: &'static str,
    child: Child,
    log: PathBuf,
    stop_signal: Signal,
    account: Account,
    // Goes when the stop signal is on its way: what stands still takes note of it afterwards.
    suspension: Option<Suspension>,
}

impl Launch {
    /// Starts the program. Call this on the services' own thread only: the kernel sends the stop signal when the *thread*
    /// that started a child ends.
    pub fn start(&self) -> Result<Process, Error> {
        let failed = || {
            Error::io(format!(
                "starting {} ({})",
                self.name,
                self.program.display()
            ))
        };
        let log = File::options()
            .create(true)
            .append(true)
            .open(&self.log)
            .map_err(failed())?;
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(log.try_clone().map_err(failed())?)
            .stderr(log)
            // A group of its own: Ctrl-C in the terminal is for the lab, which then stops its services in order.
            .process_group(0);
        if let Some(libraries) = &self.libraries {
            command.env("LD_LIBRARY_PATH", libraries);
        }
        if let Some((user, group)) = self.account.change_to {
            // The standard library also drops root's supplementary groups here.
            command.uid(user).gid(group);
        }
        die_with_parent::set(&mut command, self.stop_signal);
        let child = command.spawn().map_err(failed())?;
        Ok(Process {
            name: self.name,
            child,
            log: self.log.clone(),
            stop_signal: self.stop_signal,
            account: self.account,
            suspension: None,
        })
    }

    /// Runs the program to its end, which must be a success.
    pub async fn run(&self) -> Result<(), Error> {
        let mut process = self.start()?;
        let status = process
            .child
            .wait()
            .await
            .map_err(Error::io(format!("waiting for {}", self.name)))?;
        if status.success() {
            Ok(())
        } else {
            Err(process.ended(status))
        }
    }
}

impl Process {
    /// Fails if the program has ended.
    pub fn check(&mut self) -> Result<(), Error> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(self.ended(status)),
            Err(error) => Err(Error::io(format!("asking for the state of {}", self.name))(
                error,
            )),
        }
    }

    /// Fails with what the program wrote last.
    pub fn error(&self, problem: impl Into<String>) -> Error {
        Error::Program {
            program: self.name.to_owned(),
            problem: problem.into(),
            log: last_lines(&self.log),
        }
    }

    fn ended(&self, status: ExitStatus) -> Error {
        self.error(format!("ended ({status})"))
    }

    /// Lets the program and its children stand still, with all their connections open. Nothing happens if they do already.
    pub async fn suspend(&mut self) -> Result<(), Error> {
        if let (None, Some(id)) = (&self.suspension, self.child.id()) {
            let suspension = Suspension::start(Pid::from_raw(id.cast_signed()), self.account).await;
            let suspension = suspension.map_err(Error::io(format!("suspending {}", self.name)))?;
            self.suspension = Some(suspension);
        }
        Ok(())
    }

    /// Lets a suspended program go on.
    pub async fn resume(&mut self) {
        if let Some(suspension) = self.suspension.take() {
            suspension.end().await;
        }
    }

    /// Asks the program to end, and kills it if it does not.
    pub async fn stop(mut self) {
        self.signal();
        self.resume().await;
        if tokio::time::timeout(GRACE, self.child.wait())
            .await
            .is_err()
        {
            let _ = self.child.kill().await;
        }
    }

    fn signal(&self) {
        if let Some(id) = self.child.id() {
            // It may have ended in this instant; then there is nothing to signal.
            let _ = kill(Pid::from_raw(id.cast_signed()), self.stop_signal);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal();
    }
}

fn last_lines(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines = text.lines().rev().take(LOG_LINES).collect::<Vec<_>>();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}

/// Code that runs between fork and exec.
mod die_with_parent {
    use nix::sys::prctl::set_pdeathsig;
    use nix::sys::signal::Signal;
    use nix::unistd::{Pid, getpid, getppid};
    use tokio::process::Command;

    /// Lets the kernel send `signal` to the program when the thread that starts it ends, however it ends.
    #[allow(unsafe_code)]
    pub fn set(command: &mut Command, signal: Signal) {
        let lab: Pid = getpid();
        let in_child = move || {
            // The kernel forgets this setting when the user id changes. The standard library changes it before it runs
            // this closure.
            set_pdeathsig(signal)?;
            // The lab may have died before the line above.
            if getppid() == lab {
                Ok(())
            } else {
                Err(nix::Error::ESRCH.into())
            }
        };
        // SAFETY: between fork and exec only async-signal-safe functions may be called. prctl and getppid are system calls;
        // the closure allocates nothing, takes no lock and touches no memory that another thread may hold: both errors
        // are plain numbers.
        unsafe { command.pre_exec(in_child) };
    }
}
