//! cgroup v1: the controllers cpu, cpuacct and memory, each in a hierarchy of its own or mounted together.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use super::group::{Hierarchy, Version, write};
use crate::procfs::{mount_point, own_group};

const VERSION: Version = Version {
    name: "cgroup v1",
    usage: ("cpuacct.usage", ""),
    throttled: "throttled_time ",
    unit: Duration::from_nanos(1),
    write_quota,
    memory_limit: "memory.limit_in_bytes",
    oom: "memory.oom_control",
    peak: "memory.max_usage_in_bytes",
};

/// Creates the group `name` below this process's own group in each hierarchy.
pub(super) fn create(name: &str) -> Result<Hierarchy, String> {
    let parent = |controller: &str| {
        let mount = mount_point("cgroup", Some(controller))
            .ok_or_else(|| format!("no {controller} controller"))?;
        let below_own = own_group(controller)
            .map(|own| mount.join(own))
            .filter(|own| own.is_dir());
        Ok::<_, String>(below_own.unwrap_or(mount).join(name))
    };
    let parents = [parent("cpu")?, parent("cpuacct")?, parent("memory")?];
    let hierarchy = Hierarchy::new(&VERSION, parents);
    for directory in hierarchy.directories() {
        match fs::create_dir(directory) {
            // cpu and cpuacct are often one hierarchy.
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(format!("{}: {error}", directory.display()));
            }
            _ => {}
        }
    }
    // The quota file is missing where the kernel was built without bandwidth control.
    write(&hierarchy.cpu, "cpu.cfs_quota_us", "-1").map_err(|error| error.to_string())?;
    Ok(hierarchy)
}

fn write_quota(cpu: &Path, quota_us: u64, period_us: u64) -> io::Result<()> {
    write(cpu, "cpu.cfs_period_us", &period_us.to_string())?;
    write(cpu, "cpu.cfs_quota_us", &quota_us.to_string())
}
