//! An ordinary user may not create control groups, but on a machine with cgroup v2 and systemd the user's own service
//! manager hands out a group that may be divided: the lab starts itself once more inside such a scope.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

/// Set in the second start, so that there is no third.
const MARK: &str = "LAMBDA_LAB_SCOPE";

/// Where a user's manager has its socket.
const RUNTIME_DIRECTORY: &str = "XDG_RUNTIME_DIR";

/// `systemd-run`'s arguments for a scope whose group its user may divide.
const SCOPE: [&str; 6] = [
    "--user",
    "--scope",
    "--quiet",
    "--collect",
    "--property=Delegate=yes",
    "--",
];

/// Replaces this process by the same command inside a delegated scope, where that is needed and possible. Returns where
/// it is not; the limits are then looked for as things are.
pub fn enter() {
    let is_root = nix::unistd::geteuid().is_root();
    if is_root || !is_v2() || std::env::var_os(MARK).is_some() || !user_manager_answers() {
        return;
    }
    let Ok(own) = std::env::current_exe() else {
        return;
    };
    let failure = systemd_run()
        .arg(own)
        .args(std::env::args_os().skip(1))
        .env(MARK, "1")
        .exec();
    eprintln!("cannot start inside a systemd scope ({failure}): CPU and memory may stay unlimited");
}

/// Whether a scope can be had at all: asked with a command that does nothing, because a failure after the replacement
/// could not be told from a failure of the lab.
fn user_manager_answers() -> bool {
    let output = systemd_run().arg("true").output();
    output.is_ok_and(|output| output.status.success())
}

/// `systemd-run` in a scope. It finds the user's manager through a variable that a login sets, `su` and `cron` do not.
fn systemd_run() -> Command {
    let mut command = Command::new("systemd-run");
    command.args(SCOPE);
    let usual = format!("/run/user/{}", nix::unistd::geteuid());
    if std::env::var_os(RUNTIME_DIRECTORY).is_none() && Path::new(&usual).is_dir() {
        command.env(RUNTIME_DIRECTORY, usual);
    }
    command
}

/// What lets the lab limit CPU and memory where it cannot, for this user on this machine.
pub fn advice() -> &'static str {
    if nix::unistd::geteuid().is_root() {
        "root may create control groups unless a container shows them read-only or not at all: start it with --privileged"
    } else if is_v2() {
        "log in as this user (ssh, a console; not su or sudo), so that `systemd-run --user --scope true` works, or run as root"
    } else {
        "run as root: without cgroup v2, nobody else may create control groups"
    }
}

fn is_v2() -> bool {
    Path::new("/sys/fs/cgroup/cgroup.controllers").exists()
}
