//! Building what is measured: each package alone, as it would be for a deployment. Building several in one call would
//! unite their features, and a step would carry another one's code.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use cargo_metadata::Message;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::progress::{Progress, elapsed};

/// The profile that is deployed.
pub const PROFILE: &str = "release";

/// Builds `package` and answers where its executable is. Does nothing when it is fresh.
pub async fn build(root: &Path, package: &str) -> Result<PathBuf> {
    let total = match crates_of(root, package).await {
        0 => String::new(),
        total => format!(" of about {total}"),
    };
    let mut progress = None;
    let started = Instant::now();
    let mut cargo = Cargo::start(
        root,
        &[
            "build",
            "--profile",
            PROFILE,
            "--package",
            package,
            "--message-format",
            "json",
        ],
    )?;
    let stdout = cargo
        .child
        .stdout
        .take()
        .context("cargo's output was asked for")?;
    let mut stderr = cargo
        .child
        .stderr
        .take()
        .context("cargo's messages were asked for")?;

    let mut compiled = HashSet::new();
    let mut executable = None;
    let mut diagnostics = String::new();
    let mut lines = BufReader::new(stdout).lines();
    let read_messages = async {
        while let Some(line) = lines.next_line().await? {
            match serde_json::from_str(&line) {
                Ok(Message::CompilerArtifact(artifact)) => {
                    if !artifact.fresh {
                        let progress = progress
                            .get_or_insert_with(|| Progress::start(format!("building {package}")));
                        progress.update(format!("{}{total} crates", compiled.len()));
                    }
                    executable = artifact.executable.or(executable.take());
                    compiled.insert(artifact.package_id);
                }
                Ok(Message::CompilerMessage(message)) => {
                    diagnostics.push_str(message.message.rendered.as_deref().unwrap_or_default());
                }
                _ => {}
            }
        }
        anyhow::Ok(())
    };
    let mut messages = String::new();
    let read_errors = async { Ok(stderr.read_to_string(&mut messages).await.map(drop)?) };
    tokio::try_join!(read_messages, read_errors)?;

    let status = cargo.child.wait().await.context("cargo")?;
    if !status.success() {
        bail!(
            "cannot build {package}: cargo build --profile {PROFILE} -p {package} says\n{diagnostics}{messages}"
        );
    }
    if let Some(progress) = progress {
        progress.done("ready");
    } else if started.elapsed().as_secs() > 5 {
        eprintln!("checked that {package} is fresh ({})", elapsed(started));
    }
    let executable = executable.with_context(|| format!("{package} has no executable"))?;
    Ok(executable.into_std_path_buf())
}

/// The number of crates that go into `package`, for the progress line only: 0 where cargo cannot say.
async fn crates_of(root: &Path, package: &str) -> usize {
    let arguments = [
        "tree",
        "--package",
        package,
        "--edges",
        "normal,build",
        "--prefix",
        "none",
        "--no-dedupe",
    ];
    let Ok(tree) = Cargo::start(root, &arguments) else {
        return 0;
    };
    let output = async {
        let mut tree = tree;
        let mut text = String::new();
        tree.child
            .stdout
            .take()?
            .read_to_string(&mut text)
            .await
            .ok()?;
        Some(text.lines().collect::<HashSet<_>>().len())
    };
    output.await.unwrap_or_default()
}

/// A running cargo with its compilers, ended when it is dropped.
struct Cargo {
    child: Child,
}

impl Cargo {
    fn start(root: &Path, arguments: &[&str]) -> Result<Self> {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command
            .args(arguments)
            .current_dir(root)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        // `cargo lab` runs inside `cargo run`, which describes the lab's own package in variables; build scripts (ring's
        // is one) ask for them and would run again each time the description changes.
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if [
                "CARGO_MANIFEST_",
                "CARGO_PKG_",
                "CARGO_BIN_",
                "CARGO_CRATE_",
            ]
            .iter()
            .any(|prefix| name.starts_with(prefix))
            {
                command.env_remove(&*name);
            }
        }
        let child = command.spawn().context("cannot run cargo")?;
        Ok(Self { child })
    }
}

impl Drop for Cargo {
    fn drop(&mut self) {
        let running = self.child.id().and_then(|id| i32::try_from(id).ok());
        if let Some(id) = running {
            // To the whole group: cargo alone would leave its compilers behind.
            let _ = killpg(Pid::from_raw(id), Signal::SIGTERM);
        }
    }
}

/// The size in bytes of the deployment package: the executable alone, as `bootstrap`, deflated.
pub fn zip_size(executable: &Path) -> Result<u64> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file(
        "bootstrap",
        zip::write::SimpleFileOptions::default().unix_permissions(0o755),
    )?;
    std::io::copy(&mut std::fs::File::open(executable)?, &mut zip)?;
    Ok(zip.finish()?.into_inner().len() as u64)
}
