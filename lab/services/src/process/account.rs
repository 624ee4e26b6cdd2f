//! The user that the services' programs run as.

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;

use nix::unistd::{Uid, User};

use crate::Error;

/// Whether the services' user, `nobody` where the lab is root, can pass through this folder and all above it.
pub fn can_reach(folder: &Path) -> bool {
    Account::for_services().stopped_at(folder).is_none()
}

/// An unprivileged user. Neither PostgreSQL nor good sense lets a server run as root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Account {
    /// User and group ids to change to; `None` where the lab itself has no privileges.
    pub change_to: Option<(u32, u32)>,
}

impl Account {
    /// `nobody` if the lab runs as root, otherwise the lab's own user.
    pub fn for_services() -> Self {
        if !Uid::effective().is_root() {
            return Self { change_to: None };
        }
        // 65534 is the kernel's own number for nobody ("overflow" id), should the machine have no user list.
        let ids = User::from_name("nobody")
            .ok()
            .flatten()
            .map(|user| (user.uid.as_raw(), user.gid.as_raw()));
        Self {
            change_to: Some(ids.unwrap_or((65534, 65534))),
        }
    }

    /// Fails where this user cannot pass through to `path`.
    pub fn check_access(self, path: &Path) -> Result<(), Error> {
        let Some(folder) = self.stopped_at(path) else {
            return Ok(());
        };
        let problem = format!(
            "the services run as user nobody, who cannot pass through {}: use a folder outside it",
            folder.display()
        );
        Err(Error::path(path, problem))
    }

    /// Makes a folder that only this user, and root, can enter.
    pub fn make_folder(self, path: &Path) -> Result<(), Error> {
        let failed = || Error::io(format!("making the folder {}", path.display()));
        std::fs::create_dir_all(path).map_err(failed())?;
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o700)).map_err(failed())?;
        if let Some((user, group)) = self.change_to {
            chown(path, Some(user), Some(group)).map_err(failed())?;
        }
        Ok(())
    }

    /// The first folder on the way to `path` that this user cannot pass, if any.
    pub fn stopped_at(self, path: &Path) -> Option<&Path> {
        self.change_to?;
        let passable = |folder: &&Path| {
            folder
                .metadata()
                .is_ok_and(|metadata| metadata.mode() & 0o001 != 0)
        };
        let folders = path
            .ancestors()
            .filter(|folder| folder.is_dir())
            .collect::<Vec<_>>();
        folders.into_iter().rev().find(|folder| !passable(folder))
    }
}
