//! `lab serve`: let me call it, and break its services.

use std::io::{ErrorKind, Write as _};
use std::pin::pin;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use lab_lambda::{Function, LogLine, LogSink, Scaling, Service};
use lab_results::facts::Facts;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::arguments::{Bench, Configuration};
use crate::interrupt::TakenOver;
use crate::programs;
use crate::serve::{Served, serve};
use lab_bench::choice::Choice;
use lab_bench::faults::Normal;
use lab_bench::faults::on_demand::{OnDemand, Switches};
use lab_bench::log::complaint;
use lab_bench::run_directory::clear_stale;
use lab_bench::target::{LONGEST_NAME, Target};
use lab_bench::testbed::{Setup, Testbed, scaling};
use lab_workspace::Workspace;

const EXAMPLES: &str = "\
Examples:
  cargo lab serve 05                     then, in another terminal:
    curl http://127.0.0.1:9000/          as through an HTTP API
    cargo lambda invoke 05-elasticache --data-ascii '{}'
    aws lambda invoke --endpoint-url http://127.0.0.1:9000 --function-name 05-elasticache /dev/stdout
    curl -X PUT http://127.0.0.1:9000/_lab/faults/cache=down
    curl -X DELETE http://127.0.0.1:9000/_lab/faults
  cargo lab serve 02 --fault parameters=throttle
  cargo lab serve floor --port 0         a free port, for oha, wrk or Artillery
  cargo lab serve ./target/lambda/05-elasticache/bootstrap --like 05
                                         its name for SDKs is its folder's, or --name
  curl -N http://127.0.0.1:9000/         what the function streams, as it comes

Faults: cache=down|slow|hang|restart|garbage, database=down|slow|hang|restart, parameters=throttle|slow|hang,
upstreams=down|slow|hang|503 (of a function with upstreams).
Standard output has the REPORT lines, and what the function complains of.";

/// Serve one step: it answers on a port of this machine, in environments that scale as Lambda's.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Serve {
    /// A step (5, 05, 05-elasticache, floor) or a file
    #[arg(value_name = "STEP or FILE")]
    name: String,
    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 9000)]
    port: u16,
    /// The name under which SDKs invoke it [default: the step's, the folder's of a file, function.toml's]
    #[arg(long = "name", value_name = "NAME", value_parser = function_name)]
    function_name: Option<String>,
    /// Break a service from the start; may be given several times
    #[arg(long, value_name = "SERVICE=HOW")]
    fault: Vec<OnDemand>,
    /// Environments that the account may have [default: a new account's, from data/facts.toml]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    concurrency: Option<u32>,
    #[command(flatten)]
    configuration: Configuration,
    #[command(flatten)]
    bench: Bench,
    /// Print every line of the log
    #[arg(long)]
    logs: bool,
}

impl Serve {
    /// Serves until it is interrupted.
    pub async fn run(self) -> Result<()> {
        let workspace = Workspace::load()?;
        let facts = workspace.facts()?.clone();
        let target = self.target(&workspace)?;
        // Before anything that takes long.
        let listener = self.listen().await?;
        clear_stale();
        let served = Arc::new(self.start(&workspace, &facts, target).await?);
        announce(&served, &listener)?;
        until_interrupted(&served, listener).await?;
        let served = Arc::into_inner(served).context("a request is still under way")?;
        served.lab.stop().await;
        eprintln!("stopped");
        Ok(())
    }

    fn target(&self, workspace: &Workspace) -> Result<Target> {
        let choice = self.configuration.of(Choice {
            names: vec![self.name.clone()],
            ..Choice::default()
        });
        let mut targets = choice.named(workspace)?;
        targets.pop().context("one is named")
    }

    async fn listen(&self) -> Result<TcpListener> {
        let port = self.port;
        TcpListener::bind(("127.0.0.1", port))
            .await
            .map_err(|error| match error.kind() {
                ErrorKind::AddrInUse => anyhow::anyhow!(
                    "port {port} is in use, perhaps by another `cargo lab serve`: --port 0 takes a free one"
                ),
                _ => anyhow::anyhow!("cannot listen on port {port}: {error}"),
            })
    }

