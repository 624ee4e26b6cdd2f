//! What each step does when a service fails. Every fault is made to happen in the real service, in front of a real
//! environment, and the client's view of it is written down: the matrix of steps and faults.

mod catalogue;
mod inject;
pub mod on_demand;
mod probe;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use lab_lambda::Function;
use lab_results::faults::{Cell, Row};
use lab_services::Counter;

pub use catalogue::{Fault, When};

use crate::clock::Clock;
use crate::target::Target;
use crate::testbed::Testbed;
pub use inject::Normal;
use inject::restore;
use lab_workspace::progress::Progress;
use probe::Probe;

/// Invocations after which an environment is held to be lost.
const FAILURES: u32 = 5;

/// The function's timeout: Lambda's own default, shorter than the manifests' so that what hangs is found out sooner.
pub const TIMEOUT: Duration = Duration::from_secs(3);

/// Longer than any step keeps an answer in its environment.
const CACHED: Duration = Duration::from_secs(15);

/// Puts every target through every fault that concerns it. `clock` makes what they keep grow old.
pub async fn matrix(
    lab: &Testbed,
    clock: &Clock,
    targets: &[(Target, PathBuf)],
    faults: &[Fault],
    progress: &mut Progress,
) -> Result<Vec<Row>> {
    let normal = Normal {
        network: lab.services.network(),
        parameter_quota: None,
    };
    let mut rows = Vec::new();
    for (number, fault) in faults.iter().enumerate() {
        let mut cells = Vec::new();
        for (target, executable) in targets.iter().filter(|(target, _)| fault.concerns(target)) {
            progress.update(format!(
                "{} of {}, {}: {}",
                number + 1,
                faults.len(),
                fault.name(),
                target.name
            ));
            let mut function = Function {
                timeout: TIMEOUT,
                ..lab.function(target, executable)?
            };
            clock.govern(&mut function);
            let cell = cell(lab, clock, &normal, *fault, target, function)
                .await
                .with_context(|| format!("{}, {}", fault.name(), target.name));
            restore(lab, &normal).await?;
            cells.push(cell?);
        }
        // A fault of a service that none of these steps has.
        if !cells.is_empty() {
            rows.push(Row {
                fault: fault.name().to_owned(),
                cells,
            });
        }
    }
    Ok(rows)
}

async fn cell(
    lab: &Testbed,
    clock: &Clock,
    normal: &Normal,
    fault: Fault,
    target: &Target,
    function: Function,
) -> Result<Cell> {
    lab.before_cold_start(target).await?;
    let mut configured = function.clone();
    fault.configure(&mut configured);
    let mut probe = Probe::new(lab, configured, target)?;
    if fault.when() != When::Cold {
        probe.get().await.must_be_right()?;
    }
    let cached = lab.services.cache().any().await?;
    let asks_each_time = fault == Fault::ParametersThrottledWarm && asks(lab, &probe).await?;
    if fault.when() == When::Warm {
        lab.before_cold_start(target).await?;
    }
    clock.advance(CACHED)?;
    fault
        .inject(lab, target, probe.service(), cached.as_ref())
        .await?;
    let mut seen = match fault {
        Fault::EventMalformed => probe.send(probe::test_event()).await,
        _ => probe.get().await,
    };
    if let Some((key, value)) = cached.filter(|_| fault.is_garbage()) {
        seen.body += what_is_cached_now(lab, &key, &value).await?;
    }
    restore(lab, normal).await?;
    if fault.is_configured() {
        // Such a fault ends with a new deployment.
        probe.end().await;
        probe = Probe::new(lab, function, target)?;
    }
    // The database has to be asked again, or the cache would hide it.
    lab.before_cold_start(target).await?;
    clock.advance(CACHED)?;
    let until_normal = until_normal(&probe).await;
    probe.end().await;
    Ok(Cell {
        step: target.name.clone(),
        // What a function of the reader's own is to do, only its owner knows.
        as_designed: target.own.is_some()
            || seen.status == fault.wanted(asks_each_time)
                && until_normal == fault.wanted_until_normal(target),
        status: seen.status,
        saw: seen.body,
        took_us: seen.took.as_micros() as u64,
        until_normal,
        logged: seen.logged,
    })
}

/// How many invocations fail before one is right; `None` when too many do.
async fn until_normal(probe: &Probe) -> Option<u32> {
    for failed in 0..FAILURES {
        if probe.get().await.right {
            return Some(failed);
        }
    }
    None
}

/// Whether a warm request asks Parameter Store.
async fn asks(lab: &Testbed, probe: &Probe) -> Result<bool> {
    let before = lab.services.counts();
    probe.get().await.must_be_right()?;
    let asked = lab.services.counts() - before;
    Ok(asked[Counter::ParametersGetParameter] + asked[Counter::ParametersGetParameters] > 0)
}

/// What became of garbage, once the client has its answer; `list` is what was there before.
async fn what_is_cached_now(lab: &Testbed, key: &str, list: &[u8]) -> Result<&'static str> {
    let cache = lab.services.cache();
    let is_list = cache.get(key).await?.is_some_and(|value| value == list);
    let expires = cache.time_to_live(key).await?.is_some();
    Ok(match (is_list, expires) {
        (true, true) => "; replaced",
        (true, false) => "; replaced for ever",
        (false, _) => "; the garbage stays",
    })
}
