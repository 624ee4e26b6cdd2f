//! Building what is measured: each package alone, as it would be for a deployment. Building several in one call would
//! unite their features, and a step would carry another one's code.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use cargo_metadata::Message;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, ChildStdout, Command};

use crate::progress::Progress;

/// The profile that is deployed.
pub const PROFILE: &str = "release";

/// A build that is fresh is over before this, and nothing is said about it.
const SILENCE: Duration = Duration::from_secs(1);

/// Builds `package` and answers where its executable is. Does nothing when it is fresh.
pub async fn build(root: &Path, package: &str) -> Result<PathBuf> {
    build_target(root, package, &[]).await
}

/// Builds an example of `package` in the same way.
pub async fn build_example(root: &Path, package: &str, example: &str) -> Result<PathBuf> {
    build_target(root, package, &["--example", example]).await
}

/// Builds a package that is a library to be loaded at run time, and answers where that is.
pub async fn build_library(root: &Path, package: &str) -> Result<PathBuf> {
    build_target(root, package, &["--lib"]).await
}

async fn build_target(root: &Path, package: &str, selection: &[&str]) -> Result<PathBuf> {
    let mut arguments = vec![
        "build",
        "--profile",
        PROFILE,
        "--package",
        package,
        "--message-format",
        "json",
    ];
    arguments.extend(selection);
    let mut cargo = Cargo::start(root, &arguments)?;
    let stdout = cargo.child.stdout.take();
    let stderr = cargo.child.stderr.take();
    let (stdout, mut stderr) = stdout.zip(stderr).context("cargo's output was asked for")?;

    let mut messages = String::new();
    let read_errors = async { Ok(stderr.read_to_string(&mut messages).await.map(drop)?) };
    let (built, ()) = tokio::try_join!(follow(root, package, stdout), read_errors)?;
    let status = cargo.child.wait().await.context("cargo")?;
    if !status.success() {
        bail!(
            "cannot build {package}: cargo build --profile {PROFILE} -p {package} says\n{}{messages}",
            built.diagnostics
        );
    }
    if let Some(progress) = built.progress {
        progress.done("ready");
    }
    built
        .product
        .with_context(|| format!("{package} has no executable"))
}

/// What cargo said of a build.
#[derive(Default)]
struct Built {
    /// The executable, or the library of a package that is one.
    product: Option<PathBuf>,
    diagnostics: String,
    /// The line that is shown, if there was time to show one.
    progress: Option<Progress>,
}

/// Reads cargo's messages to their end and shows how far it is.
async fn follow(root: &Path, package: &str, stdout: ChildStdout) -> Result<Built> {
    let mut built = Built::default();
    let mut compiled = HashSet::new();
    let mut total = 0;
    let mut lines = BufReader::new(stdout).lines();
    let mut silence = pin!(tokio::time::sleep(SILENCE));
    loop {
        let line = tokio::select! {
            line = lines.next_line() => line?,
            () = &mut silence, if built.progress.is_none() => {
                built.progress = Some(Progress::start(format!("building {package}")));
                total = crates_of(root, package).await;
                continue;
            }
        };
        let Some(line) = line else { return Ok(built) };
        match serde_json::from_str(&line) {
            Ok(Message::CompilerArtifact(artifact)) => {
                compiled.insert(artifact.package_id);
                let is_loaded = artifact.target.is_cdylib();
                let library = || artifact.filenames.into_iter().next().filter(|_| is_loaded);
                if let Some(product) = artifact.executable.or_else(library) {
                    built.product = Some(product.into_std_path_buf());
                }
            }
            Ok(Message::CompilerMessage(message)) => {
                let text = message.message.rendered.unwrap_or_default();
                built.diagnostics.push_str(&text);
            }
            _ => {}
        }
        if let Some(progress) = &mut built.progress {
            let of_total = if total == 0 {
                String::new()
            } else {
                format!(" of about {total}")
            };
            progress.update(format!("{}{of_total} crates", compiled.len()));
        }
    }
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
