//! The programs of the services: found on the machine, or a private copy that is announced before it is unpacked.

use std::io::{IsTerminal as _, Write as _};

use anyhow::{Context as _, Result, bail};
use lab_services::programs::cache_directory;
use lab_services::{Programs, Search};

use lab_workspace::progress::Progress;

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

/// Asks the person at the terminal; an empty answer agrees.
pub fn agrees() -> Result<bool> {
    eprint!("Go on? [Y/n] ");
    std::io::stderr().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(
        answer.trim().to_lowercase().as_str(),
        "" | "y" | "yes"
    ))
}
