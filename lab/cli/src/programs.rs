//! The programs of the neighbours: found on the machine, or a private copy that is announced before it is unpacked.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use lab_services::{Programs, Search};

use crate::progress::Progress;

/// Names another folder for private copies.
pub const CACHE_VARIABLE: &str = "LAMBDA_LAB_CACHE";

/// Where private copies of programs are kept: one folder, which may be removed at any time. Services run as another
/// user when the lab is root, and root's home is closed to others.
pub fn cache_directory() -> Result<PathBuf> {
    let absolute = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    if let Some(chosen) = absolute(CACHE_VARIABLE) {
        return Ok(chosen);
    }
    if nix::unistd::geteuid().is_root() {
        return Ok(PathBuf::from("/var/cache/lambda-lab"));
    }
    let caches = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")));
    let caches = caches
        .with_context(|| format!("neither HOME nor XDG_CACHE_HOME is set: set {CACHE_VARIABLE}"))?;
    Ok(caches.join("lambda-lab"))
}

/// The programs; missing ones are unpacked. On a terminal the user is asked before, unless `yes`.
pub async fn ensure(yes: bool) -> Result<Programs> {
    let plan = match Search::start(&cache_directory()?) {
        Search::Found(programs) => return Ok(programs),
        Search::Missing(plan) => plan,
    };
    eprintln!("{plan}");
    if !yes && std::io::stdin().is_terminal() && !agrees()? {
        bail!("nothing was done: install the programs, or say yes");
    }
    let mut progress = Progress::start("unpacking private copies");
    let (lines, mut shown) = tokio::sync::mpsc::unbounded_channel();
    let work = tokio::task::spawn_blocking(move || {
        // The channel is closed only when nobody waits any more.
        plan.carry_out(|line| drop(lines.send(line.to_owned())))
    });
    while let Some(line) = shown.recv().await {
        progress.update(line);
    }
    let programs = work.await.context("unpacking")??;
    progress.done("ready");
    Ok(programs)
}

fn agrees() -> Result<bool> {
    eprint!("Go on? [Y/n] ");
    std::io::stderr().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(
        answer.trim().to_lowercase().as_str(),
        "" | "y" | "yes"
    ))
}
