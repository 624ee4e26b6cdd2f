//! Private copies from the distribution's own packages, without root.
//!
//! apt-get works for any user as long as it keeps its lists and downloads in a folder of that user; `dpkg-deb -x` unpacks
//! a package anywhere. Neither touches what is installed.

use std::fs::File;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use nix::unistd::Uid;

use super::packages::{Apt, make_folder, output};
use super::{Program, Software, versions};
use crate::Error;
use crate::process::account::Account;

/// Whether this system has apt.
pub(super) fn is_here() -> bool {
    ["apt-get", "apt-cache", "dpkg-deb"]
        .iter()
        .all(|name| Path::new("/usr/bin").join(name).is_file())
}

/// The private copy, if there is one.
pub(super) fn find(software: Software, cache_directory: &Path) -> Option<Program> {
    find_below(software, &cache_directory.join(folder_name(software)))
}

fn find_below(software: Software, root: &Path) -> Option<Program> {
    let folders = match software {
        Software::Postgresql => versions(root.join("usr/lib/postgresql"), "bin"),
        Software::Cache => vec![root.join("usr/bin")],
    };
    software.find_in(&folders, libraries(root).as_deref(), Path::is_file)
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

/// Unpacks what is missing into folders of `cache_directory`. The caller has made sure that apt is here.
pub(super) fn unpack(
    missing: &[Software],
    cache_directory: &Path,
    mut progress: impl FnMut(&str),
) -> Result<(), Error> {
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
    make_folder(folder)?;
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
    let program = find_below(software, root)
        .ok_or_else(|| Error::path(root, format!("the packages hold no program for {software}")))?;
    output(
        Command::new(program.path())
            .arg("--version")
            .env("LD_LIBRARY_PATH", program.libraries.unwrap_or_default()),
    )
    .map(drop)
}
