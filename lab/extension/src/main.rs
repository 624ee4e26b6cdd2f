//! The AWS Parameters and Secrets Lambda Extension as a function sees it: a process of its own beside the runtime, which
//! answers `GET /systemsmanager/parameters/get` on localhost from a cache in front of Parameter Store.
//!
//! Written from its documentation (docs.aws.amazon.com, "Using Parameter Store parameters in AWS Lambda functions"); the
//! real one is a closed Go program. What its start costs cannot be measured here: variables say what to assume.

mod cache;
mod endpoint;
mod inherited;
mod parameter_store;
mod query;
mod runtime_api;
mod settings;
mod sign;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

use crate::endpoint::Endpoint;
use crate::runtime_api::{Event, RuntimeApi};
use crate::settings::{Level, Settings};

type Error = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let settings = Settings::refuse_unknown(names)
        .and_then(|()| Settings::read(|name| std::env::var(name).ok()));
    let settings = match settings {
        Ok(settings) => Arc::new(settings),
        Err(error) => {
            eprintln!("lab-extension: {error}");
            return ExitCode::FAILURE;
        }
    };
    match run(&settings).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            settings.log(Level::Error, &error.to_string());
            ExitCode::FAILURE
        }
    }
}

/// Serves until Lambda shuts the environment down.
async fn run(settings: &Arc<Settings>) -> Result<(), Error> {
    let listener = inherited::listener(settings)?;
    let endpoint = Arc::new(Endpoint::new(Arc::clone(settings))?);
    tokio::spawn(Arc::clone(&endpoint).serve(listener));
    let _memory = pay_for_the_start(settings.start_cpu, settings.memory_mib)?;
    let mut runtime_api = RuntimeApi::register(&settings.runtime_api).await?;
    settings.log(Level::Info, "ready for the first invocation");
    loop {
        match runtime_api.next().await? {
            Event::Invoke => endpoint.open(),
            Event::Shutdown => return Ok(()),
        }
    }
}

/// What the real extension's start is assumed to cost: computes until this thread has used `cpu` in all, and returns `mib` MiB of memory that are really there.
///
/// The clock is that of the thread's CPU time: a throttled environment takes longer, and an idle machine does not.
fn pay_for_the_start(cpu: Duration, mib: usize) -> Result<Vec<u8>, Error> {
    // A page that is written to is there; one that was only asked for is not.
    let memory = std::hint::black_box(vec![1; mib * 1024 * 1024]);
    while Duration::from(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)?) < cpu {
        std::hint::black_box((0..1000_u64).sum::<u64>());
    }
    Ok(memory)
}
