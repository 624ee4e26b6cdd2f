//! One execution environment: its processes, their init phase, invocations one at a time, freeze, reset, shutdown.

mod cpu_share;
mod failure;
mod freeze;
mod init;
mod invoke;
mod logs;
mod opt;
mod process;
mod processes;
mod usage;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::function::Function;
use crate::limits::{Group, Lease};
use logs::Log;
use processes::Processes;

pub use cpu_share::cpu_share_got;
pub use failure::{Exit, Failure, StartError};
pub(crate) use init::Phase;
pub use invoke::{InitReport, Invocation, Outcome, Request};
pub use opt::{OPT, opt_can_be_bound};
pub use usage::CpuUsage;

/// An execution environment. After a timeout or a crash it is reset: the processes are ended, and the next invocation
/// begins with an init phase of its own.
pub struct Environment {
    state: State,
    processes: Option<Processes>,
    // Dropped after the processes: a control group can be removed when they are gone.
    group: Option<Group>,
    lease: Lease,
    log: Log,
    init: InitReport,
    /// The init phase that the next REPORT tells of.
    unreported_init: Option<Duration>,
    peak_memory_mb: u32,
    peak_memory_read: Option<Instant>,
    /// The processes that the kernel had killed for want of memory when the last init phase began.
    oom_kills: u64,
    // Dropped last: it may hold the parent of the control group, which can be removed when that is gone.
    function: Arc<Function>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Its processes wait for the next event.
    Ready,
    /// Its processes wait for the next event, stopped.
    Frozen,
    /// Its processes must be ended, for this reason in the words of the shutdown event.
    Failed(&'static str),
    /// It has no processes.
    Empty,
}

impl Environment {
    /// Starts the extensions, then the runtime, and waits until all of them ask for their first event. Call it from a
    /// thread that lives as long as the lab: the processes die with the thread that started them.
    pub async fn start(function: &Arc<Function>) -> Result<Self, StartError> {
        let mut environment = Self::empty(function)?;
        environment.initialise(Phase::Init).await?;
        Ok(environment)
    }

    /// An environment without processes. [`Environment::initialise`] starts them.
    pub(crate) fn empty(function: &Arc<Function>) -> Result<Self, StartError> {
        Ok(Self {
            state: State::Empty,
            processes: None,
            group: function.platform.limits.group(function.memory_mb)?,
            lease: function.platform.placement.lease(),
            log: Log::new(function.log.clone()),
            init: InitReport {
                duration: Duration::ZERO,
                cpu: Duration::ZERO,
            },
            unreported_init: None,
            peak_memory_mb: 0,
            peak_memory_read: None,
            oom_kills: 0,
            function: Arc::clone(function),
        })
    }

    /// What the last init phase cost.
    pub fn init(&self) -> InitReport {
        self.init
    }

    /// False after a timeout or the end of a process: the next invocation begins with an init phase.
    pub fn is_alive(&self) -> bool {
        matches!(self.state, State::Ready | State::Frozen)
    }

    /// Ends the processes of an environment that has failed, within the shutdown budget.
    pub async fn reset(&mut self) {
        let reason = match self.state {
            State::Failed(reason) => reason,
            _ => "spindown",
        };
        if let Some(processes) = self.processes.take() {
            processes.shutdown(reason, &self.function.platform).await;
        }
        if let Some(group) = &self.group {
            group.kill();
        }
        self.state = State::Empty;
    }

    /// Ends the environment as Lambda does: external extensions that asked for it get the shutdown event and two seconds,
    /// a runtime with extensions gets SIGTERM and some time, a function without extensions is killed at once.
    pub async fn shutdown(mut self) {
        self.reset().await;
    }

    /// The processes of an environment that has been initialised.
    fn running(&mut self) -> &mut Processes {
        let processes = self.processes.as_mut();
        processes.expect("it has been initialised")
    }
}
