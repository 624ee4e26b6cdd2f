//! `lab doctor`: is everything here, and how accurate will the numbers be on this machine?

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
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

/// Whether a finding stands in the way, is worth knowing, or is fine.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Grade {
    Fine,
    Note,
    Missing,
}

/// What was found, line by line.
#[derive(Default)]
struct Findings {
    missing: usize,
    notes: usize,
}

impl Findings {
    fn add(&mut self, grade: Grade, text: &str) {
        let mark = match grade {
            Grade::Fine => "ok     ",
            Grade::Note => "note   ",
            Grade::Missing => "MISSING",
        };
        self.missing += usize::from(grade == Grade::Missing);
        self.notes += usize::from(grade == Grade::Note);
        say(&format!("{mark} {text}"));
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
                findings.add(
                    Grade::Fine,
                    &format!("PostgreSQL in {}", programs.postgresql.folder.display()),
                );
                findings.add(
                    Grade::Fine,
                    &format!(
                        "{} at {}",
                        programs.cache.name,
                        programs.cache.path().display()
                    ),
                );
            }
            Search::Missing(plan) => {
                findings.add(Grade::Missing, &format!("{plan}. `cargo lab run` does it by itself; `cargo lab doctor --fix` does it now"));
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
    if cores < 2 {
        findings.add(
            Grade::Note,
            &format!("{text}: with one core, the lab and the function take turns"),
        );
    } else {
        findings.add(Grade::Fine, &text);
    }
    if let Some(governor) = machine
        .governor
        .filter(|governor| governor != "performance")
    {
        findings.add(
            Grade::Note,
            &format!("CPU frequency governor {governor}: short invocations may run at a low clock"),
        );
    }
    let load: f64 = first_number("/proc/loadavg").unwrap_or_default();
    if load > f64::from(cores) / 2.0 {
        findings.add(
            Grade::Note,
            &format!(
                "load average {load}: other programs are busy, medians survive that, p99 does not"
            ),
        );
    }
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    if Command::new(&compiler)
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success())
    {
        findings.add(
            Grade::Fine,
            &format!("C compiler {compiler} (the TLS libraries contain C and assembly)"),
        );
    } else {
        findings.add(
            Grade::Missing,
            &format!(
                "a C compiler named {compiler}: install gcc, for example `apt-get install gcc`"
            ),
        );
    }
    if is_in_path("cargo-lab") {
        findings.add(Grade::Note, "a crate named cargo-lab is installed: cargo warns that the alias of this repository hides it");
    }
}

fn storage(workspace: &Workspace, findings: &mut Findings) -> Result<()> {
    let results = workspace.root.join("data/results");
    match tempfile::tempfile_in(&results) {
        Ok(_) => findings.add(
            Grade::Fine,
            &format!("results can be kept in {}", results.display()),
        ),
        Err(error) => findings.add(
            Grade::Missing,
            &format!("{} is not writable: {error}", results.display()),
        ),
    }
    let free = nix::sys::statvfs::statvfs(&workspace.root)?;
    let gib = (free.blocks_available() * free.fragment_size()) >> 30;
    if gib < DISK_GIB {
        findings.add(
            Grade::Note,
            &format!("{gib} GiB of disk are free: building every step takes about {DISK_GIB}"),
        );
    }
    Ok(())
}

/// How accurate the numbers will be: limits, CPU share, delays.
async fn truth(workspace: &Workspace, findings: &mut Findings) -> Result<()> {
    let facts = workspace.facts()?.clone();
    let directory = RunDirectory::create()?;
    let platform = platform(&facts, &directory)?;
    findings.add(Grade::Fine, &platform.placement.describe());
    limits_and_share(&platform, findings).await?;

    let tried = TRIED_DELAYS_US.map(Duration::from_micros);
    let checks = tokio::task::spawn_blocking(move || measure_delays(&tried)).await??;
    let mut text = "delays, configured and measured:".to_owned();
    for check in &checks {
        write!(
            text,
            " {} -> {:.3} ms;",
            ms(check.configured),
            check.median.as_secs_f64() * 1000.0
        )?;
    }
    let late = checks
        .iter()
        .any(|check| check.median > check.configured + DELAY_TOLERANCE);
    let grade = if late { Grade::Note } else { Grade::Fine };
    findings.add(grade, text.trim_end_matches(';'));
    Ok(())
}

async fn limits_and_share(platform: &Platform, findings: &mut Findings) -> Result<()> {
    if let Cgroups::None { reason } = &platform.limits {
        findings.add(
            Grade::Note,
            &format!(
                "CPU and memory are NOT limited ({reason}): {}",
                scope::advice()
            ),
        );
        return Ok(());
    }
    findings.add(
        Grade::Fine,
        &format!(
            "CPU and memory are limited through {}",
            platform.limits.how()
        ),
    );
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
    let grade = if (got - theory).abs() > SHARE_TOLERANCE * theory {
        Grade::Note
    } else {
        Grade::Fine
    };
    findings.add(grade, &text);
    Ok(())
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

fn first_number(path: &str) -> Option<f64> {
    std::fs::read_to_string(Path::new(path))
        .ok()?
        .split_whitespace()
        .next()?
        .parse()
        .ok()
}

fn is_in_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder: PathBuf| folder.join(program))
        .any(|file| file.is_file())
}
