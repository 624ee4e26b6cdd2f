//! Invoking the function: the event, the answer, and what comes behind the answer until everybody asks for the next event.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout_at;

use super::failure::{Exit, Failure};
use super::init::Phase;
use super::{Environment, State};
use crate::clock::epoch_ms;
use crate::report::{Report, Status};
use crate::runtime_api::{InvokeEvent, ReportedError, StreamPart, new_id};
use crate::trace::TraceHeader;

/// How long a log that the caller wants is waited for: what the function wrote before its answer may be in its pipes still.
const LAST_LINES: Duration = Duration::from_millis(10);

/// An invocation as its caller asks for it.
#[derive(Debug)]
pub struct Request {
    /// The event.
    pub event: Bytes,
    /// The trace that the invocation belongs to.
    pub trace: TraceHeader,
    /// What the caller says of itself: JSON of visible ASCII.
    pub client_context: Option<String>,
    /// Gets the parts of an answer that the runtime streams, as they come; they are not in the [`Outcome`] then. An answer
    /// of one piece is in the outcome alone.
    pub stream: Option<mpsc::Sender<StreamPart>>,
    /// Gets the end of the invocation's log when it is over.
    pub log: Option<oneshot::Sender<String>>,
}

impl Request {
    /// Nothing but an event.
    pub fn new(event: &Bytes, trace: &TraceHeader) -> Self {
        Self {
            event: event.clone(),
            trace: trace.clone(),
            client_context: None,
            stream: None,
            log: None,
        }
    }
}

/// What the init phase cost.
#[derive(Debug, Clone, Copy)]
pub struct InitReport {
    /// From the first instruction of the first process until all of them asked for their first event; the launching of
    /// processes by the lab itself is not part of it.
    pub duration: Duration,
    /// CPU time of all processes.
    pub cpu: Duration,
}

/// What an invocation came to.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The function's response. The invocation may have failed behind it, which [`Report::status`] says.
    Response(Bytes),
    /// The function or its runtime reported an error.
    Error(ReportedError),
    /// The invocation ended before its time, without an answer.
    Failed(Failure),
}

/// One invocation, as the platform saw it.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// What it came to.
    pub outcome: Outcome,
    /// What ended it behind its answer, before its time: the caller has the answer, and the environment is reset.
    pub behind: Option<Failure>,
    /// From handing out the event to the last byte of the answer: what a caller waits for. `None` without an answer.
    pub latency: Option<Duration>,
    /// The REPORT line.
    pub report: Report,
}

impl Outcome {
    /// The payload that the caller of Lambda's Invoke API gets.
    pub fn payload(&self, request_id: &str) -> Bytes {
        match self {
            Self::Response(payload) | Self::Error(ReportedError { payload, .. }) => payload.clone(),
            Self::Failed(failure) => failure.payload(request_id),
        }
    }

    /// True when that payload comes with `X-Amz-Function-Error: Unhandled`; the status code is 200 either way.
    pub fn is_function_error(&self) -> bool {
        !matches!(self, Self::Response(_))
    }
}

/// An invocation whose outcome the caller may have, and which may not be over.
pub(crate) struct Answered {
    pub(crate) request_id: String,
    pub(crate) outcome: Outcome,
    latency: Option<Duration>,
    trace: TraceHeader,
    log: Option<oneshot::Sender<String>>,
    clock: Clock,
    /// Set where the invocation is over without an answer.
    early: Option<Early>,
}

#[derive(Clone, Copy)]
struct Clock {
    /// When the event was handed out.
    start: Instant,
    /// What an init phase inside the invocation had used up by then.
    spent: Duration,
}

impl Clock {
    fn duration_until(&self, end: Instant) -> Duration {
        self.spent + (end - self.start)
    }
}

/// The end of an invocation before its time, and its duration.
type Early = (Failure, Duration);

impl Environment {
    /// Hands one event to the function and waits until the invocation is over. A frozen environment is thawed first,
    /// and the clock starts when it has come to rest. An environment that failed is reset first, and its init phase is a
    /// part of the invocation.
    pub async fn invoke(&mut self, event: &Bytes, trace: &TraceHeader) -> Invocation {
        let answered = self.answer(Request::new(event, trace)).await;
        self.complete(answered).await
    }

