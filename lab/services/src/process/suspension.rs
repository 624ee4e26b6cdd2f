//! A program that hangs: all its processes stand still where they are, and its connections stay open.

use std::io;
use std::process::Stdio;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, ChildStdin, Command};

use super::account::Account;

/// Lets every process go on whose number it has read, when its input ends. The lab closes that to resume a program; the
/// kernel closes it when the lab dies, however it dies. Nothing else would let the program go on then, and a process that
/// stands still takes note of no signal but SIGKILL.
const GUARD: &str =
    r#"while read -r process; do processes="$processes $process"; done; kill -CONT $processes"#;

/// Processes that stand still for as long as this value lives.
pub(crate) struct Suspension {
    guard: Child,
    held: ChildStdin,
}

impl Suspension {
    /// Stops a program and its children, and returns when they have stopped.
    pub async fn start(leader: Pid, account: Account) -> io::Result<Self> {
        let mut guard = Command::new("/bin/sh");
        guard
            .args(["-c", GUARD])
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C in the terminal is for the lab.
            .process_group(0);
        if let Some((user, group)) = account.change_to {
            guard.uid(user).gid(group);
        }
        let mut guard = guard.spawn()?;
        let held = guard.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let mut suspension = Self { guard, held };
        suspension.hold(leader).await?;
        // A leader that stands still starts no more children.
        for child in children(leader)? {
            suspension.hold(child).await?;
        }
        Ok(suspension)
    }

    /// Lets all processes go on.
    pub async fn end(mut self) {
        drop(self.held);
        let _ = self.guard.wait().await;
    }

    async fn hold(&mut self, process: Pid) -> io::Result<()> {
        self.held
            .write_all(format!("{process}\n").as_bytes())
            .await?;
        match kill(process, Signal::SIGSTOP) {
            // It has just ended.
            Err(Errno::ESRCH) => return Ok(()),
            other => other?,
        }
        // The signal takes effect when the process is scheduled next.
        while state(process).is_some_and(|state| !"TtZX".contains(state)) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }
}

/// The processes that a process has started.
fn children(parent: Pid) -> io::Result<Vec<Pid>> {
    let processes = std::fs::read_dir("/proc")?.flatten().filter_map(|entry| {
        let process = entry.file_name().to_str()?.parse().ok()?;
        Some(Pid::from_raw(process))
    });
    let is_child = |process: &Pid| {
        let parent = parent.to_string();
        stat(*process).is_some_and(|stat| stat.split(' ').nth(1) == Some(&parent))
    };
    Ok(processes.filter(is_child).collect())
}

/// The scheduling state, if the process exists.
fn state(process: Pid) -> Option<char> {
    stat(process)?.chars().next()
}

/// State, parent and so on: what stands behind the name, which is in parentheses and may hold any character.
fn stat(process: Pid) -> Option<String> {
    let stat = std::fs::read(format!("/proc/{process}/stat")).ok()?;
    let stat = String::from_utf8_lossy(&stat);
    Some(stat.rsplit_once(") ")?.1.to_owned())
}
