//! Stale control groups: those that a killed lab has left, named after a run that is no longer alive.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::group::{kill_all, processes_of};
use super::removal::remove;
use crate::procfs::{mount_point, own_group, start_ticks};

/// The prefix of every control group that the lab creates; the rest is the run's id.
pub const GROUP_PREFIX: &str = "lambda-lab-";

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

/// Control groups of runs that have died, this user's only: only their owner may remove another user's.
pub fn stale_groups() -> Vec<PathBuf> {
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
        .filter(|entry| entry.file_name().to_str().is_some_and(is_stale))
        .map(|entry| entry.path())
        .collect();
    found.sort();
    found.dedup();
    found
}

fn is_stale(name: &str) -> bool {
    let own = format!("{}-", nix::unistd::getuid());
    name.strip_prefix(GROUP_PREFIX)
        .is_some_and(|run_id| run_id.starts_with(&own) && !is_alive(run_id))
}

/// Kills what still runs inside a stale group and removes it. True when it is gone.
pub fn remove_stale_group(group: &Path) -> bool {
    let below = fs::read_dir(group).into_iter().flatten().flatten();
    for environment in below.filter(|entry| entry.path().is_dir()) {
        empty(&environment.path());
        remove(&environment.path());
    }
    remove(group);
    !group.exists()
}

fn empty(group: &Path) {
    for _ in 0..100 {
        let processes = processes_of(group);
        if processes.is_empty() {
            return;
        }
        kill_all(&processes);
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
        assert!(is_stale(&left_by(own)));
        assert!(!is_stale(&left_by(own + 1)));
    }
}
