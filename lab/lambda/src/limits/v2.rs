//! cgroup v2: one hierarchy, whose controllers must be handed down from parent to child.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use super::group::{Hierarchy, Version, write};
use crate::procfs::{mount_point, own_group};

/// The controllers that the lab needs, as `cgroup.subtree_control` wants them.
const CONTROLLERS: &str = "+cpu +memory";

const VERSION: Version = Version {
    name: "cgroup v2",
    usage: ("cpu.stat", "usage_usec "),
    throttled: "throttled_usec ",
    unit: Duration::from_micros(1),
    write_quota,
    memory_limit: "memory.max",
    oom: "memory.events",
    peak: "memory.peak",
};

/// Creates the group `name`: beside the other top-level groups for root, else below this process's own group, which must
/// have been delegated to the user (`systemd-run --user --scope -p Delegate=yes`).
pub(super) fn create(name: &str) -> Result<Hierarchy, String> {
    let mount = mount_point("cgroup2", None).ok_or("not mounted")?;
    let own = own_group("")
        .map(|own| mount.join(own))
        .filter(|own| own.is_dir());
    let mut failures = Vec::new();
    for base in std::iter::once(mount).chain(own) {
        match create_below(&base, name) {
            Ok(hierarchy) => return Ok(hierarchy),
            Err(error) => failures.push(error.to_string()),
        }
    }
    Err(failures.join(", "))
}

fn create_below(base: &Path, name: &str) -> io::Result<Hierarchy> {
    if !enabled(base, "cgroup.subtree_control") {
        if !enabled(base, "cgroup.controllers") {
            let message = format!("{}: no cpu and memory controllers", base.display());
            return Err(io::Error::other(message));
        }
        hand_down(base)?;
    }
    let parent = base.join(name);
    fs::create_dir(&parent)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", parent.display())))?;
    let parents = [parent.clone(), parent.clone(), parent];
    let hierarchy = Hierarchy::new(&VERSION, parents);
    write(&hierarchy.cpu, "cgroup.subtree_control", CONTROLLERS)?;
    Ok(hierarchy)
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
