//! cgroup v1: the controllers cpu, cpuacct and memory, each in a hierarchy of its own or mounted together.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::group::{Group, Layout, value_of, write};
use super::hierarchy::{mount_point, own_group};
use super::removal::{Removals, remove};

/// The run's parent group in each hierarchy.
#[derive(Debug)]
pub struct Hierarchies {
    cpu: PathBuf,
    accounting: PathBuf,
    memory: PathBuf,
    removals: Arc<Removals>,
}

impl Hierarchies {
    /// Creates the group `name` below this process's own group.
    pub(super) fn create(name: &str) -> Result<Self, String> {
        let parent = |controller: &str| {
            let mount = mount_point("cgroup", Some(controller))
                .ok_or_else(|| format!("no {controller} controller"))?;
            let below_own = own_group(controller)
                .map(|own| mount.join(own))
                .filter(|own| own.is_dir());
            Ok::<_, String>(below_own.unwrap_or(mount).join(name))
        };
        let hierarchies = Self {
            cpu: parent("cpu")?,
            accounting: parent("cpuacct")?,
            memory: parent("memory")?,
            removals: Arc::default(),
        };
        for directory in hierarchies.directories() {
            create(directory).map_err(|error| format!("{}: {error}", directory.display()))?;
        }
        // The quota file is missing where the kernel was built without bandwidth control.
        write(&hierarchies.cpu, "cpu.cfs_quota_us", "-1").map_err(|error| error.to_string())?;
        Ok(hierarchies)
    }

    fn directories(&self) -> [&PathBuf; 3] {
        [&self.cpu, &self.accounting, &self.memory]
    }

    pub(super) fn group(&self, name: &str, memory_mb: u32) -> io::Result<Group> {
        let mut directories: Vec<PathBuf> =
            self.directories().map(|parent| parent.join(name)).to_vec();
        directories.dedup();
        for directory in &directories {
            create(directory)?;
        }
        write(
            &self.memory.join(name),
            "memory.limit_in_bytes",
            &(u64::from(memory_mb) << 20).to_string(),
        )?;
        let layout = Layout {
            cpu: self.cpu.join(name),
            usage: (self.accounting.join(name).join("cpuacct.usage"), |text| {
                let nanoseconds: u64 = text.trim().parse().ok()?;
                Some(nanoseconds / 1000)
            }),
            throttled: |text| {
                value_of(text, "throttled_time ").map(|nanoseconds| nanoseconds / 1000)
            },
            oom: self.memory.join(name).join("memory.oom_control"),
            peak: self.memory.join(name).join("memory.max_usage_in_bytes"),
            write_quota,
            directories,
        };
        Group::open(layout, &self.removals)
    }
}

fn write_quota(cpu: &Path, quota_us: u64, period_us: u64) -> io::Result<()> {
    write(cpu, "cpu.cfs_period_us", &period_us.to_string())?;
    write(cpu, "cpu.cfs_quota_us", &quota_us.to_string())
}

fn create(directory: &Path) -> io::Result<()> {
    match fs::create_dir(directory) {
        // cpu and cpuacct are often one hierarchy.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

impl Drop for Hierarchies {
    /// Blocks until the groups below have been removed, too.
    fn drop(&mut self) {
        self.removals.wait();
        for directory in self.directories() {
            remove(directory);
        }
    }
}
