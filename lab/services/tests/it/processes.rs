//! What runs on this machine.

use std::collections::HashMap;
use std::path::Path;

/// A process that has not ended.
pub struct Process {
    /// The scheduling state, for example `T` for stopped.
    pub state: char,
    pub parent: u32,
    pub command_line: String,
}

/// All processes, by their number.
pub fn all() -> HashMap<u32, Process> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let living = entries.filter_map(|entry| {
        let id = entry.file_name().to_str()?.parse().ok()?;
        let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
        let command_line = std::fs::read(entry.path().join("cmdline")).ok()?;
        let mut fields = stat.rsplit_once(") ")?.1.split(' ');
        let process = Process {
            state: fields.next()?.chars().next()?,
            parent: fields.next()?.parse().ok()?,
            command_line: String::from_utf8_lossy(&command_line).into_owned(),
        };
        (!"ZX".contains(process.state)).then_some((id, process))
    });
    living.collect()
}

/// All processes below this one.
pub fn descendants(ancestor: u32) -> Vec<u32> {
    let processes = all();
    let mut family = vec![ancestor];
    let mut index = 0;
    while let Some(parent) = family.get(index).copied() {
        let children = processes.iter().filter(|(_, child)| child.parent == parent);
        family.extend(children.map(|(id, _)| *id));
        index += 1;
    }
    family.split_off(1)
}

/// The servers whose command line names the folder.
pub fn servers(folder: &Path) -> Vec<u32> {
    let folder = format!("{}/", folder.display());
    let processes = all().into_iter();
    let servers = processes.filter(|(_, process)| process.command_line.contains(&folder));
    servers.map(|(id, _)| id).collect()
}

/// The servers in the folder and their children: PostgreSQL has some for itself and one a session.
pub fn family(folder: &Path) -> Vec<u32> {
    let servers = servers(folder).into_iter();
    servers
        .flat_map(|id| [vec![id], descendants(id)].concat())
        .collect()
}

/// The scheduling state of each.
pub fn states(family: &[u32]) -> Vec<char> {
    let processes = all();
    family.iter().map(|id| processes[id].state).collect()
}

/// Waits until none of these lives; one that stands still for ever hangs the test.
pub fn wait_until_gone(family: &[u32]) {
    while family.iter().any(|id| all().contains_key(id)) {
        std::thread::yield_now();
    }
}
