//! Timelines: a few environments, a few sampled invocations of each, and of all of them the one in the middle.

mod documents;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use lab_lambda::{CpuUsage, Environment, Invocation, TraceHeader};
use lab_results::conditions::Conditions;
use lab_results::trace::{Asked, Init, Span, Temperature, Trace, Usage, covered};
use lab_services::{Counter, Counts, Wait};
use serde_json::Value;

use self::documents::assembled;
use crate::measure::{GAP, Prepared};
use crate::testbed::Testbed;
use lab_workspace::progress::Progress;

/// How long the first document may be on its way: the function sends it before it answers, to a socket of this machine.
const DOCUMENT_WITHIN: Duration = Duration::from_millis(200);

/// How many invocations the median is chosen from. Odd numbers have one in the middle.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// Fresh environments, each with one cold invocation.
    pub environments: u32,
    /// Warm invocations of each.
    pub warm: u32,
}

impl Extent {
    /// What the command takes.
    pub const USUAL: Self = Self {
        environments: 7,
        warm: 5,
    };
}

/// The median cold and the median warm invocation.
pub struct Traces {
    /// With init.
    pub cold: Trace,
    /// Without.
    pub warm: Trace,
}

/// Traces a target.
pub async fn trace(
    lab: &Testbed,
    prepared: &Prepared,
    conditions: &Conditions,
    extent: Extent,
    progress: &mut Progress,
) -> Result<Traces> {
    let mut tracer = Tracer {
        lab,
        prepared,
        conditions,
        documents: true,
        sent: 0,
    };
    let (mut cold, mut warm) = (Vec::new(), Vec::new());
    for number in 0..extent.environments {
        let name = &prepared.target.name;
        let of = extent.environments;
        progress.update(format!("{name}: environment {} of {of}", number + 1));
        tracer
            .environment(extent.warm, &mut cold, &mut warm)
            .await
            .with_context(|| name.clone())?;
    }
    Ok(Traces {
        cold: median(cold).context("no cold invocation")?,
        warm: median(warm).context("no warm invocation")?,
    })
}

/// The trace in the middle by what its caller waits for: a real invocation, not a mean of many.
fn median(mut traces: Vec<Trace>) -> Option<Trace> {
    traces.sort_by(|a, b| a.whole_us().total_cmp(&b.whole_us()));
    let count = traces.len();
    let middle = traces.into_iter().nth(count / 2)?;
    Some(Trace {
        chosen_from: count as u32,
        ..middle
    })
}

struct Tracer<'a> {
    lab: &'a Testbed,
    prepared: &'a Prepared,
    conditions: &'a Conditions,
    /// The program sends documents, as far as is known.
    documents: bool,
    /// Events so far.
    sent: usize,
}

/// What an environment had used up, and asked of the services, at some moment.
struct Before {
    cpu: CpuUsage,
    counts: Counts,
}

