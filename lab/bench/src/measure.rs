//! Measuring: interleaved rounds, each with one fresh environment of every target, so that the machine's drift hits all
//! of them alike. Cold and warm are kept apart, every sample is kept.

mod extent;
mod series;
mod sparse;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, Result};
use lab_lambda::{Environment, Function, Invocation, TraceHeader};
use lab_results::format::timestamp;
use lab_results::schema::{Measurement, Round};
use lab_services::Counts;

pub use self::extent::{Extent, GAP};
use self::series::Series;
use crate::contract;
use crate::event::Events;
use crate::target::{Source, Target};
use crate::testbed::Testbed;
use lab_workspace::bundle::zip_size;
use lab_workspace::progress::Progress;

/// A target, built and configured.
pub struct Prepared {
    /// What was asked for.
    pub target: Target,
    /// Its configuration.
    pub function: Arc<Function>,
    binary_bytes: u64,
    zip_bytes: u64,
    /// Once somebody has asked.
    keeps_contract: Option<bool>,
}

impl Prepared {
    /// Configures a built target.
    pub fn new(lab: &Testbed, target: &Target, executable: &PathBuf) -> Result<Self> {
        Ok(Self {
            target: target.clone(),
            function: Arc::new(lab.function(target, executable)?),
            binary_bytes: std::fs::metadata(executable)?.len(),
            zip_bytes: zip_size(match &target.source {
                Source::Package(_) | Source::Project(_) => executable,
                Source::File(code) => &code.deployed,
            })?,
            keeps_contract: None,
        })
    }

    /// The same executable under another memory size.
    #[must_use]
    pub fn of_size(&self, memory_mb: u32) -> Self {
        Self {
            target: Target {
                memory_mb,
                memory_overridden: memory_mb != self.target.memory_mb,
                ..self.target.clone()
            },
            function: Arc::new(Function {
                memory_mb,
                ..Function::clone(&self.function)
            }),
            // Nobody has asked at this size.
            keeps_contract: None,
            ..*self
        }
    }

    /// Invokes the target once and checks that it answers, with the stadiums if it is to serve them. Answers what is
    /// worth saying about a file that serves something else.
    pub async fn check(&mut self, lab: &Testbed) -> Result<Option<String>> {
        let name = &self.target.name;
        lab.before_cold_start(&self.target).await?;
        let checked = self.target.events.check_each(&self.function).await;
        let body = checked.map_err(|error| {
            let hint = self.target.hint().unwrap_or_default();
            anyhow::anyhow!("{name}: {error:#}{hint}")
        })?;
        if self.target.own.is_some() {
            return Ok(None);
        }
        let checked = contract::check(&body);
        self.keeps_contract = Some(checked.is_ok());
        match checked {
            Ok(()) => Ok(None),
            Err(broken) if self.target.serves_stadiums() => Err(broken.context(format!(
                "{name} does not answer with the stadiums, so its speed means nothing"
            ))),
            Err(_) => Ok(Some(format!("{name} answers, but not with the stadiums"))),
        }
    }
}

/// Measures all targets, by their names.
pub async fn measure(
    lab: &Testbed,
    targets: &[Prepared],
    extent: &Extent,
    progress: &mut Progress,
) -> Result<BTreeMap<String, Measurement>> {
    let measurements = measure_each(lab, targets, extent, progress).await?;
    let names = targets.iter().map(|prepared| prepared.target.name.clone());
    Ok(names.zip(measurements).collect())
}

/// Measures all targets, in their order: in turns, or where traffic is sparse all of them at the same time.
pub async fn measure_each(
    lab: &Testbed,
    targets: &[Prepared],
    extent: &Extent,
    progress: &mut Progress,
) -> Result<Vec<Measurement>> {
    let rounds = if extent.is_sparse() {
        sparse::rounds(lab, targets, extent, progress).await?
    } else {
        in_turns(lab, targets, extent, progress).await?
    };
    let measured = targets.iter().zip(rounds);
    Ok(measured
        .map(|(prepared, rounds)| measurement(prepared, rounds))
        .collect())
}

/// The rounds of all targets, in their order. The n-th rounds of all of them run next to each other, each time in another random
/// order, so that none always follows the same other one.
async fn in_turns(
    lab: &Testbed,
    targets: &[Prepared],
    extent: &Extent,
    progress: &mut Progress,
) -> Result<Vec<Vec<Round>>> {
    let mut rounds: Vec<Vec<Round>> = targets.iter().map(|_| Vec::new()).collect();
    let mut random = fastrand::Rng::with_seed(extent.seed);
    for number in 0..extent.rounds as usize {
        for index in shuffled(&mut random, targets.len()) {
            let Target {
                name, memory_mb, ..
            } = &targets[index].target;
            let of = extent.rounds;
            progress.update(format!(
                "round {} of {of}: {name}, {memory_mb} MB",
                number + 1
            ));
            let round = round(lab, &targets[index], extent)
                .await
                .with_context(|| format!("{name} with {memory_mb} MB"))?;
            rounds[index].push(round);
        }
    }
    Ok(rounds)
}

/// The numbers below `count` in a random order.
fn shuffled(random: &mut fastrand::Rng, count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    random.shuffle(&mut order);
    order
}

