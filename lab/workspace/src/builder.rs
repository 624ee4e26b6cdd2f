//! Building. What is measured is built as it would be for a deployment: cargo unites the features of packages that are
//! built in one call, and a step would carry another one's code. So only packages with the same dependencies share a call, and
//! the profile: each package is built in the one that its manifest names.

mod groups;

use std::collections::{BTreeMap, HashSet};
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
pub use groups::{Group, groups};

/// The profile of what is measured and deployed, unless a package's `[package.metadata.step]` names its own.
pub const RELEASE: &str = "release";
/// The lab's own package, and the profile of all that is the lab's.
const LAB: &str = "lab";

/// A build that is fresh is over before this, and nothing is said about it.
const SILENCE: Duration = Duration::from_secs(1);

/// Builds `packages` as they are deployed and answers where the executable of each is. Does nothing for those that are fresh.
pub async fn build(root: &Path, packages: &[&str]) -> Result<BTreeMap<String, PathBuf>> {
    let mut executables = BTreeMap::new();
    for group in groups(root, packages)? {
        executables.extend(build_together(root, &group.profile, &group.packages, &[]).await?);
    }
    Ok(executables)
}

/// Builds one package as it is deployed and answers where its executable is.
pub async fn build_one(root: &Path, package: &str) -> Result<PathBuf> {
    let built = build(root, &[package]).await?.remove(package);
    built.with_context(|| format!("{package} has no executable"))
}

/// Builds an example of `package` in the profile of what is measured.
pub async fn build_example(root: &Path, package: &str, example: &str) -> Result<PathBuf> {
    let selection = ["--package", package, "--example", example];
    build_product(root, RELEASE, package, &selection).await
}

/// Builds the executable of `package`, which is the lab's own and has its name. Together with the lab: what was compiled
/// for that serves it, since cargo unites their features.
pub async fn build_lab_executable(root: &Path, package: &str) -> Result<PathBuf> {
    let selection = ["--package", LAB, "--package", package, "--bin", package];
    build_product(root, LAB, package, &selection).await
}

/// Builds a package of the lab's that is a library to be loaded at run time, and answers where that is.
pub async fn build_library(root: &Path, package: &str) -> Result<PathBuf> {
    build_product(root, LAB, package, &["--package", package, "--lib"]).await
}

/// Builds the executable of a package that is not this repository's, with the toolchain that its folder says.
pub(crate) async fn build_elsewhere(
    folder: &Path,
    package: &str,
    selection: &[&str],
) -> Result<PathBuf> {
    build_product(folder, RELEASE, package, selection).await
}

async fn build_product(
    root: &Path,
    profile: &str,
    package: &str,
    selection: &[&str],
) -> Result<PathBuf> {
    let packages = [package.to_owned()];
    let mut built = build_together(root, profile, &packages, selection).await?;
    let product = built.remove(package);
    product.with_context(|| format!("{package} has no executable"))
}

/// One call of cargo. Without a `selection` it builds `packages`.
async fn build_together(
    root: &Path,
    profile: &str,
    packages: &[String],
    selection: &[&str],
) -> Result<BTreeMap<String, PathBuf>> {
    let mut arguments = vec!["build", "--profile", profile, "--message-format", "json"];
    arguments.extend(selection);
    if selection.is_empty() {
        arguments.extend(packages.iter().flat_map(|it| ["--package", it.as_str()]));
    }
    let mut cargo = Cargo::start(root, &arguments)?;
    let stdout = cargo.child.stdout.take();
    let stderr = cargo.child.stderr.take();
    let (stdout, mut stderr) = stdout.zip(stderr).context("cargo's output was asked for")?;

    let mut messages = String::new();
    let read_errors = async { Ok(stderr.read_to_string(&mut messages).await.map(drop)?) };
    let (built, ()) = tokio::try_join!(follow(root, packages, stdout), read_errors)?;
    let status = cargo.child.wait().await.context("cargo")?;
    if !status.success() {
        bail!(
            "cannot build {}: cargo {} says\n{}{messages}",
            packages.join(", "),
            arguments.join(" "),
            built.diagnostics
        );
    }
    if let Some(progress) = built.progress {
        progress.done("ready");
    }
    Ok(built.products)
}

/// What cargo said of a build.
#[derive(Default)]
struct Built {
    /// The executable of each package, or the library of a package that is one.
    products: BTreeMap<String, PathBuf>,
    diagnostics: String,
    /// The line that is shown, if there was time to show one.
    progress: Option<Progress>,
}

/// Reads cargo's messages to their end and shows how far it is.
async fn follow(root: &Path, packages: &[String], stdout: ChildStdout) -> Result<Built> {
    let mut built = Built::default();
    let mut compiled = HashSet::new();
    let mut total = 0;
    let mut lines = BufReader::new(stdout).lines();
    let mut silence = pin!(tokio::time::sleep(SILENCE));
    loop {
        let line = tokio::select! {
            line = lines.next_line() => line?,
            () = &mut silence, if built.progress.is_none() => {
                built.progress = Some(Progress::start(format!("building {}", packages.join(", "))));
                total = crates_of(root, packages).await;
                continue;
            }
        };
        let Some(line) = line else { return Ok(built) };
        match serde_json::from_str(&line) {
            Ok(Message::CompilerArtifact(artifact)) => {
                let is_loaded = artifact.target.is_cdylib();
                let library = || artifact.filenames.into_iter().next().filter(|_| is_loaded);
                if let Some(product) = artifact.executable.or_else(library) {
                    let package = package_name(&artifact.package_id.repr, packages);
                    built
                        .products
                        .extend(package.map(|name| (name, product.into_std_path_buf())));
                }
                compiled.insert(artifact.package_id);
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

/// Which of `packages` an id is of: `path+file:///.../steps/floor#step-floor@0.1.0`, without the name where the folder has it.
fn package_name(id: &str, packages: &[String]) -> Option<String> {
    let (path, version) = id.rsplit_once('#')?;
    let name = match version.split_once('@') {
        Some((name, _)) => name,
        None => path.rsplit('/').next()?,
    };
    packages.iter().find(|package| *package == name).cloned()
}

/// The number of crates that go into `packages`, for the progress line only: 0 where cargo cannot say.
async fn crates_of(root: &Path, packages: &[String]) -> usize {
    let mut arguments = vec!["tree", "--edges", "normal,build", "--prefix", "none"];
    for package in packages {
        arguments.extend(["--package", package]);
    }
    let Ok(mut tree) = Cargo::start(root, &arguments) else {
        return 0;
    };
    let output = async {
        let mut text = String::new();
        let mut stdout = tree.child.stdout.take()?;
        stdout.read_to_string(&mut text).await.ok()?;
        let crates = text.lines().filter_map(|line| line.split(" (").next());
        Some(crates.collect::<HashSet<_>>().len())
    };
    output.await.unwrap_or_default()
}

/// A running cargo with its compilers, ended when it is dropped.
struct Cargo {
    child: Child,
}

impl Cargo {
    fn start(root: &Path, arguments: &[&str]) -> Result<Self> {
        let ran_in = std::env::var_os("CARGO_MANIFEST_DIR");
        let elsewhere = ran_in.is_some_and(|folder| !Path::new(&folder).starts_with(root));
        let own = std::env::var_os("CARGO").filter(|_| !elsewhere);
        let mut command = Command::new(own.unwrap_or_else(|| "cargo".into()));
        if elsewhere {
            // That of `cargo run` for the lab: a folder elsewhere may name another one.
            command.env_remove("RUSTUP_TOOLCHAIN");
        }
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