impl Tracer<'_> {
    async fn environment(
        &mut self,
        warm_invocations: u32,
        cold: &mut Vec<Trace>,
        warm: &mut Vec<Trace>,
    ) -> Result<()> {
        self.lab.before_cold_start(&self.prepared.target).await?;
        let counts = self.lab.services.counts();
        // What others have waited for, and the begin of the noting.
        self.lab.take_waits(&self.prepared.target);
        let mut environment = Environment::start(&self.prepared.function).await?;
        self.lab.services.settle().await;
        let nothing = Before {
            cpu: CpuUsage::default(),
            counts,
        };
        let init = Init {
            duration_us: us(environment.init().duration),
            usage: self.used(&nothing, &environment),
        };
        cold.push(self.invoke(&mut environment, Some((init, counts))).await?);
        for _ in 0..warm_invocations {
            environment.freeze();
            tokio::time::sleep(GAP).await;
            environment.thaw().await;
            warm.push(self.invoke(&mut environment, None).await?);
        }
        environment.shutdown().await;
        Ok(())
    }

    /// One sampled invocation of an environment that is awake; of the first one with init, and what had been counted before.
    async fn invoke(
        &mut self,
        environment: &mut Environment,
        cold: Option<(Init, Counts)>,
    ) -> Result<Trace> {
        let header = TraceHeader::new(true);
        let prepared = self.prepared;
        let event = prepared.target.events.at(self.sent);
        self.sent += 1;
        let before = Before {
            cpu: environment.cpu_usage(),
            counts: self.lab.services.counts(),
        };
        let waited_in_init = self.lab.take_waits(&prepared.target);
        let begin = Instant::now();
        // The clock of the step's own document. What the platform does until the event is out takes microseconds.
        let start = SystemTime::now();
        let invocation = environment.invoke(&event.payload, &header).await;
        event.check(&invocation.outcome)?;
        let received = self.documents(&header).await;
        self.lab.services.settle().await;
        let usage = self.used(&before, environment);
        let waits = self.lab.take_waits(&prepared.target);
        let (init, before_init) = cold.unzip();
        let waits = waited_in_init
            .into_iter()
            .filter(|_| init.is_some())
            .chain(waits);
        let counts = self.lab.services.counts() - before_init.unwrap_or(before.counts);
        let services = asked(waits.collect(), &counts, begin);
        Ok(Trace {
            services,
            ..self.timeline(start, &invocation, received, init, usage)
        })
    }

    fn used(&self, before: &Before, environment: &Environment) -> Usage {
        let cpu = environment.cpu_usage();
        let throttled = cpu.throttled.saturating_sub(before.cpu.throttled);
        let counts = self.lab.services.counts() - before.counts;
        let limited = self
            .conditions
            .limits
            .as_ref()
            .is_some_and(|limits| limits.cpu);
        Usage {
            cpu_us: us(cpu.used.saturating_sub(before.cpu.used)),
            throttled_us: limited.then(|| us(throttled)),
            network_us: us(self.lab.services.waited(&counts)),
        }
    }

    /// The documents of this invocation. A program that sent none at first is not waited for again.
    async fn documents(&mut self, header: &TraceHeader) -> Vec<Value> {
        let traces = self.lab.services.traces();
        let mut received = if self.documents {
            let arriving = tokio::time::timeout(DOCUMENT_WITHIN, traces.wait_for(1));
            arriving.await.unwrap_or_default()
        } else {
            traces.take()
        };
        self.documents = !received.is_empty();
        if self.documents {
            // An SDK sends one after the other.
            self.lab.services.settle().await;
            received.extend(traces.take());
        }
        received.retain(|document| document["trace_id"] == header.root.as_str());
        received
    }

    fn timeline(
        &self,
        start: SystemTime,
        invocation: &Invocation,
        received: Vec<Value>,
        init: Option<Init>,
        usage: Usage,
    ) -> Trace {
        let target = &self.prepared.target;
        let epoch = start.duration_since(UNIX_EPOCH).unwrap_or_default();
        let span = |value: &Value| span(value, epoch.as_secs_f64());
        let documents = assembled(received);
        let mut phases: Vec<Span> = documents.phases.iter().filter_map(span).collect();
        phases.sort_by(|a, b| a.start_us.total_cmp(&b.start_us));
        Trace {
            step: target.name.clone(),
            memory_mb: target.memory_mb,
            temperature: if init.is_some() {
                Temperature::Cold
            } else {
                Temperature::Warm
            },
            conditions: self.conditions.clone(),
            chosen_from: 1,
            init,
            answered_us: us(invocation.latency.unwrap_or_default()),
            idle_us: us(invocation.report.duration),
            handler: documents.handler.as_ref().and_then(span),
            phases,
            services: Vec::new(),
            usage,
        }
    }
}

/// What was asked of each service, from what the lab saw of its connections; `begin` is time 0.
fn asked(waits: Vec<(String, Vec<Wait>)>, counts: &Counts, begin: Instant) -> Vec<Asked> {
    let mut services: Vec<(String, Vec<Wait>)> = Vec::new();
    for (service, waits) in waits {
        match services.iter_mut().find(|(known, _)| *known == service) {
            Some((_, all)) => all.extend(waits),
            None => services.push((service, waits)),
        }
    }
    let since_begin = |at: Instant| match at.checked_duration_since(begin) {
        Some(after) => us(after),
        None => -us(begin - at),
    };
    let asked = services.into_iter().filter(|(_, waits)| !waits.is_empty());
    let asked = asked.map(|(service, waits)| {
        let stretches = waits
            .iter()
            .map(|wait| (since_begin(wait.start), since_begin(wait.end)));
        Asked {
            round_trips: match service.as_str() {
                "parameters" => counts[Counter::ParametersRoundTrips],
                "database" => counts[Counter::DatabaseRoundTrips],
                "cache" => counts[Counter::CacheRoundTrips],
                // One that is answered in several pieces goes on where the one before ended.
                _ => {
                    let begins = |wait: &&Wait| waits.iter().all(|it| it.end != wait.start);
                    waits.iter().filter(begins).count() as u64
                }
            },
            waits: covered(stretches),
            service,
        }
    });
    asked.collect()
}

/// A segment's part of the timeline that begins at `epoch` (seconds since 1970).
fn span(segment: &Value, epoch: f64) -> Option<Span> {
    let us = |key: &str| Some((segment[key].as_f64()? - epoch) * 1e6);
    Some(Span {
        name: segment["name"].as_str()?.to_owned(),
        start_us: rounded(us("start_time")?),
        end_us: rounded(us("end_time")?),
        failed: segment["fault"].as_bool().unwrap_or(false),
    })
}

/// To a tenth: seconds since 1970 as a float are not more exact.
fn rounded(us: f64) -> f64 {
    (us.max(0.0) * 10.0).round() / 10.0
}

fn us(duration: Duration) -> f64 {
    rounded(duration.as_secs_f64() * 1e6)
}
