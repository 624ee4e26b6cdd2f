//! What a killed lab leaves behind: control groups named after a run that is no longer alive.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::group::remove;
use super::{GROUP_PREFIX, mount_point, own_group};

/// A new name for a run: user id, process id, the process's start time in clock ticks, and a random part, since one
/// process may hold several runs (tests do).
pub fn new_run_id() -> String {
    let process = std::process::id();
    let started = start_ticks(process).unwrap_or_default();
    format!(
        "{}-{process}-{started}-{:04x}",
        nix::unistd::getuid(),
        fastrand::u16(..)
    )
}

/// True while the process that took this name in [`new_run_id`] is running. A text that is no run id counts as alive: it
/// is not ours.
pub fn is_alive(run_id: &str) -> bool {
    let parts: Vec<&str> = run_id.split('-').collect();
    let [_, process, started, _] = parts[..] else {
        return true;
    };
    match (process.parse(), started.parse()) {
        (Ok(process), Ok(started)) => start_ticks(process) == Some(started),
        _ => true,
    }
}

/// Field 22 of `/proc/PID/stat`; the name in field 2 may hold spaces and parentheses.
fn start_ticks(process: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    stat.rsplit_once(')')?
        .1
        .split_whitespace()
        .nth(19)?
        .parse()
        .ok()
}

/// Control groups of runs that have died, this user's only: another user's are not ours to judge, nor could we remove them.
pub fn leftovers() -> Vec<PathBuf> {
    let v1 = ["cpu", "cpuacct", "memory"]
        .iter()
        .filter_map(|controller| {
            Some((
                mount_point("cgroup", Some(controller))?,
                own_group(controller),
            ))
        });
    let v2 = mount_point("cgroup2", None).map(|mount| (mount, own_group("")));
    let mut found: Vec<PathBuf> = v1
        .chain(v2)
        .flat_map(|(mount, own)| [own.map(|own| mount.join(own)), Some(mount)])
        .flatten()
        .flat_map(|directory| fs::read_dir(directory).into_iter().flatten().flatten())
        .filter(|entry| entry.file_name().to_str().is_some_and(is_left_over))
        .map(|entry| entry.path())
        .collect();
    found.sort();
    found.dedup();
    found
}

fn is_left_over(name: &str) -> bool {
    let own = format!("{}-", nix::unistd::getuid());
    name.strip_prefix(GROUP_PREFIX)
        .is_some_and(|run_id| run_id.starts_with(&own) && !is_alive(run_id))
}

/// Kills what still runs inside a left-over group and removes it. True when it is gone.
pub fn remove_leftover(group: &Path) -> bool {
    let below = fs::read_dir(group).into_iter().flatten().flatten();
    for environment in below.filter(|entry| entry.path().is_dir()) {
        kill_all(&environment.path());
        remove(&environment.path());
    }
    remove(group);
    !group.exists()
}

fn kill_all(group: &Path) {
    for _ in 0..100 {
        let processes = fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default();
        let ids: Vec<i32> = processes
            .lines()
            .filter_map(|line| line.parse().ok())
            .collect();
        if ids.is_empty() {
            return;
        }
        for id in ids {
            let _ = nix::sys::signal::kill(
                nix::unistd::Pid::from_raw(id),
                nix::sys::signal::Signal::SIGKILL,
            );
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_lives_as_long_as_its_process() {
        assert!(is_alive(&new_run_id()));
        // The same process id with another start time is another process.
        let other = format!("0-{}-1-00ff", std::process::id());
        assert!(!is_alive(&other));
        assert!(
            is_alive("not-a-run-at"),
            "what is not ours is not for us to clear"
        );
    }

    #[test]
    fn one_user_does_not_see_what_another_one_left() {
        let own = nix::unistd::getuid().as_raw();
        // This process started at another tick, so that both runs are dead.
        let left_by = |user: u32| format!("{GROUP_PREFIX}{user}-{}-1-00ff", std::process::id());
        assert!(is_left_over(&left_by(own)));
        assert!(!is_left_over(&left_by(own + 1)));
    }
}
