//! The parent groups of a run, below which every environment has its own.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::group::{Group, Version};
use super::removal::{Removals, remove};

/// The run's parent group in each hierarchy. With cgroup v2 all three are one.
#[derive(Debug)]
pub struct Hierarchy {
    pub(super) version: &'static Version,
    pub(super) cpu: PathBuf,
    accounting: PathBuf,
    memory: PathBuf,
    removals: Arc<Removals>,
}

impl Hierarchy {
    /// Parent groups that the caller creates; they are removed when this is dropped.
    pub(super) fn new(version: &'static Version, [cpu, accounting, memory]: [PathBuf; 3]) -> Self {
        Self {
            version,
            cpu,
            accounting,
            memory,
            removals: Arc::default(),
        }
    }

    pub(super) fn directories(&self) -> [&PathBuf; 3] {
        [&self.cpu, &self.accounting, &self.memory]
    }

    /// Creates the group of an environment.
    pub(super) fn group(&self, name: &str, memory_mb: u32) -> io::Result<Group> {
        let directories = self.directories().map(|parent| parent.join(name));
        Group::create(self.version, directories, memory_mb, &self.removals)
    }
}

impl Drop for Hierarchy {
    /// Blocks until the groups below have been removed, too.
    fn drop(&mut self) {
        self.removals.wait();
        for directory in self.directories() {
            remove(directory);
        }
    }
}
