//! apt and dpkg at work.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::Software;
use crate::Error;

/// apt with its state in a folder of its own.
pub(super) struct Apt {
    pub folder: PathBuf,
}

impl Apt {
    pub fn clear(&self) -> Result<(), Error> {
        match std::fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io(format!(
                "removing {}",
                self.folder.display()
            ))(error)),
            _ => Ok(()),
        }
    }

    pub fn update(&self) -> Result<(), Error> {
        for folder in ["lists/partial", "cache/archives/partial"] {
            make_folder(&self.folder.join(folder))?;
        }
        output(
            self.command("apt-get")
                .args(["-qq", "-o", "APT::Update::Error-Mode=any", "update"]),
        )
        .map(drop)
    }

    /// Downloads the packages of one kind and unpacks them into the folder `root`.
    pub fn copy(
        &self,
        software: Software,
        root: &Path,
        progress: &mut impl FnMut(&str),
    ) -> Result<(), Error> {
        let package = self.package(software)?;
        let packages = self.with_dependencies(&package)?;
        let downloads = root.with_extension("packages");
        for folder in [root, &downloads] {
            make_folder(folder)?;
        }
        progress(&format!("downloading {}", packages.join(", ")));
        output(
            self.command("apt-get")
                .args(["-qq", "download"])
                .args(&packages)
                .current_dir(&downloads),
        )?;
        progress(&format!("unpacking {software}"));
        let entries = std::fs::read_dir(&downloads)
            .map_err(Error::io(format!("reading {}", downloads.display())))?;
        for entry in entries.flatten() {
            output(
                Command::new("dpkg-deb")
                    .arg("-x")
                    .arg(entry.path())
                    .arg(root),
            )?;
        }
        Ok(())
    }

    /// The package with the server: its name depends on the release.
    fn package(&self, software: Software) -> Result<String, Error> {
        match software {
            Software::Postgresql => {
                let shown = output(self.command("apt-cache").args([
                    "show",
                    "--no-all-versions",
                    "postgresql",
                ]))?;
                let depends = shown
                    .lines()
                    .find_map(|line| line.strip_prefix("Depends:"))
                    .unwrap_or_default();
                let versioned = depends
                    .split([',', ' '])
                    .find(|name| name.starts_with("postgresql-"));
                versioned.map(str::to_owned).ok_or_else(|| {
                    Error::Missing("this release's package `postgresql` names no version: install PostgreSQL by hand".to_owned())
                })
            }
            Software::Cache => {
                let exists =
                    |name: &&&str| output(self.command("apt-cache").args(["show", name])).is_ok();
                let name = software.servers().iter().find(exists);
                name.map(|name| (*name).to_owned()).ok_or_else(|| {
                    Error::Missing("this release has neither valkey-server nor redis-server: install one by hand".to_owned())
                })
            }
        }
    }

    /// The package and those of its dependencies that are not installed, as apt would fetch them.
    fn with_dependencies(&self, package: &str) -> Result<Vec<String>, Error> {
        // A package that is installed is listed, too, which a forced private copy needs.
        let options = [
            "--print-uris",
            "-qq",
            "--no-install-recommends",
            "--reinstall",
            "install",
            package,
        ];
        let listed = output(self.command("apt-get").args(options))?;
        // Each line: 'address' file size checksum
        let files = listed
            .lines()
            .filter_map(|line| line.split_whitespace().nth(1));
        let wanted = files.filter(|file| {
            // Packages for all architectures hold scripts and documents. LLVM serves PostgreSQL's JIT, which is switched off.
            !file.ends_with("_all.deb") && !file.starts_with("libllvm")
        });
        Ok(wanted
            .filter_map(|file| file.split('_').next().map(str::to_owned))
            .collect())
    }

    fn command(&self, program: &str) -> Command {
        let folder = self.folder.display();
        let mut command = Command::new(program);
        command
            .env("LC_ALL", "C")
            .env("DEBIAN_FRONTEND", "noninteractive");
        for option in [
            format!("Dir::State::lists={folder}/lists"),
            format!("Dir::Cache={folder}/cache"),
            "Dir::State::status=/var/lib/dpkg/status".to_owned(),
            // Nothing is installed, so no other apt needs to be kept out.
            "Debug::NoLocking=1".to_owned(),
            // As root, apt would download as a user who cannot write to this folder.
            "APT::Sandbox::User=root".to_owned(),
        ] {
            command.args(["-o", &option]);
        }
        command
    }
}

/// Makes a folder and those above it, unless they are there.
pub(super) fn make_folder(folder: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(folder)
        .map_err(Error::io(format!("making the folder {}", folder.display())))
}

/// Runs a command and returns what it printed.
pub(super) fn output(command: &mut Command) -> Result<String, Error> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .map_err(Error::io(format!("running {program}")))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let arguments = command
        .get_args()
        .map(|argument| argument.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ");
    Err(Error::Program {
        program,
        problem: format!("failed ({}) with the arguments {arguments}", output.status),
        log: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
}
