//! A steady rate for minutes, while services are restarted under it: what fails, for how long, and what is stuck
//! afterwards. `cargo bench --profile lab -p lab --bench soak`, or with minutes and steps: `... -- 2 02 05`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use lab::programs;
use lab_bench::contract;
use lab_bench::target::Target;
use lab_bench::testbed::{Setup, Testbed, scaling};
use lab_lambda::{Scaling, Service, TraceHeader, client_response};
use lab_results::format::duration;
use lab_results::stats::Summary;
use lab_workspace::Workspace;

/// Requests per second to each step.
const RATE: u32 = 20;

/// Environments that each step may have. On Lambda each has its own share of some machine; here all share this one, and a
/// thousand cold starts at a time would be a test of the machine.
const RESERVED: u32 = 8;

/// When what is restarted, as a share of the whole time.
const RESTARTS: [(f64, Restarted); 3] = [
    (0.2, Restarted::Cache),
    (0.45, Restarted::Database),
    (0.7, Restarted::Cache),
];

#[derive(Debug, Clone, Copy)]
enum Restarted {
    Cache,
    Database,
}

/// What one step's clients saw.
#[derive(Default)]
struct Seen {
    /// Second, latency and, for what is not the list, status and body.
    requests: Vec<(u64, Duration, Option<String>)>,
    sent: u64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let minutes: f64 = arguments
        .first()
        .map_or(Ok(10.0), |text| text.parse())
        .context("the first argument is the number of minutes")?;
    let names: Vec<&str> = if arguments.len() > 1 {
        arguments[1..].iter().map(String::as_str).collect()
    } else {
        vec!["02", "05"]
    };
    let workspace = Workspace::load()?;
    let mut targets = Vec::new();
    for name in names {
        let target = Target::of_step(workspace.step(name)?);
        let executable = target.executable(&workspace).await?;
        targets.push((target, executable));
    }
    let lab = Testbed::start(Setup {
        workspace: &workspace,
        profile: "region",
        parameter_quota: None,
        programs: programs::ensure(true).await?,
    })
    .await?;
    tokio::task::LocalSet::new()
        .run_until(soak(&lab, targets, Duration::from_secs_f64(minutes * 60.0)))
        .await?;
    lab.stop().await;
    Ok(())
}

async fn soak(
    lab: &Testbed,
    targets: Vec<(Target, std::path::PathBuf)>,
    length: Duration,
) -> Result<()> {
    println!(
        "{RATE} requests/s to each step for {:.0} s, {RESERVED} environments reserved",
        length.as_secs_f64()
    );
    let mut services = Vec::new();
    for (target, executable) in targets {
        let scaling = Scaling {
            reserved: Some(RESERVED),
            ..scaling(&lab.facts)?
        };
        let service = Rc::new(Service::new(lab.function(&target, &executable)?, scaling));
        // One environment is there when the rate begins.
        let _ = service
            .invoke(&contract::request(), &TraceHeader::new(false))
            .await;
        services.push((target, service));
    }
    let begin = Instant::now();
    let mut clients = Vec::new();
    for (target, service) in services {
        let seen = Rc::new(RefCell::new(Seen::default()));
        let sender =
            tokio::task::spawn_local(send(Rc::clone(&service), Rc::clone(&seen), begin, length));
        clients.push((target.name, service, seen, sender));
    }
    for (share, service) in RESTARTS {
        tokio::time::sleep_until((begin + length.mul_f64(share)).into()).await;
        println!(
            "second {:>4}: {service:?} restarted",
            begin.elapsed().as_secs()
        );
        match service {
            Restarted::Cache => {
                lab.services.cache().stop().await?;
                lab.services.cache().restart().await?;
            }
            Restarted::Database => {
                lab.services.database().stop().await?;
                lab.services.database().restart().await?;
            }
        }
    }
    for (name, service, seen, sender) in clients {
        sender.await?;
        report(&name, &service, &seen.borrow());
        service.shutdown().await;
    }
    Ok(())
}

/// Sends at the rate, whatever becomes of the answers, and waits for the last of them.
async fn send(service: Rc<Service>, seen: Rc<RefCell<Seen>>, begin: Instant, length: Duration) {
    let mut answers = Vec::new();
    let total = (length.as_secs_f64() * f64::from(RATE)) as u32;
    for number in 0..total {
        tokio::time::sleep_until((begin + Duration::from_secs(1) * number / RATE).into()).await;
        seen.borrow_mut().sent += 1;
        let (service, seen) = (Rc::clone(&service), Rc::clone(&seen));
        answers.push(tokio::task::spawn_local(async move {
            let start = Instant::now();
            let served = service
                .invoke(&contract::request(), &TraceHeader::new(false))
                .await;
            let response = client_response(&served);
            let failure = (response.status != 200 || contract::check(&response.body).is_err())
                .then(|| format!("{} {}", response.status, response.text()));
            let second = (start - begin).as_secs();
            seen.borrow_mut()
                .requests
                .push((second, start.elapsed(), failure));
        }));
    }
    for answer in answers {
        let _ = answer.await;
    }
}

fn report(name: &str, service: &Service, seen: &Seen) {
    let times: Vec<f64> = seen
        .requests
        .iter()
        .map(|(_, took, _)| took.as_secs_f64() * 1e6)
        .collect();
    let mut causes: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for (second, _, failure) in &seen.requests {
        if let Some(cause) = failure {
            causes.entry(cause).or_default().push(*second);
        }
    }
    println!(
        "\n{name}: {} sent, {} answered, {} environments started",
        seen.sent,
        seen.requests.len(),
        service.started()
    );
    if let Some(summary) = Summary::of(&times) {
        println!(
            "  p50 {}, p99 {}, longest {}",
            duration(summary.p50),
            duration(summary.p99),
            duration(summary.max)
        );
    }
    if causes.is_empty() {
        println!("  no errors");
    }
    for (cause, seconds) in causes {
        let (first, last) = (
            seconds.iter().min().unwrap_or(&0),
            seconds.iter().max().unwrap_or(&0),
        );
        println!(
            "  {} x {cause}, between second {first} and {last}",
            seconds.len()
        );
    }
}