fn measurement(prepared: &Prepared, rounds: Vec<Round>) -> Measurement {
    let target = &prepared.target;
    let own = if cfg!(target_arch = "x86_64") {
        "x86_64"
    } else {
        "arm64"
    };
    Measurement {
        title: target.title.clone(),
        from: target.from.clone(),
        floor: target.floor.clone(),
        memory_mb: target.memory_mb,
        memory_overridden: target.memory_overridden,
        architecture: target.architecture.as_str().to_owned(),
        measured_on: (own != target.architecture.as_str()).then(|| own.to_owned()),
        binary_bytes: Some(prepared.binary_bytes),
        zip_bytes: prepared.zip_bytes,
        keeps_contract: prepared.keeps_contract,
        rounds,
    }
}

/// One environment from its start to its end.
async fn round(lab: &Testbed, prepared: &Prepared, extent: &Extent) -> Result<Round> {
    let events = &prepared.target.events;
    let (mut environment, cold) = cold(lab, prepared).await?;

    if extent.warm_up > 0 {
        let mut left_out = Series::default();
        for number in 0..extent.warm_up as usize {
            left_out.invoke(&mut environment, events.at(number)).await?;
        }
        lab.services.settle().await;
    }
    let warm_start = lab.services.counts();
    let warm = paced(&mut environment, events, extent).await?;
    lab.services.settle().await;
    let warm_counts = lab.services.counts() - warm_start;
    let closed = closed_loop(&mut environment, events, extent).await?;
    environment.shutdown().await;

    let peak = closed.peak_memory_mib().or(warm.peak_memory_mib());
    let cold = with_warm(lab, cold, &warm, &warm_counts);
    Ok(Round {
        closed_us: latencies(&closed.samples),
        closed_per_second: closed.per_second(),
        closed_cpu_us: (extent.closed > 0).then(|| closed.mean_us(closed.cpu)),
        closed_throttled_us: limited(lab, closed.mean_us(closed.throttled))
            .filter(|_| extent.closed > 0),
        max_memory_mib: peak.unwrap_or_default(),
        ..cold
    })
}

/// A fresh environment and its first invocation: the environment, and what is known so far.
async fn cold(lab: &Testbed, prepared: &Prepared) -> Result<(Environment, Round)> {
    lab.before_cold_start(&prepared.target).await?;
    let started = timestamp(SystemTime::now());
    let start = lab.services.counts();
    let mut environment = Environment::start(&prepared.function).await?;
    let init = environment.init();
    let mut first = Series::default();
    let event = prepared.target.events.at(0);
    first.invoke(&mut environment, event).await?;
    lab.services.settle().await;
    let round = Round {
        started: Some(started),
        init_us: us(init.duration),
        init_cpu_us: Some(us(init.cpu)),
        first_us: first.samples[0].latency.map(us).unwrap_or_default(),
        first_duration_us: us(first.samples[0].report.duration),
        first_cpu_us: Some(us(first.cpu)),
        first_throttled_us: limited(lab, us(first.throttled)),
        counts_cold: per(&(lab.services.counts() - start), 1.0),
        ..Round::default()
    };
    Ok((environment, round))
}

/// A round and what its paced invocations were.
fn with_warm(lab: &Testbed, round: Round, warm: &Series, counts: &Counts) -> Round {
    Round {
        warm_us: latencies(&warm.samples),
        warm_duration_us: warm
            .samples
            .iter()
            .map(|sample| us(sample.report.duration))
            .collect(),
        warm_cpu_us: Some(warm.mean_us(warm.cpu)),
        warm_throttled_us: limited(lab, warm.mean_us(warm.throttled)),
        thaw_us: Some(warm.mean_us(warm.thawed)),
        thaw_cpu_us: Some(warm.mean_us(warm.thaw_cpu)),
        warm_network_us: Some(warm.mean_us(lab.services.waited(counts))),
        counts_warm: per(counts, warm.samples.len() as f64),
        ..round
    }
}

/// As the callers saw them; nothing of an invocation that was not answered.
fn latencies(samples: &[Invocation]) -> Vec<u64> {
    let answered = samples.iter().filter_map(|sample| sample.latency);
    answered.map(us).collect()
}

async fn paced(environment: &mut Environment, events: &Events, extent: &Extent) -> Result<Series> {
    let mut series = Series::default();
    for number in 0..extent.paced as usize {
        let event = events.at(number);
        environment.freeze();
        tokio::time::sleep(extent.gap).await;
        series.thaw(environment).await;
        series.invoke(environment, event).await?;
    }
    Ok(series)
}

async fn closed_loop(
    environment: &mut Environment,
    events: &Events,
    extent: &Extent,
) -> Result<Series> {
    let trace = TraceHeader::new(false);
    let mut series = Series::default();
    let before = environment.cpu_usage();
    let begin = Instant::now();
    while series.samples.len() < extent.closed as usize && begin.elapsed() < extent.closed_time {
        let payload = &events.at(series.samples.len()).payload;
        series
            .samples
            .push(environment.invoke(payload, &trace).await);
    }
    series.elapsed = begin.elapsed();
    series.add_usage(before, environment.cpu_usage());
    // Afterwards, because reading 9 kB of JSON each time would slow the loop down.
    for (number, invocation) in series.samples.iter().enumerate() {
        events.at(number).check_invocation(invocation)?;
    }
    Ok(series)
}

/// A figure that exists only where the CPU is limited.
fn limited<T>(lab: &Testbed, value: T) -> Option<T> {
    lab.platform.limits.enforced().then_some(value)
}

/// Counts per invocation; zeros are left out.
fn per(counts: &Counts, invocations: f64) -> BTreeMap<String, f64> {
    let seen = counts.iter().filter(|(_, count)| *count > 0);
    seen.map(|(name, count)| (name.to_owned(), count as f64 / invocations))
        .collect()
}

fn us(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
