//! CPU share, portions, init phase and delays, each against what the facts say.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use lab_bench::target::Target;
use lab_bench::testbed::Testbed;
use lab_lambda::{Environment, Outcome, TraceHeader, cpu_share_got};
use lab_results::format::duration;
use lab_results::stats::{Summary, percentile};
use lab_services::measure_delays;
use lab_workspace::Workspace;

use crate::worker;

/// Memory sizes, and the share of a CPU that somebody measured of a spinning function on AWS, in percent: our own
/// calculation from the raw events that github.com/pwrdrvr/lambda-throttling published (run of 2025-03-01).
const SIZES: [(u32, Option<f64>); 6] = [
    (128, Some(7.22)),
    (256, Some(13.1)),
    (512, Some(28.9)),
    (1024, Some(57.9)),
    (1769, Some(96.8)),
    (3008, None),
];

/// How long a function spins for one row.
const SPIN: Duration = Duration::from_secs(3);

/// Environments started for one figure of the init table.
const STARTS: usize = 15;

/// CPU share and pauses of a spinning function, by memory size.
pub async fn share(lab: &Testbed, executable: &Path) -> Result<()> {
    println!(
        "\nCPU SHARE  in percent of one CPU, two loops spinning; the pauses that a spinning function sees (longer than 1 ms)\n\
         {:>6} {:>8} {:>8} {:>8} {:>10} {:>8} {:>10} {:>10}",
        "MB", "theory", "here", "error", "AWS, once", "pauses", "p50", "p90"
    );
    for (memory_mb, published) in SIZES {
        let theory = 100.0 * f64::from(memory_mb) / lab.platform.memory_per_vcpu_mib;
        let got = cpu_share_got(&lab.platform, memory_mb, SPIN).await?;
        let got = 100.0 * got.context("nothing is limited on this machine")?;
        let pauses = pauses(lab, executable, memory_mb).await?;
        let at =
            |share| percentile(&pauses, share).map_or_else(String::new, |ms| format!("{ms:.1} ms"));
        println!(
            "{memory_mb:>6} {theory:>8.2} {got:>8.2} {:>7.1}% {:>10} {:>8} {:>10} {:>10}",
            100.0 * (got - theory) / theory,
            published.map_or_else(String::new, |share| share.to_string()),
            pauses.len(),
            at(0.5),
            at(0.9),
        );
    }
    Ok(())
}

/// The pauses of one invocation that spins, in ms, ascending.
async fn pauses(lab: &Testbed, executable: &Path, memory_mb: u32) -> Result<Vec<f64>> {
    let mut function =
        lab.function(&worker::target("worker", executable, memory_mb), executable)?;
    worker::behave(&mut function, "pauses", SPIN.as_millis() as u64);
    let mut environment = Environment::start(&function.into()).await?;
    let invocation = environment
        .invoke(&Bytes::from_static(b"{}"), &TraceHeader::new(false))
        .await;
    environment.shutdown().await;
    let Outcome::Response(body) = &invocation.outcome else {
        bail!("the spinning function ended: {:?}", invocation.outcome)
    };
    let mut pauses: Vec<f64> = serde_json::from_slice(body)?;
    pauses.sort_by(f64::total_cmp);
    Ok(pauses)
}

/// The init phase with little memory and with much.
pub async fn init(lab: &Testbed, workspace: &Workspace) -> Result<()> {
    println!(
        "\nINIT  median of {STARTS} starts, and the CPU time that they used\n{:<24} {:>12} {:>12} {:>12}",
        "step", "128 MB", "1024 MB", "CPU"
    );
    for step in workspace.ladder().chain(workspace.floor()) {
        let mut cells = Vec::new();
        let mut cpu = Vec::new();
        for memory_mb in [128, 1024] {
            let target = Target {
                memory_mb,
                ..Target::of_step(step)
            };
            let executable = target.executable(workspace).await?;
            let function = lab.function(&target, &executable)?.into();
            let mut times = Vec::new();
            for _ in 0..STARTS {
                let environment = Environment::start(&function).await?;
                let init = environment.init();
                times.push(init.duration.as_secs_f64() * 1e6);
                cpu.push(init.cpu.as_secs_f64() * 1e6);
                environment.shutdown().await;
            }
            cells.push(duration(Summary::of(&times).context("no starts")?.p50));
        }
        let cpu = duration(Summary::of(&cpu).context("no starts")?.p50);
        println!(
            "{:<24} {:>12} {:>12} {cpu:>12}",
            step.name, cells[0], cells[1]
        );
    }
    Ok(())
}

/// Round trips, configured and measured.
pub async fn delays() -> Result<()> {
    let configured = [0, 300, 500, 1000, 8000].map(Duration::from_micros);
    let checks = tokio::task::spawn_blocking(move || measure_delays(&configured)).await??;
    let us = |duration: Duration| duration.as_secs_f64() * 1e6;
    let own = checks
        .first()
        .map(|check| us(check.median))
        .unwrap_or_default();
    println!(
        "\nDELAYS  a byte there and back; loopback's own time is the first row, and is part of every other\n{:>12} {:>12} {:>12} {:>22}",
        "configured", "p50", "p90", "error beyond loopback"
    );
    for check in checks {
        println!(
            "{:>12} {:>12} {:>12} {:>22}",
            duration(us(check.configured)),
            duration(us(check.median)),
            duration(us(check.p90)),
            duration((us(check.median) - us(check.configured) - own).max(0.0)),
        );
    }
    Ok(())
}
