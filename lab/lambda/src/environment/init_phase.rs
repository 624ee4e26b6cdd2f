//! An environment's init phase, before its first invocation or inside a later one.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::timeout;

use super::failure::Failure;
use super::init::Sandbox;
use super::invocation::InitReport;
use super::processes::Processes;
use super::start_error::StartError;
use super::{Environment, State};
use crate::limits::Group;
use crate::report::ms;

/// Where an init phase takes place, in the word of the `INIT_REPORT` line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Before the first invocation: with the CPU boost, under the limit of the init phase.
    Init,
    /// Inside an invocation, after a reset or an init phase that failed: with the function's CPU share, under the
    /// function's timeout, and as a part of the invocation's duration.
    Invoke,
}

impl fmt::Display for Phase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Init => "init",
            Self::Invoke => "invoke",
        })
    }
}

impl Environment {
    /// Starts all processes and waits for the end of the init phase. A failed one is told in an `INIT_REPORT` line, as on
    /// AWS; one that succeeds in the REPORT of the next invocation, as `Init Duration` or, inside an invocation, as a part
    /// of its duration.
    pub(crate) async fn initialise(&mut self, phase: Phase) -> Result<(), StartError> {
        let platform = &self.function.platform;
        let quota = platform.quota(self.function.memory_mb);
        let (init_quota, limit) = match phase {
            Phase::Init => (platform.init_quota(), platform.init_timeout),
            Phase::Invoke => (quota, self.function.timeout),
        };
        self.oom_kills = self.group.as_ref().map_or(0, Group::oom_kills);
        self.peak_memory_read = None;
        let used_before = self.cpu_usage().used;
        let start = Instant::now();
        match self.start_processes(init_quota, limit).await {
            Ok(duration) => {
                let cpu = self.cpu_usage().used.saturating_sub(used_before);
                self.init = InitReport { duration, cpu };
                self.unreported_init = (phase == Phase::Init).then_some(duration);
                self.set_cpu_quota(quota)?;
                self.read_peak_memory();
                self.state = State::Ready;
                Ok(())
            }
            Err(error) => {
                self.init.duration = start.elapsed().min(limit);
                Err(self.init_failed(phase, error))
            }
        }
    }

    async fn start_processes(
        &mut self,
        quota: Duration,
        limit: Duration,
    ) -> Result<Duration, StartError> {
        self.set_cpu_quota(quota)?;
        let function = Arc::clone(&self.function);
        let processes = self.processes.insert(Processes::new(&function).await?);
        let sandbox = Sandbox {
            function: &function,
            group: self.group.as_ref(),
            lease: &self.lease,
            log: &self.log,
        };
        if let Ok(initialised) = timeout(limit, processes.initialise(sandbox)).await {
            return initialised;
        }
        let message = format!(
            "the init phase was not over after {} s: {}. Is it a bootstrap that speaks the Lambda Runtime API?{}",
            limit.as_secs_f64(),
            processes.exchange.missing(&processes.extensions),
            self.log.tail()
        );
        let failure = Failure::Timeout(limit);
        Err(StartError { failure, message })
    }

    fn init_failed(&mut self, phase: Phase, mut error: StartError) -> StartError {
        if let Failure::Exit(exit) = &mut error.failure {
            exit.out_of_memory = self.is_out_of_memory(exit);
        }
        self.read_peak_memory();
        let failure = &error.failure;
        self.state = State::Failed(failure.shutdown_reason());
        self.log.platform(|| {
            format!(
                "INIT_REPORT Init Duration: {:.2} ms\tPhase: {phase}\t{}",
                ms(self.init.duration),
                failure.status()
            )
        });
        error
    }
}
