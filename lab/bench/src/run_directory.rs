//! The folder of one run: data of the database, sockets, certificates. It goes with the run; what a killed run left
//! behind is found by its name, which says whether its process still lives.

use std::fs;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use lab_lambda::limits::{self, GROUP_PREFIX, is_alive, new_run_id};

/// A Unix socket's path may have 107 bytes, and the services add some to the folder's.
const LONGEST_PATH: usize = 70;

/// A folder that is removed when the value is dropped.
#[derive(Debug)]
pub struct RunDirectory {
    path: PathBuf,
    run_id: String,
}

impl RunDirectory {
    /// Creates it below the system's folder for temporary files.
    pub fn create() -> Result<Self> {
        let run_id = new_run_id();
        let path = base().join(format!("{GROUP_PREFIX}{run_id}"));
        // The services run as another user when the lab is root, and must be able to pass through.
        let mode = if nix::unistd::getuid().is_root() {
            0o711
        } else {
            0o700
        };
        fs::DirBuilder::new()
            .mode(mode)
            .create(&path)
            .with_context(|| format!("cannot create {}: is the disk full?", path.display()))?;
        Ok(Self { path, run_id })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The name of this run.
    pub fn run_id(&self) -> &str {
        &self.run_id
    }
}

impl Drop for RunDirectory {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.path) {
            eprintln!("cannot remove {}: {error}", self.path.display());
        }
    }
}

fn base() -> PathBuf {
    base_of(std::env::temp_dir())
}

/// What `TMPDIR` names where it fits, else `/tmp`. It may be closed to the services' user: some systems give each login a
/// folder of its own.
fn base_of(chosen: PathBuf) -> PathBuf {
    let fits = chosen.as_os_str().len() <= LONGEST_PATH
        && chosen.is_absolute()
        && chosen.is_dir()
        && lab_services::can_reach(&chosen);
    if fits { chosen } else { PathBuf::from("/tmp") }
}

/// Folders and control groups of runs that have died, this user's only.
pub fn stale() -> Vec<PathBuf> {
    let own = nix::unistd::getuid().as_raw();
    let folders = fs::read_dir(base()).into_iter().flatten().flatten();
    let folders = folders.filter(|entry| {
        let mine = entry
            .metadata()
            .is_ok_and(|metadata| metadata.is_dir() && metadata.uid() == own);
        mine && entry.file_name().to_str().is_some_and(is_dead)
    });
    folders
        .map(|entry| entry.path())
        .chain(limits::stale_groups())
        .collect()
}

fn is_dead(name: &str) -> bool {
    name.strip_prefix(GROUP_PREFIX)
        .is_some_and(|run_id| !is_alive(run_id))
}

/// Removes what dead runs left, and says so in a line.
pub fn clear_stale() {
    let (mut groups, mut folders) = (0, 0);
    for path in stale() {
        let is_group = path.join("cgroup.procs").exists();
        let gone = if is_group {
            limits::remove_stale_group(&path)
        } else {
            fs::remove_dir_all(&path).is_ok()
        };
        match (gone, is_group) {
            (true, true) => groups += 1,
            (true, false) => folders += 1,
            (false, _) => eprintln!("cannot clear what a killed run left: {}", path.display()),
        }
    }
    if groups + folders > 0 {
        eprintln!(
            "cleared what killed runs had left: {groups} control group(s), {folders} folder(s)"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_with_the_run_and_does_not_count_as_left() {
        let run = RunDirectory::create().unwrap();
        let path = run.path().to_owned();
        assert!(path.is_dir());
        assert!(!stale().contains(&path), "its process is alive");
        drop(run);
        assert!(!path.exists());
    }

    #[test]
    fn a_folder_for_temporary_files_is_used_if_the_services_can_be_there() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir_in("/tmp").unwrap();
        let open_to = |mode| {
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
            base_of(folder.path().to_owned())
        };
        assert_eq!(open_to(0o711), folder.path());
        let is_root = nix::unistd::getuid().is_root();
        assert_eq!(open_to(0o700) == folder.path(), !is_root);
        for unfit in [folder.path().join("missing"), "relative".into(), "".into()] {
            assert_eq!(base_of(unfit), Path::new("/tmp"));
        }
        let deep = folder.path().join("x".repeat(LONGEST_PATH));
        fs::create_dir(&deep).unwrap();
        assert_eq!(base_of(deep), Path::new("/tmp"), "sockets would not fit");
    }

    #[test]
    fn a_dead_run_is_known_by_its_name() {
        let name = |process| format!("{GROUP_PREFIX}0-{process}-1-00ff");
        assert!(
            is_dead(&name(std::process::id())),
            "this process started at another tick"
        );
        assert!(!is_dead("lambda-lab-something-else"));
        assert!(!is_dead("systemd-private"));
    }
}
