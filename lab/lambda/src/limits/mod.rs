//! CPU share and memory limit of an environment, through cgroups.
//!
//! Lambda throttles by CFS bandwidth control with a period of 20 ms: an environment of M MiB may use M/1,769 of a CPU's
//! time in each period, and stands still for the rest of it (github.com/pwrdrvr/lambda-throttling measured it). The init
//! phase has two unthrottled vCPUs at every memory size. cgroups do just the same on any Linux machine, where this
//! process may create them.

mod group;
mod placement;
mod removal;
mod stale;
mod v1;
mod v2;

pub(crate) use group::Group;
pub use group::Hierarchy;
pub(crate) use placement::Lease;
pub use placement::Placement;
pub use stale::{GROUP_PREFIX, is_alive, new_run_id, remove_stale_group, stale_groups};

/// How this machine lets the lab limit a process's CPU and memory.
#[derive(Debug)]
pub enum Cgroups {
    /// By the groups of this hierarchy.
    Limited(Hierarchy),
    /// No cgroup can be written: nothing is limited, and the results say so.
    None {
        /// Why, and what would help.
        reason: String,
    },
}

impl Cgroups {
    /// Looks for a hierarchy in which `run_id`'s groups can be created, and creates their parent.
    pub fn detect(run_id: &str) -> Self {
        let name = format!("{GROUP_PREFIX}{run_id}");
        let created = v1::create(&name).or_else(|v1| {
            v2::create(&name).map_err(|v2| format!("cgroup v2: {v2}; cgroup v1: {v1}"))
        });
        match created {
            Ok(hierarchy) => Self::Limited(hierarchy),
            Err(reason) => Self::None { reason },
        }
    }

    /// `cgroup v1`, `cgroup v2` or `none`.
    pub fn how(&self) -> &'static str {
        match self {
            Self::Limited(hierarchy) => hierarchy.version.name,
            Self::None { .. } => "none",
        }
    }

    /// True where CPU and memory are limited.
    pub fn enforced(&self) -> bool {
        !matches!(self, Self::None { .. })
    }

    /// A group for one environment; `None` where nothing is limited.
    pub(crate) fn group(&self, memory_mb: u32) -> std::io::Result<Option<Group>> {
        let Self::Limited(hierarchy) = self else {
            return Ok(None);
        };
        let name = format!("environment-{:08x}", fastrand::u32(..));
        hierarchy.group(&name, memory_mb).map(Some)
    }
}