    async fn start(&self, workspace: &Workspace, facts: &Facts, target: Target) -> Result<Served> {
        let quota = facts.parameter_store_quota()?;
        let concurrency = match self.concurrency {
            Some(concurrency) => concurrency,
            None => facts.new_account_concurrency()?,
        };
        let programs = programs::ensure(self.bench.consent.yes).await?;
        let executable = target.executable(workspace).await?;
        let lab = Testbed::start(Setup {
            workspace,
            profile: &self.bench.profile,
            parameter_quota: Some(quota),
            programs,
        })
        .await?;
        lab.provide(&target).await?;
        lab.before_cold_start(&target).await?;
        let mut function = Function {
            log: Some(log(self.logs)),
            ..lab.function(&target, &executable)?
        };
        if let Some(name) = &self.function_name {
            function.name.clone_from(name);
        }
        let scaling = Scaling {
            account_concurrency: concurrency,
            ..scaling(facts)?
        };
        let served = Served {
            service: Service::new(function, scaling),
            switches: Switches::new(Normal {
                network: lab.services.network(),
                parameter_quota: Some(quota),
            }),
            timeout: facts.limits()?.http_api_timeout,
            target,
            lab,
        };
        for fault in &self.fault {
            let (service, lab) = (&served.service, &served.lab);
            let switches = &served.switches;
            switches
                .switch_on(*fault, &served.target, lab, service)
                .await?;
            eprintln!("fault on: {fault}");
        }
        eprintln!(
            "{} with {} MB, at most {concurrency} environments, Parameter Store answers {quota} requests/s, CPU and memory limits: {}",
            served.target.name,
            served.target.memory_mb,
            served.lab.platform.limits.how()
        );
        Ok(served)
    }
}

/// Serves, and after an interruption answers what is under way and ends the environments.
async fn until_interrupted(served: &Arc<Served>, listener: TcpListener) -> Result<()> {
    let mut interruption = TakenOver::begin();
    let (stop, stopped) = oneshot::channel::<()>();
    let mut serving = pin!(serve(served, listener, async { drop(stopped.await) }));
    tokio::select! {
        ended = &mut serving => ended.context("cannot take connections any more")?,
        () = interruption.interrupted() => {}
    }
    drop(stop);
    eprintln!("stopping: requests under way are answered first");
    let end = async {
        serving.await?;
        served.service.shutdown().await;
        Ok(())
    };
    tokio::select! {
        ended = end => ended,
        () = interruption.interrupted() => bail!("interrupted before it had stopped"),
    }
}

fn announce(served: &Served, listener: &TcpListener) -> Result<()> {
    let address = listener.local_addr()?;
    let (name, function) = (&served.target.name, &served.service.function().name);
    if name != function {
        eprintln!("SDKs invoke it by the name {function}");
    }
    eprintln!(
        "serving {name} at http://{address}/ (Ctrl-C ends it; `cargo lab serve --help` has what to try)"
    );
    Ok(())
}

/// A name that Lambda allows.
fn function_name(text: &str) -> Result<String, String> {
    let is_allowed = |it: char| it.is_ascii_alphanumeric() || "-_".contains(it);
    if (1..=LONGEST_NAME).contains(&text.len()) && text.chars().all(is_allowed) {
        return Ok(text.to_owned());
    }
    Err(format!(
        "Lambda allows 1 to {LONGEST_NAME} letters, digits, hyphens and underscores"
    ))
}

/// REPORT lines and complaints, or everything.
fn log(everything: bool) -> LogSink {
    Arc::new(move |line: LogLine<'_>| {
        let boring = ["START ", "END ", "INIT_START "];
        let is_platform = line.source == "platform";
        if everything || is_platform && !boring.iter().any(|it| line.text.starts_with(it)) {
            print(line.source, line.text);
        } else if !is_platform && let Some(complaint) = complaint(line) {
            print(line.source, &complaint);
        }
    })
}

/// A reader that has left must not end the function.
fn print(source: &str, text: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = if source == "platform" {
        writeln!(stdout, "{text}")
    } else {
        writeln!(stdout, "[{source}] {text}")
    };
}
