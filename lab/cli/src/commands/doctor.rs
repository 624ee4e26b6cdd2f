//! `lab doctor`: is everything here, and how accurate will the numbers be on this machine?

use std::fmt::{Display, Write as _};
use std::io::Write as _;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;
use lab_lambda::{Cgroups, Platform, cpu_share_got};
use lab_services::programs::cache_directory;
use lab_services::{Search, measure_delays};

use crate::programs;
use crate::scope;
use lab_bench::machine;
use lab_bench::run_directory::{RunDirectory, clear_stale};
use lab_bench::testbed::platform;
use lab_workspace::Workspace;

/// Memory size whose CPU share is tried, MiB: most steps run at it.
const TRIED_MEMORY_MB: u32 = 256;
/// How long that takes.
const SPIN: Duration = Duration::from_secs(2);
/// How far the share may be from theory, as a part of it, before it is worth a word.
const SHARE_TOLERANCE: f64 = 0.1;
/// Round-trip times that are tried, in µs.
const TRIED_DELAYS_US: [u64; 4] = [300, 500, 1_000, 8_000];
/// How much longer than configured a delay may be before it is worth a word. An undelayed loopback exchange is part of it.
const DELAY_TOLERANCE: Duration = Duration::from_micros(200);
/// Free disk space that building everything and running it takes, GiB.
const DISK_GIB: u64 = 4;

/// Look for what the lab needs, measure how accurate its numbers will be on this machine, clear what killed runs left.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  cargo lab doctor\n  cargo lab doctor --fix")]
pub struct Doctor {
    /// Unpack private copies of missing programs
    #[arg(long)]
    fix: bool,
}

/// What was found, line by line.
#[derive(Default)]
struct Findings {
    missing: usize,
    notes: usize,
}

impl Findings {
    fn fine(&mut self, text: impl Display) {
        self.fine_if(true, text);
    }

    /// Worth knowing.
    fn note(&mut self, text: impl Display) {
        self.fine_if(false, text);
    }

    fn fine_if(&mut self, is_fine: bool, text: impl Display) {
        self.notes += usize::from(!is_fine);
        say(&format!(
            "{} {text}",
            if is_fine { "ok     " } else { "note   " }
        ));
    }

    /// Stands in the way.
    fn missing(&mut self, text: impl Display) {
        self.missing += 1;
        say(&format!("MISSING {text}"));
    }
}

impl Doctor {
    /// Looks, prints, and fails if something is missing.
    pub async fn run(self) -> Result<()> {
        let workspace = Workspace::load()?;
        let mut findings = Findings::default();
        clear_stale();
        machine_and_tools(&mut findings);
        storage(&workspace, &mut findings)?;
        self.programs(&mut findings).await?;
        truth(&workspace, &mut findings).await?;
        match (findings.missing, findings.notes) {
            (0, 0) => say(
                "\nEverything is here, and the numbers will be as true as the lab can make them.",
            ),
            (0, notes) => say(&format!(
                "\nEverything is here; {notes} note(s) above say what the numbers will not tell."
            )),
            (missing, _) => bail!("{missing} thing(s) missing: see above"),
        }
        Ok(())
    }

    async fn programs(&self, findings: &mut Findings) -> Result<()> {
        let found = match Search::start(&cache_directory()?) {
            Search::Missing(_) if self.fix => Search::Found(programs::ensure(true).await?),
            other => other,
        };
        match found {
            Search::Found(programs) => {
                findings.fine(format!(
                    "PostgreSQL in {}",
                    programs.postgresql.folder.display()
                ));
                findings.fine(format!(
                    "{} at {}",
                    programs.cache.name,
                    programs.cache.path().display()
                ));
            }
            Search::Missing(plan) => {
                findings.missing(format!("{plan}. `cargo lab run` does it by itself; `cargo lab doctor --fix` does it now"));
            }
        }
        Ok(())
    }
}

/// A line on standard output. `cargo lab doctor | head` is no failure.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

