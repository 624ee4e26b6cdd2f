//! The lab is not what is measured: what it costs by itself, with the empty handler.
//! `cargo bench --profile lab -p lab --bench lab`

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use lab_bench::contract;
use lab_bench::run_directory::RunDirectory;
use lab_bench::target::Target;
use lab_bench::testbed::platform;
use lab_lambda::{Environment, Function, Placement, TraceHeader};
use lab_results::format::duration;
use lab_results::stats::Summary;
use lab_workspace::Workspace;
use lab_workspace::builder;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;

/// How long each row takes.
const MEASURED: Duration = Duration::from_secs(3);
/// Memory size in MiB that buys a whole vCPU, so that the quota is out of the picture.
const MEMORY_MB: u32 = 1769;

/// Invocations of one environment, to see whether anything grows.
const MANY: usize = 1_000_000;
/// Between two readings of the memory.
const READING: usize = 100_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let workspace = Workspace::load()?;
    let facts = workspace.facts()?.clone();
    let floor = Target::of_step(workspace.floor().context("there is no floor")?);
    let bootstrap = builder::build_one(&workspace.root, "step-floor").await?;
    // Each with a run directory of its own: its control groups go with the last environment.
    let function = |placement: Option<Placement>| {
        let directory = RunDirectory::create()?;
        let mut platform = platform(&facts, &directory)?;
        if let Some(placement) = placement {
            platform.placement = placement;
        }
        let function = Function {
            name: floor.name.clone(),
            memory_mb: MEMORY_MB,
            timeout: floor.timeout,
            bootstrap: bootstrap.clone(),
            extensions: Vec::new(),
            opt: None,
            variables: Vec::new(),
            platform: Arc::new(platform),
            log: None,
        };
        Ok::<_, anyhow::Error>((Arc::new(function), directory))
    };
    let (usual, _directory) = function(None)?;
    println!(
        "{}, limits: {}\n{:<34} {:>13} {:>10} {:>10} {:>19}",
        usual.platform.placement.describe(),
        usual.platform.limits.how(),
        "environments",
        "invocations/s",
        "p50",
        "p99",
        "lab CPU/invocation"
    );
    let cpus = usual.platform.placement.all();
    for (name, environments, placement) in [
        ("1", 1, None),
        ("8", 8, None),
        ("64", 64, None),
        (
            "1, lab and function on one CPU",
            1,
            Some((vec![cpus[0]], vec![cpus[0]])),
        ),
        (
            "1, lab and function on two CPUs",
            1,
            Some((vec![cpus[0]], vec![cpus[cpus.len() - 1]])),
        ),
    ] {
        let placement = placement.map(|(lab, functions)| Placement::new(lab, functions, 1));
        let bound = placement.is_some();
        let (function, _directory) = function(placement)?;
        if bound || function.platform.placement.is_apart() {
            function.platform.placement.bind_this_thread()?;
        }
        row(name, &function, environments).await?;
    }
    usual.platform.placement.bind_this_thread()?;
    memory(&usual).await
}

/// Resident memory of the lab and of the function while one environment handles very many invocations.
async fn memory(function: &Arc<Function>) -> Result<()> {
    println!(
        "\n{:>12} {:>12} {:>22}",
        "invocations", "lab", "function (REPORT)"
    );
    let mut environment = Environment::start(function).await?;
    let (event, trace) = (contract::request(), TraceHeader::new(false));
    for number in 0..=MANY {
        let invocation = environment.invoke(&event, &trace).await;
        if number % READING == 0 {
            let (lab, function) = (own_memory_mib()?, invocation.report.max_memory_mb);
            println!("{number:>12} {lab:>8.1} MiB {function:>18} MiB");
        }
    }
    environment.shutdown().await;
    Ok(())
}

/// Resident memory of this process, MiB.
fn own_memory_mib() -> Result<f64> {
    let pages = std::fs::read_to_string("/proc/self/statm")?;
    let resident: f64 = pages
        .split(' ')
        .nth(1)
        .context("statm has seven numbers")?
        .parse()?;
    let page = nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE)?.unwrap_or(4096);
    Ok(resident * page as f64 / f64::from(1 << 20))
}

/// Closed loops side by side, one an environment.
async fn row(name: &str, function: &Arc<Function>, environments: usize) -> Result<()> {
    let mut started = Vec::new();
    for _ in 0..environments {
        started.push(Environment::start(function).await?);
    }
    let (begin, cpu) = (Instant::now(), own_cpu()?);
    let loops: Vec<_> = started
        .into_iter()
        .map(|environment| tokio::spawn(closed_loop(environment, begin)))
        .collect();
    let mut latencies = Vec::new();
    for finished in loops {
        let (environment, samples) = finished.await?;
        latencies.extend(samples);
        environment.shutdown().await;
    }
    let cpu = own_cpu()? - cpu;
    let summary = Summary::of(&latencies).context("nothing was measured")?;
    println!(
        "{name:<34} {:>13.0} {:>10} {:>10} {:>19}",
        summary.count as f64 / MEASURED.as_secs_f64(),
        duration(summary.p50),
        duration(summary.p99),
        duration(cpu / summary.count as f64),
    );
    Ok(())
}

async fn closed_loop(mut environment: Environment, begin: Instant) -> (Environment, Vec<f64>) {
    let (event, trace): (Bytes, _) = (contract::request(), TraceHeader::new(false));
    let mut samples = Vec::new();
    while begin.elapsed() < MEASURED {
        let invocation = environment.invoke(&event, &trace).await;
        samples.extend(
            invocation
                .latency
                .map(|latency| latency.as_secs_f64() * 1e6),
        );
    }
    (environment, samples)
}

/// CPU time of this process so far, µs.
fn own_cpu() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    Ok((usage.user_time().num_microseconds() + usage.system_time().num_microseconds()) as f64)
}
