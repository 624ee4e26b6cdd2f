//! The lab is not what is measured: what it costs by itself, with the empty handler. `cargo bench -p lab`

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use lab::builder;
use lab::contract;
use lab::lab::{facts_path, platform};
use lab::run_directory::RunDirectory;
use lab::target::Target;
use lab::workspace::Workspace;
use lab_lambda::{Environment, Function, TraceHeader};
use lab_results::facts::Facts;
use lab_results::format::duration;
use lab_results::stats::Summary;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;

/// How long each row takes.
const MEASURED: Duration = Duration::from_secs(3);
/// Memory size in MiB that buys a whole vCPU, so that the quota is out of the picture.
const MEMORY_MB: u32 = 1769;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let workspace = Workspace::load()?;
    let facts = Facts::load(&facts_path(&workspace))?;
    let floor = Target::of_step(workspace.floor().context("there is no floor")?);
    let bootstrap = builder::build(&workspace.root, "step-floor").await?;
    let directory = RunDirectory::create()?;
    let platform = Arc::new(platform(&facts, &directory)?);
    println!(
        "{}, limits: {}",
        platform.placement.describe(),
        platform.limits.how()
    );
    if platform.placement.is_apart() {
        platform.placement.bind_this_thread()?;
    }
    let function = Arc::new(Function {
        name: floor.name.clone(),
        memory_mb: MEMORY_MB,
        timeout: floor.timeout,
        bootstrap,
        extensions: Vec::new(),
        variables: Vec::new(),
        platform,
        log: None,
    });
    println!(
        "{:>12} {:>13} {:>10} {:>10} {:>21}",
        "environments", "invocations/s", "p50", "p99", "lab CPU/invocation"
    );
    for environments in [1, 8, 64] {
        row(&function, environments).await?;
    }
    Ok(())
}

/// Closed loops side by side, one an environment.
async fn row(function: &Arc<Function>, environments: usize) -> Result<()> {
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
        "{environments:>12} {:>13.0} {:>10} {:>10} {:>21}",
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
