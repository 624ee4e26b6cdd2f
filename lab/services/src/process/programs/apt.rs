//! Private copies from the distribution's own packages, without root.
//!
//! apt-get works for any user as long as it keeps its lists and downloads in a folder of that user; `dpkg-deb -x` unpacks
//! a package anywhere. Neither touches what is installed.

use std::fs::File;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use nix::unistd::Uid;

use super::packages::{Apt, output};
use super::{CacheServer, Postgresql, Software, machine};
use crate::Error;
use crate::process::account::Account;

/// Whether this system has apt.
pub(super) fn is_here() -> bool {
    ["apt-get", "apt-cache", "dpkg-deb"]
        .iter()
        .all(|name| Path::new("/usr/bin").join(name).is_file())
}

/// The private copy of PostgreSQL, if there is one.
pub(super) fn postgresql(cache_directory: &Path) -> Option<Postgresql> {
    postgresql_in(&cache_directory.join(folder_name(Software::Postgresql)))
}

fn postgresql_in(root: &Path) -> Option<Postgresql> {
    let folder = machine::versions(root.join("usr/lib/postgresql"), "bin")
        .into_iter()
        .next()?;
    Some(Postgresql {
        folder,
        libraries: libraries(root),
    })
}

/// The private copy of Valkey or Redis, if there is one.
pub(super) fn cache(cache_directory: &Path) -> Option<CacheServer> {
    cache_in(&cache_directory.join(folder_name(Software::Cache)))
}

fn cache_in(root: &Path) -> Option<CacheServer> {
    let found = machine::CACHE_SERVERS
        .into_iter()
        .map(|name| (name, root.join("usr/bin").join(name)));
    let (name, path) = found.into_iter().find(|(_, path)| path.is_file())?;
    Some(CacheServer {
        name,
        path,
        libraries: libraries(root),
    })
}

/// The folders with a copy's shared libraries, like `usr/lib/x86_64-linux-gnu`.
fn libraries(root: &Path) -> Option<String> {
    let folders = ["usr/lib", "lib"]
        .into_iter()
        .flat_map(|parent| std::fs::read_dir(root.join(parent)))
        .flatten();
    let folders = folders
        .flatten()
        .map(|entry| entry.path().to_string_lossy().into_owned());
    let folders = folders
        .filter(|path| path.contains("-linux-gnu"))
        .collect::<Vec<_>>();
    (!folders.is_empty()).then(|| folders.join(":"))
}

/// A folder for each release: a copy fits the libraries of the release that it was made for.
fn folder_name(software: Software) -> String {
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let field = |name: &str| {
        let value = release
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        value.map_or_else(
            || "unknown".to_owned(),
            |value| value.trim_matches('"').replace('/', "-"),
        )
    };
    let name = match software {
        Software::Postgresql => "postgresql",
        Software::Cache => "cache",
    };
    format!(
        "{name}-{}-{}-{}",
        field("ID"),
        field("VERSION_ID"),
        std::env::consts::ARCH
    )
}

/// Unpacks what is missing into folders of `cache_directory`.
pub(super) fn unpack(
    missing: &[Software],
    cache_directory: &Path,
    mut progress: impl FnMut(&str),
) -> Result<(), Error> {
    if !is_here() {
        let missing = missing
            .iter()
            .map(Software::to_string)
            .collect::<Vec<_>>()
            .join(" and ");
        return Err(Error::Missing(format!(
            "{missing} not found; {}",
            machine::how_to_install()
        )));
    }
    check_folder(cache_directory)?;
    let _lock = lock(cache_directory, &mut progress)?;
    let apt = Apt {
        folder: cache_directory.join("unpacking"),
    };
    apt.clear()?;
    let mut updated = false;
    for &software in missing {
        let goal = cache_directory.join(folder_name(software));
        if goal.exists() {
            // Another run has been here while this one waited for the lock.
            continue;
        }
        if !updated {
            progress("fetching the package lists (apt-get update, in the lab's own folder)");
            apt.update()?;
            updated = true;
        }
        let root = apt.folder.join(folder_name(software));
        apt.copy(software, &root, &mut progress)?;
        try_out(software, &root)?;
        std::fs::rename(&root, &goal).map_err(Error::io(format!(
            "renaming {} to {}",
            root.display(),
            goal.display()
        )))?;
    }
    apt.clear()
}

/// Whether the folder is this user's, and only this user can write to it: its programs will be run.
pub(super) fn is_trusted(folder: &Path) -> bool {
    folder.symlink_metadata().is_ok_and(|metadata| {
        metadata.is_dir()
            && metadata.uid() == Uid::effective().as_raw()
            && metadata.mode() & 0o022 == 0
    })
}

/// Makes the folder, or checks that it can be used.
fn check_folder(folder: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(folder)
        .map_err(Error::io(format!("making the folder {}", folder.display())))?;
    // A umask may let a group write to what this user makes. On somebody else's folder this fails, which is said below.
    let _ = std::fs::set_permissions(folder, PermissionsExt::from_mode(0o755));
    if !is_trusted(folder) {
        let problem = "belongs to another user, who could replace the programs that will be run: remove it, or run as that user";
        return Err(Error::path(folder, problem));
    }
    Account::for_services().check_access(folder)
}

/// Waits until no other run unpacks here. The kernel gives the lock back when its holder ends, however it ends.
fn lock(folder: &Path, progress: &mut impl FnMut(&str)) -> Result<File, Error> {
    let failed = || Error::io(format!("locking {}", folder.display()));
    let file = File::create(folder.join("lock")).map_err(failed())?;
    if file.try_lock().is_err() {
        progress("waiting for another run that unpacks the same programs");
        file.lock().map_err(failed())?;
    }
    Ok(file)
}

/// Asks the copy's program for its version: a library that is missing shows here.
fn try_out(software: Software, root: &Path) -> Result<(), Error> {
    let found = match software {
        Software::Postgresql => {
            postgresql_in(root).map(|found| (found.folder.join("postgres"), found.libraries))
        }
        Software::Cache => cache_in(root).map(|found| (found.path, found.libraries)),
    };
    let Some((program, libraries)) = found else {
        return Err(Error::path(
            root,
            format!("the packages hold no program for {software}"),
        ));
    };
    output(
        Command::new(program)
            .arg("--version")
            .env("LD_LIBRARY_PATH", libraries.unwrap_or_default()),
    )
    .map(drop)
}
