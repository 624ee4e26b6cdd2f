//! What the kernel tells about processes.

use std::io;

use nix::unistd::Pid;

/// The processes that a process has started.
pub(super) fn children(parent: Pid) -> io::Result<Vec<Pid>> {
    let processes = std::fs::read_dir("/proc")?.flatten().filter_map(|entry| {
        let process = entry.file_name().to_str()?.parse().ok()?;
        Some(Pid::from_raw(process))
    });
    let is_child = |process: &Pid| {
        let parent = parent.to_string();
        stat(*process).is_some_and(|stat| stat.split(' ').nth(1) == Some(&parent))
    };
    Ok(processes.filter(is_child).collect())
}

/// The scheduling state, if the process exists.
pub(super) fn state(process: Pid) -> Option<char> {
    stat(process)?.chars().next()
}

/// State, parent and so on: what stands behind the name, which is in parentheses and may hold any character.
fn stat(process: Pid) -> Option<String> {
    let stat = std::fs::read(format!("/proc/{process}/stat")).ok()?;
    let stat = String::from_utf8_lossy(&stat);
    Some(stat.rsplit_once(") ")?.1.to_owned())
}
