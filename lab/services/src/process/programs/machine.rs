//! Programs that are installed on the machine.

use std::path::{Path, PathBuf};

use super::{PRIVATE_VARIABLE, Program, Software};
use crate::process::account::Account;

/// A server in the search path, or where distributions keep PostgreSQL outside of it.
pub(super) fn find(software: Software, account: Account) -> Option<Program> {
    if std::env::var_os(PRIVATE_VARIABLE).is_some_and(|value| value == "1") {
        return None;
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = std::env::split_paths(&path).collect::<Vec<_>>();
    if software == Software::Postgresql {
        let in_usr = versions("/usr", "bin").into_iter();
        folders.extend(versions("/usr/lib/postgresql", "bin"));
        folders.extend(in_usr.filter(|folder| folder.to_string_lossy().starts_with("/usr/pgsql")));
        folders.push("/usr/local/pgsql/bin".into());
    }
    // The services' user must be able to run it.
    software.find_in(&folders, None, |program| {
        program.is_file() && account.stopped_at(program).is_none()
    })
}

/// The commands for systems without apt.
pub(super) fn how_to_install() -> &'static str {
    "install both with the command for this system, then run again:\n  \
     Fedora, Amazon Linux  sudo dnf install postgresql-server valkey\n  \
     Arch                  sudo pacman -S postgresql valkey\n  \
     Homebrew              brew install postgresql valkey"
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
