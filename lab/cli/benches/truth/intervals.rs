//! Does the interval code say "no measurable change" where there is none, and find a change of 5 %?

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use lab_bench::contract;
use lab_bench::measure::{Extent, Prepared, measure};
use lab_bench::target::Target;
use lab_bench::testbed::Testbed;
use lab_lambda::{Environment, TraceHeader};
use lab_results::interval::{Verdict, compare};
use lab_results::schema::Metric;
use lab_results::stats::Summary;
use lab_workspace::Workspace;
use lab_workspace::progress::Progress;

use crate::worker;

/// Sessions, as a reader would run them.
const SESSIONS: usize = 20;

/// The step that is measured against itself.
const STEP: &str = "05";

/// Iterations of the busy loop that stand for a handler's work: about a millisecond.
const WORK: u64 = 400_000;

/// What the slower handler does more, of its whole time.
const SLOWER: f64 = 0.05;

/// Memory size that buys a whole vCPU: the quota is out of the picture.
const MEMORY_MB: u32 = 1769;

/// The rounds of one session of one target.
type Rounds = Vec<Vec<f64>>;

/// Twenty sessions of a step against itself, and of a handler against one that is 5 % slower.
pub async fn table(lab: &Testbed, workspace: &Workspace, worker: &Path) -> Result<()> {
    let extent = Extent {
        closed: 1,
        ..Extent::FULL
    };
    let step = Target::of_step(workspace.step(STEP)?);
    let executable = step.executable(workspace).await?;
    let same = ["a", "b"].map(|arm| Target {
        name: format!("{} {arm}", step.name),
        ..step.clone()
    });
    let more = slower_by(lab, worker).await?;
    let mut targets = Vec::new();
    for target in &same {
        targets.push(Prepared::new(lab, target, &executable)?);
    }
    for (name, amount) in [("worker", WORK), ("worker, slower", WORK + more)] {
        let mut prepared = Prepared::new(
            lab,
            &worker::target(name, worker, MEMORY_MB),
            &worker.to_owned(),
        )?;
        worker::behave(Arc::make_mut(&mut prepared.function), "work", amount);
        targets.push(prepared);
    }
    let names: Vec<&str> = targets
        .iter()
        .map(|prepared| prepared.target.name.as_str())
        .collect();
    let mut sessions: Vec<[Rounds; 4]> = Vec::new();
    let mut progress = Progress::start("sessions");
    for number in 0..SESSIONS {
        progress.update(format!("{number} of {SESSIONS}"));
        let mut quiet = Progress::start(format!("session {number}"));
        let measured = measure(lab, &targets, &extent, &mut quiet).await?;
        let rounds = |index: usize| measured[names[index]].rounds_of(Metric::Warm);
        sessions.push([0, 1, 2, 3].map(rounds));
    }
    progress.done("");
    print(&sessions, extent.rounds as usize);
    Ok(())
}

fn print(sessions: &[[Rounds; 4]], rounds: usize) {
    println!(
        "\nINTERVALS  sessions of {STEP} against itself, and of a handler against one that takes {:.0} % longer\n{:>8} {:>10} {:>24} {:>18} {:>14}",
        SLOWER * 100.0,
        "rounds",
        "sessions",
        "no measurable change",
        "5 % slower: seen",
        "median ratio"
    );
    for (rounds, together) in [(10, 1), (rounds, 1), (2 * rounds, 2), (4 * rounds, 4)] {
        let merged: Vec<[Rounds; 4]> = sessions
            .chunks_exact(together)
            .map(|chunk| [0, 1, 2, 3].map(|arm| merged(chunk, arm, rounds)))
            .collect();
        let verdict = |one: &Rounds, other: &Rounds| {
            compare(one, other, &[one.len()]).and_then(|found| found.verdict())
        };
        let unchanged = merged
            .iter()
            .filter(|arms| verdict(&arms[0], &arms[1]) == Some(Verdict::NoMeasurableChange))
            .count();
        let seen = merged
            .iter()
            .filter(|arms| verdict(&arms[2], &arms[3]) == Some(Verdict::Slower))
            .count();
        let ratios: Vec<f64> = merged
            .iter()
            .filter_map(|arms| Some(1.0 / compare(&arms[2], &arms[3], &[arms[2].len()])?.ratio))
            .collect();
        println!(
            "{rounds:>8} {:>10} {unchanged:>24} {seen:>18} {:>14}",
            merged.len(),
            Summary::of(&ratios).map_or_else(String::new, |summary| format!("{:.4}", summary.p50)),
        );
    }
}

/// The first `rounds` rounds of one arm over several sessions.
fn merged(sessions: &[[Rounds; 4]], arm: usize, rounds: usize) -> Rounds {
    sessions
        .iter()
        .flat_map(|arms| arms[arm].iter().cloned())
        .take(rounds)
        .collect()
}

/// The iterations that make the whole invocation, and not only its work, 5 % longer.
async fn slower_by(lab: &Testbed, executable: &Path) -> Result<u64> {
    let per_iteration = (median_us(lab, executable, 4 * WORK).await?
        - median_us(lab, executable, WORK).await?)
        / (3.0 * WORK as f64);
    let whole = median_us(lab, executable, WORK).await?;
    println!(
        "\na handler of {whole:.0} µs, and one with {:.0} µs more",
        SLOWER * whole
    );
    Ok((SLOWER * whole / per_iteration) as u64)
}

/// The median latency of paced invocations, µs.
async fn median_us(lab: &Testbed, executable: &Path, amount: u64) -> Result<f64> {
    let mut function =
        lab.function(&worker::target("worker", executable, MEMORY_MB), executable)?;
    worker::behave(&mut function, "work", amount);
    let mut environment = Environment::start(&function.into()).await?;
    let mut times = Vec::new();
    for _ in 0..100 {
        environment.freeze();
        tokio::time::sleep(Extent::FULL.gap).await;
        let invocation = environment
            .invoke(&contract::request(), &TraceHeader::new(false))
            .await;
        times.extend(
            invocation
                .latency
                .map(|latency| latency.as_secs_f64() * 1e6),
        );
    }
    environment.shutdown().await;
    Ok(Summary::of(&times)
        .context("the worker did not answer")?
        .p50)
}
