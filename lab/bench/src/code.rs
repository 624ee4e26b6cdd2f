//! What somebody deploys: an executable, a folder with one, or a package.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use lab_workspace::bundle::{self, BOOTSTRAP};
use lab_workspace::function_file::FILE_NAME;
use tempfile::TempDir;

/// The machine of an ELF file's header (`e_machine`, ELF specification), by AWS's name of the architecture.
const MACHINES: [(u16, &str); 2] = [(62, "x86_64"), (183, "arm64")];

/// The code of a function that is not built here.
#[derive(Debug, Clone)]
pub struct Code {
    /// What the deployment package is made of, or the package.
    pub deployed: PathBuf,
    /// The executable that speaks the Runtime API.
    pub executable: PathBuf,
    /// Where a package was unpacked, or a script written; it goes with the last clone.
    _unpacked: Option<Arc<TempDir>>,
}

impl From<PathBuf> for Code {
    /// An executable alone.
    fn from(executable: PathBuf) -> Self {
        Self {
            deployed: executable.clone(),
            executable,
            _unpacked: None,
        }
    }
}

impl Code {
    /// A folder whose code is run by a script that is not in it.
    pub(crate) fn run_by(script: &str, folder: &Path) -> Result<Self> {
        let beside = TempDir::with_prefix("lambda-lab-")?;
        let executable = beside.path().join(BOOTSTRAP);
        std::fs::write(&executable, script)?;
        std::fs::set_permissions(&executable, PermissionsExt::from_mode(0o755))?;
        Ok(Self {
            deployed: folder.to_owned(),
            executable,
            _unpacked: Some(Arc::new(beside)),
        })
    }

    /// What is at `path`, which errors call `name`.
    ///
    /// # Errors
    /// Where Lambda could not start it, or this machine.
    pub fn at(name: &str, path: &Path) -> Result<Self> {
        if bundle::is_package(path) {
            let folder = TempDir::with_prefix("lambda-lab-")?;
            let executable = bundle::unpack(path, folder.path())?;
            require_executable(&format!("{BOOTSTRAP} in {name}"), &executable)?;
            return Ok(Self {
                deployed: path.to_owned(),
                executable,
                _unpacked: Some(Arc::new(folder)),
            });
        }
        let inside = path.join(BOOTSTRAP);
        let executable = if inside.is_file() {
            inside
        } else {
            path.to_owned()
        };
        require_executable(name, &executable)?;
        Ok(Self {
            deployed: path.to_owned(),
            executable,
            _unpacked: None,
        })
    }
}

fn require_executable(name: &str, path: &Path) -> Result<()> {
    let metadata = std::fs::metadata(path).with_context(|| format!("cannot measure {name}"))?;
    if metadata.is_dir() {
        bail!(
            "cannot measure {name}: it is a folder without an executable called {BOOTSTRAP}, and without a {FILE_NAME} that \
             names another one: cargo lab new --function {name}"
        );
    }
    if metadata.permissions().mode() & 0o111 == 0 {
        bail!(
            "cannot measure {name}: it is not executable. If it is a Lambda bootstrap: chmod +x {}",
            path.display()
        );
    }
    let mut beginning = Vec::new();
    let file = File::open(path).with_context(|| format!("cannot read {name}"))?;
    file.take(128).read_to_end(&mut beginning)?;
    startable(&beginning, std::env::consts::ARCH)
        .map_err(|problem| anyhow::anyhow!("cannot measure {name}: {problem}"))
}

/// Whether Lambda, and a machine of the architecture `here`, can start a file that begins like this.
fn startable(beginning: &[u8], here: &str) -> Result<(), String> {
    if beginning.starts_with(b"\x7fELF") {
        let machine = beginning.get(18..20).unwrap_or(&[0, 0]);
        let machine = u16::from_le_bytes([machine[0], machine[1]]);
        let here = if here == "aarch64" { "arm64" } else { here };
        return match MACHINES.iter().find(|(number, _)| *number == machine) {
            Some((_, built_for)) if *built_for != here => Err(format!(
                "it is built for {built_for}, and this machine is {here}. Build it for {here}; `architecture` in \
                 {FILE_NAME} says what it is priced for"
            )),
            _ => Ok(()),
        };
    }
    if !beginning.starts_with(b"#!") {
        return Err(
            "it is neither a program for Linux nor a script that begins with #!, which Lambda refuses (exec format error)"
                .to_owned(),
        );
    }
    let line = beginning.split(|byte| *byte == b'\n').next();
    if line.is_some_and(|line| line.ends_with(b"\r")) {
        return Err(
            "its first line ends with a carriage return, so that no such interpreter is found. Write it with Unix line ends: \
             dos2unix, or git config core.autocrlf input"
                .to_owned(),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lambda_or_this_machine_cannot_start_is_told_why() {
        let elf = |machine: u16| {
            let mut header = b"\x7fELF".to_vec();
            header.resize(18, 0);
            header.extend(machine.to_le_bytes());
            header
        };
        startable(&elf(62), "x86_64").unwrap();
        startable(&elf(183), "aarch64").unwrap();
        startable(b"#!/bin/sh\nexit\r\n", "x86_64").unwrap();
        for (beginning, told) in [
            (elf(183), "built for arm64, and this machine is x86_64"),
            (b"echo hello\n".to_vec(), "exec format error"),
            (b"#!/bin/sh\r\n".to_vec(), "carriage return"),
            (Vec::new(), "neither a program"),
        ] {
            let error = startable(&beginning, "x86_64").unwrap_err();
            assert!(error.contains(told), "{error}");
        }
    }
}