fn machine_and_tools(findings: &mut Findings) {
    let machine = machine::machine();
    let cores = machine.logical_cores;
    let text = format!(
        "{}, {cores} core(s), {} MiB, {}, Linux {}",
        machine.cpu, machine.memory_mib, machine.os, machine.kernel
    );
    match cores {
        ..2 => findings.note(format!(
            "{text}: with one core, the lab and the function take turns"
        )),
        _ => findings.fine(text),
    }
    if let Some(governor) = machine
        .governor
        .filter(|governor| governor != "performance")
    {
        findings.note(format!(
            "CPU frequency governor {governor}: short invocations may run at a low clock"
        ));
    }
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let last_minute = load.split_whitespace().next();
    let load: f64 = last_minute
        .and_then(|it| it.parse().ok())
        .unwrap_or_default();
    if load > f64::from(cores) / 2.0 {
        findings.note(format!(
            "load average {load}: other programs are busy, medians survive that, p99 does not"
        ));
    }
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    if Command::new(&compiler)
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success())
    {
        findings.fine(format!(
            "C compiler {compiler} (the TLS libraries contain C and assembly)"
        ));
    } else {
        findings.missing(format!(
            "a C compiler named {compiler}: install gcc, for example `apt-get install gcc`"
        ));
    }
    if is_in_path("cargo-lab") {
        findings.note("a crate named cargo-lab is installed: cargo warns that the alias of this repository hides it");
    }
}

fn storage(workspace: &Workspace, findings: &mut Findings) -> Result<()> {
    let results = workspace.root.join("data/results");
    match tempfile::tempfile_in(&results) {
        Ok(_) => findings.fine(format!("results can be kept in {}", results.display())),
        Err(error) => findings.missing(format!("{} is not writable: {error}", results.display())),
    }
    let free = nix::sys::statvfs::statvfs(&workspace.root)?;
    let gib = (free.blocks_available() * free.fragment_size()) >> 30;
    if gib < DISK_GIB {
        findings.note(format!(
            "{gib} GiB of disk are free: building every step takes about {DISK_GIB}"
        ));
    }
    Ok(())
}

/// How accurate the numbers will be: limits, CPU share, delays.
async fn truth(workspace: &Workspace, findings: &mut Findings) -> Result<()> {
    let facts = workspace.facts()?.clone();
    let directory = RunDirectory::create()?;
    let platform = platform(&facts, &directory)?;
    findings.fine(platform.placement.describe());
    limits_and_share(&platform, findings).await?;

    let tried = TRIED_DELAYS_US.map(Duration::from_micros);
    let checks = tokio::task::spawn_blocking(move || measure_delays(&tried)).await??;
    let mut text = "delays, configured and measured:".to_owned();
    for check in &checks {
        write!(
            text,
            " {} -> {:.3} ms;",
            ms(check.configured),
            ms(check.median)
        )?;
    }
    let late = checks
        .iter()
        .any(|check| check.median > check.configured + DELAY_TOLERANCE);
    findings.fine_if(!late, text.trim_end_matches(';'));
    Ok(())
}

async fn limits_and_share(platform: &Platform, findings: &mut Findings) -> Result<()> {
    if let Cgroups::None { reason } = &platform.limits {
        findings.note(format!(
            "CPU and memory are NOT limited ({reason}): {}",
            scope::advice()
        ));
        return Ok(());
    }
    findings.fine(format!(
        "CPU and memory are limited through {}",
        platform.limits.how()
    ));
    let theory = platform
        .quota(TRIED_MEMORY_MB)
        .div_duration_f64(platform.cpu_period);
    let got = cpu_share_got(platform, TRIED_MEMORY_MB, SPIN)
        .await?
        .unwrap_or_default();
    let text = format!(
        "CPU share at {TRIED_MEMORY_MB} MB: {:.1} % of a core, in theory {:.1} %",
        got * 100.0,
        theory * 100.0
    );
    findings.fine_if((got - theory).abs() <= SHARE_TOLERANCE * theory, text);
    Ok(())
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

fn is_in_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
