//! cgroup v2: one hierarchy, whose controllers must be handed down from parent to child.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::group::{Group, Layout, value_of, write};
use super::hierarchy::{mount_point, own_group};
use super::removal::{Removals, remove};

/// The controllers that the lab needs, as `cgroup.subtree_control` wants them.
const CONTROLLERS: &str = "+cpu +memory";

/// The run's parent group.
#[derive(Debug)]
pub struct Hierarchy {
    parent: PathBuf,
    removals: Arc<Removals>,
}

impl Hierarchy {
    /// Creates the group `name`: beside the other top-level groups for root, else below this process's own group, which
    /// must have been delegated to the user (`systemd-run --user --scope -p Delegate=yes`).
    pub(super) fn create(name: &str) -> Result<Self, String> {
        let mount = mount_point("cgroup2", None).ok_or("not mounted")?;
        let own = own_group("")
            .map(|own| mount.join(own))
            .filter(|own| own.is_dir());
        let mut failures = Vec::new();
        for base in std::iter::once(mount).chain(own) {
            match Self::create_below(&base, name) {
                Ok(hierarchy) => return Ok(hierarchy),
                Err(error) => failures.push(error.to_string()),
            }
        }
        Err(failures.join(", "))
    }

    fn create_below(base: &Path, name: &str) -> io::Result<Self> {
        if !enabled(base, "cgroup.subtree_control") {
            if !enabled(base, "cgroup.controllers") {
                return Err(io::Error::other(format!(
                    "{}: no cpu and memory controllers",
                    base.display()
                )));
            }
            hand_down(base)?;
        }
        let parent = base.join(name);
        fs::create_dir(&parent).map_err(|error| {
            io::Error::new(error.kind(), format!("{}: {error}", parent.display()))
        })?;
        let hierarchy = Self {
            parent,
            removals: Arc::default(),
        };
        write(&hierarchy.parent, "cgroup.subtree_control", CONTROLLERS)?;
        Ok(hierarchy)
    }

    pub(super) fn group(&self, name: &str, memory_mb: u32) -> io::Result<Group> {
        let directory = self.parent.join(name);
        fs::create_dir(&directory)?;
        write(
            &directory,
            "memory.max",
            &(u64::from(memory_mb) << 20).to_string(),
        )?;
        // Lambda has no swap; where the kernel accounts none, the file is missing.
        let _ = write(&directory, "memory.swap.max", "0");
        let layout = Layout {
            cpu: directory.clone(),
            usage: (directory.join("cpu.stat"), |text| {
                value_of(text, "usage_usec ")
            }),
            throttled: |text| value_of(text, "throttled_usec "),
            oom: directory.join("memory.events"),
            peak: directory.join("memory.peak"),
            write_quota,
            directories: vec![directory],
        };
        Group::open(layout, &self.removals)
    }
}

/// Hands the controllers down to `base`'s children. A group with processes of its own may not do that, the root group
/// excepted, so all of them move into a child first: in a delegated scope that is the lab alone, in a container also its
/// first process and the shell.
fn hand_down(base: &Path) -> io::Result<()> {
    let Err(error) = write(base, "cgroup.subtree_control", CONTROLLERS) else {
        return Ok(());
    };
    // Without the right to write this file, nobody may be moved either.
    if error.kind() != io::ErrorKind::ResourceBusy {
        return Err(error);
    }
    let child = base.join("lab");
    match fs::create_dir(&child) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let processes = fs::read_to_string(base.join("cgroup.procs"))?;
    for process in processes.lines() {
        // One that has ended meanwhile need not move; what does stay behind makes the last line fail.
        let _ = write(&child, "cgroup.procs", process);
    }
    write(base, "cgroup.subtree_control", CONTROLLERS)
}

fn enabled(base: &Path, file: &str) -> bool {
    let list = fs::read_to_string(base.join(file)).unwrap_or_default();
    ["cpu", "memory"]
        .iter()
        .all(|controller| list.split_whitespace().any(|name| name == *controller))
}

fn write_quota(cpu: &Path, quota_us: u64, period_us: u64) -> io::Result<()> {
    write(cpu, "cpu.max", &format!("{quota_us} {period_us}"))
}

impl Drop for Hierarchy {
    /// Blocks until the groups below have been removed, too.
    fn drop(&mut self) {
        self.removals.wait();
        remove(&self.parent);
    }
}
