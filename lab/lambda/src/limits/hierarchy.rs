//! Where the kernel has its cgroup hierarchies, and where in them this process is.

use std::path::PathBuf;

/// This process's group in the hierarchy with `controller` (v1) or in the unified one (`""`).
pub(super) fn own_group(controller: &str) -> Option<PathBuf> {
    let groups = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    groups.lines().find_map(|line| {
        let mut fields = line.splitn(3, ':').skip(1);
        let (controllers, path) = (fields.next()?, fields.next()?);
        controllers
            .split(',')
            .any(|name| name == controller)
            .then(|| PathBuf::from(path.trim_start_matches('/')))
    })
}

/// Where a cgroup file system is mounted: type `cgroup` with the controller among its options, or `cgroup2`.
pub(super) fn mount_point(kind: &str, controller: Option<&str>) -> Option<PathBuf> {
    let mounts = std::fs::read_to_string("/proc/self/mounts").ok()?;
    mounts.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(' ').collect();
        let [_, path, file_system, options, ..] = fields[..] else {
            return None;
        };
        let fits = file_system == kind
            && controller.is_none_or(|name| options.split(',').any(|option| option == name));
        // The kernel writes a space in a path as \040.
        fits.then(|| PathBuf::from(path.replace("\\040", " ")))
    })
}
