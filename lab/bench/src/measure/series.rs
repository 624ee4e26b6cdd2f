//! Invocations of one environment, and what they used together.

use std::time::{Duration, Instant};

use anyhow::Result;
use lab_lambda::{CpuUsage, Environment, Invocation, TraceHeader};

use crate::event::Event;

/// Warm invocations, and what they used together.
#[derive(Default)]
pub(super) struct Series {
    pub samples: Vec<Invocation>,
    pub cpu: Duration,
    pub throttled: Duration,
    /// How long thawing took, until the processes slept again, and the CPU time that they used in it.
    pub thawed: Duration,
    pub thaw_cpu: Duration,
    /// How long the closed loop ran.
    pub elapsed: Duration,
}

impl Series {
    /// Thaws the environment outside of the latency's clock, and keeps what that took.
    pub async fn thaw(&mut self, environment: &mut Environment) {
        let (before, begin) = (environment.cpu_usage(), Instant::now());
        environment.thaw().await;
        self.thawed += begin.elapsed();
        self.thaw_cpu += environment.cpu_usage().used.saturating_sub(before.used);
    }

    /// Max Memory Used of the last invocation, MiB; none without one.
    pub fn peak_memory_mib(&self) -> Option<u32> {
        self.samples.last().map(|last| last.report.max_memory_mb)
    }

    /// One invocation more, whose answer must hold, and what it used.
    pub async fn invoke(&mut self, environment: &mut Environment, event: &Event) -> Result<()> {
        let before = environment.cpu_usage();
        let invocation = environment
            .invoke(&event.payload, &TraceHeader::new(false))
            .await;
        self.add_usage(before, environment.cpu_usage());
        event.check_invocation(&invocation)?;
        self.samples.push(invocation);
        Ok(())
    }

    /// A sum over the invocations as a mean, in µs.
    pub fn mean_us(&self, sum: Duration) -> f64 {
        sum.as_secs_f64() * 1e6 / self.samples.len() as f64
    }

    /// Invocations per second; 0 where there were none.
    pub fn per_second(&self) -> f64 {
        if self.samples.is_empty() {
            return 0.0;
        }
        self.samples.len() as f64 / self.elapsed.as_secs_f64()
    }

    /// The samples of another series, and what they used.
    pub fn add(&mut self, other: Self) {
        self.samples.extend(other.samples);
        self.cpu += other.cpu;
        self.throttled += other.throttled;
        self.thawed += other.thawed;
        self.thaw_cpu += other.thaw_cpu;
    }

    pub fn add_usage(&mut self, before: CpuUsage, after: CpuUsage) {
        self.cpu += after.used.saturating_sub(before.used);
        self.throttled += after.throttled.saturating_sub(before.throttled);
    }
}