    /// The first part of [`Environment::invoke`]: until the function's answer is there, or the invocation has failed. The
    /// caller must hand the result to [`Environment::complete`].
    pub(crate) async fn answer(&mut self, request: Request) -> Answered {
        if request.log.is_some() {
            self.log.record();
        }
        let initialised = if self.is_alive() {
            self.thaw().await;
            Ok(Duration::ZERO)
        } else {
            self.reset().await;
            let initialised = self.initialise(Phase::Invoke).await;
            let spent = self.init.duration;
            initialised
                .map(|()| spent)
                .map_err(|error| (error.failure, spent))
        };
        let request_id = new_id();
        self.log
            .platform(|| format!("START RequestId: {request_id} Version: $LATEST"));
        let spent = initialised.as_ref().copied().unwrap_or_default();
        let mut clock = Clock {
            start: Instant::now(),
            spent,
        };
        let answer = match initialised {
            Ok(_) => {
                let remaining = self.function.timeout.saturating_sub(spent);
                let event = InvokeEvent {
                    request_id: request_id.clone(),
                    deadline_ms: epoch_ms() + remaining.as_millis() as u64,
                    arn: self.function.arn(),
                    trace: request.trace.to_string(),
                    client_context: request.client_context,
                    payload: request.event,
                    stream: request.stream,
                };
                let exchange = Arc::clone(&self.running().exchange);
                clock.start = exchange.deliver(event);
                self.unless_it_fails(clock, exchange.answered()).await
            }
            Err(early) => Err(early),
        };
        let (outcome, latency, early) = match answer {
            Ok((Ok(response), at)) => (Outcome::Response(response), Some(at), None),
            Ok((Err(error), at)) => (Outcome::Error(error), Some(at), None),
            Err(early) => (Outcome::Failed(early.0.clone()), None, Some(early)),
        };
        Answered {
            request_id,
            outcome,
            latency: latency.map(|at| clock.duration_until(at)),
            trace: request.trace,
            log: request.log,
            clock,
            early,
        }
    }

    /// The second part of [`Environment::invoke`]: until everybody asks for the next event, or until something fails.
    pub(crate) async fn complete(&mut self, answered: Answered) -> Invocation {
        let clock = answered.clock;
        let ended = if let Some(early) = answered.early {
            Err(early)
        } else {
            let exchange = Arc::clone(&self.running().exchange);
            self.unless_it_fails(clock, exchange.idle()).await
        };
        let (duration, failure) = match ended {
            Ok(end) => (clock.duration_until(end), None),
            Err((failure, duration)) => (duration, Some(failure)),
        };
        if let Some(failure) = &failure {
            self.state = State::Failed(failure.shutdown_reason());
            self.log.platform(|| failure.log_line(&answered.request_id));
        }
        let status = match (&failure, &answered.outcome) {
            (Some(failure), _) => Some(failure.status()),
            (None, Outcome::Error(error)) => Some(Status::Error(error.kind.clone())),
            _ => None,
        };
        let report = Report {
            duration,
            memory_mb: self.function.memory_mb,
            max_memory_mb: self.max_memory_mb(failure.as_ref()),
            init: self.unreported_init.take(),
            status,
            trace: Some(answered.trace),
            request_id: answered.request_id,
        };
        if answered.log.is_some() {
            tokio::time::sleep(LAST_LINES).await;
        }
        self.log
            .platform(|| format!("END RequestId: {}", report.request_id));
        self.log.platform(|| report.to_string());
        if let Some(wanted) = answered.log {
            // The caller may have left.
            let _ = wanted.send(self.log.take_record());
        }
        Invocation {
            behind: failure.filter(|_| !matches!(answered.outcome, Outcome::Failed(_))),
            outcome: answered.outcome,
            latency: answered.latency,
            report,
        }
    }

    /// Waits for this, as long as no process ends and the function's timeout has not passed.
    async fn unless_it_fails<T>(
        &mut self,
        clock: Clock,
        wanted: impl Future<Output = T>,
    ) -> Result<T, Early> {
        let timeout = self.function.timeout;
        let deadline = clock.start + timeout.saturating_sub(clock.spent);
        let processes = self.running();
        let ended = timeout_at(deadline.into(), async {
            tokio::select! {
                biased;
                found = wanted => Ok(found),
                exit = processes.first_to_end() => Err(exit),
            }
        });
        match ended.await {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(exit)) => {
                let duration = clock.duration_until(Instant::now());
                processes.last_words(&exit).await;
                let out_of_memory = self.is_out_of_memory(&exit);
                let exit = Exit {
                    out_of_memory,
                    ..exit
                };
                Err((Failure::Exit(exit), duration))
            }
            Err(_) => Err((Failure::Timeout(timeout), timeout)),
        }
    }
}
