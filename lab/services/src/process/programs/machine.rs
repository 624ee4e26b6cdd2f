//! Programs that are installed on the machine.

use std::path::{Path, PathBuf};

use super::{CacheServer, PRIVATE_VARIABLE, Postgresql};
use crate::process::account::Account;

/// Servers that can be the cache, the preferred one first: ElastiCache's own default is Valkey.
pub(super) const CACHE_SERVERS: [&str; 2] = ["valkey-server", "redis-server"];

/// PostgreSQL in the search path, or where distributions keep it outside of it.
pub(super) fn postgresql(account: Account) -> Option<Postgresql> {
    if only_private() {
        return None;
    }
    let in_path = which::which_all("postgres").into_iter().flatten();
    let in_path = in_path.filter_map(|program| Some(program.parent()?.to_owned()));
    let redhat = versions("/usr", "bin").into_iter();
    let mut folders = in_path
        .chain(versions("/usr/lib/postgresql", "bin"))
        .chain(redhat.filter(|folder| folder.to_string_lossy().starts_with("/usr/pgsql")))
        .chain(["/usr/local/pgsql/bin".into()]);
    let complete = |folder: &PathBuf| {
        ["initdb", "postgres"]
            .iter()
            .all(|name| usable(&folder.join(name), account))
    };
    folders.find(complete).map(|folder| Postgresql {
        folder,
        libraries: None,
    })
}

/// Valkey or Redis in the search path.
pub(super) fn cache(account: Account) -> Option<CacheServer> {
    if only_private() {
        return None;
    }
    let find = |name: &'static str| {
        let path = which::which_all(name)
            .ok()?
            .find(|path| usable(path, account))?;
        Some(CacheServer {
            name,
            path,
            libraries: None,
        })
    };
    CACHE_SERVERS.into_iter().find_map(find)
}

/// The commands for systems without apt.
pub(super) fn how_to_install() -> &'static str {
    "install both with the command for this system, then run again:\n  \
     Fedora, Amazon Linux  sudo dnf install postgresql-server valkey\n  \
     Arch                  sudo pacman -S postgresql valkey\n  \
     Homebrew              brew install postgresql valkey"
}

fn only_private() -> bool {
    std::env::var_os(PRIVATE_VARIABLE).is_some_and(|value| value == "1")
}

/// The folders `parent/VERSION/child`, newest version first.
pub(super) fn versions(parent: impl AsRef<Path>, child: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
    let mut folders = entries
        .map(|entry| entry.path())
        .filter(|path| path.join(child).is_dir())
        .collect::<Vec<_>>();
    let version = |path: &PathBuf| {
        let digits = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .replace(|c: char| !c.is_ascii_digit(), "");
        digits.parse::<u32>().unwrap_or(0)
    };
    folders.sort_by_key(|path| std::cmp::Reverse(version(path)));
    folders.into_iter().map(|path| path.join(child)).collect()
}

/// Whether the services' user can run this program.
fn usable(program: &Path, account: Account) -> bool {
    program.is_file() && account.stopped_at(program).is_none()
}
