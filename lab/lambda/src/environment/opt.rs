//! `/opt`, where Lambda unpacks layers: a folder of the lab's, mounted over it for one process and its children.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use tokio::process::Command;

/// Where the files of layers are.
pub const OPT: &str = "/opt";

/// Has a command find `folder` at [`OPT`]. The rest of the machine sees nothing of it: the process gets a mount namespace of its
/// own, whose mounts go nowhere else.
#[allow(unsafe_code)]
pub(super) fn bind(command: &mut Command, folder: &Path) {
    let folder = PathBuf::from(folder);
    let none = None::<&str>;
    let prepare = move || {
        unshare(CloneFlags::CLONE_NEWNS)?;
        let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
        mount(none, "/", none, private, none)?;
        mount(Some(&folder), OPT, none, MsFlags::MS_BIND, none)?;
        Ok(())
    };
    // SAFETY: between fork and exec only system calls are made: paths this short are copied to the stack.
    unsafe { command.pre_exec(prepare) };
}

/// Whether [`bind`] works on this machine, which it tries.
///
/// # Errors
/// Why not, in a few words.
pub fn opt_can_be_bound() -> Result<(), String> {
    if !Path::new(OPT).is_dir() {
        return Err(format!("there is no folder {OPT} to mount them over"));
    }
    let mut command = Command::new("/bin/true");
    command.stdin(Stdio::null());
    bind(&mut command, Path::new("/"));
    // Its end is nobody's business: that it begins is what was asked.
    let started = command.as_std_mut().spawn();
    started
        .and_then(|mut child| child.wait())
        .map(drop)
        .map_err(|error| format!("mounting over {OPT} needs root: {error}"))
}
