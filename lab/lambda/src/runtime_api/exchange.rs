//! What passes between the platform and the processes of one environment: who waits for its next event, which
//! invocation runs, what was answered and when.

use std::sync::{Mutex, MutexGuard};
use std::time::Instant;

use bytes::Bytes;
use tokio::sync::{Notify, mpsc, oneshot};

use super::messages::{ApiError, ApiResponse, InvokeEvent, ReportedError, StreamPart};
use super::registered::Registered;

/// What the runtime answered to an invocation.
pub(crate) type RuntimeAnswer = Result<Bytes, ReportedError>;

struct Current {
    event: InvokeEvent,
    answer: Option<(RuntimeAnswer, Instant)>,
}

#[derive(Default)]
struct State {
    /// The runtime's calls for its next event that wait. There are several when it has several threads, or when it has
    /// given up on a connection: so the last one gets the event.
    asking: Vec<oneshot::Sender<ApiResponse>>,
    /// Since when the runtime is ready for an event: its first call after its start or after its last answer.
    ready: Option<Instant>,
    /// The runtime has been ready once: init is over for it.
    initialised: bool,
    extensions: Vec<Registered>,
    current: Option<Current>,
    init_error: Option<ReportedError>,
}

/// What the server knows of the function.
pub(crate) struct Identity {
    pub(crate) function_name: String,
    /// The file names of its external extensions.
    pub(crate) extensions: Vec<String>,
    /// The largest response, bytes.
    pub(crate) largest_response: usize,
    /// The largest response that is streamed, bytes.
    pub(crate) largest_stream: usize,
}

/// The state that the HTTP server and the environment share.
pub(crate) struct Exchange {
    pub(super) identity: Identity,
    state: Mutex<State>,
    changed: Notify,
}

impl Exchange {
    /// Of an environment whose processes have not been started.
    pub(crate) fn new(identity: Identity) -> Self {
        Self {
            identity,
            state: Mutex::default(),
            changed: Notify::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder of this lock panics")
    }

    // --- the HTTP server's side

    /// The runtime asks for its next event. If it has not answered the last one, it gets that one again, as from Lambda's
    /// Runtime Interface Emulator: so no event is lost with a connection.
    pub(super) fn runtime_asks(&self) -> oneshot::Receiver<ApiResponse> {
        let (reply, event) = oneshot::channel();
        let mut state = self.state();
        match &state.current {
            Some(current) if current.answer.is_none() => {
                let _ = reply.send(current.event.to_runtime());
            }
            _ => {
                state.asking.retain(|earlier| !earlier.is_closed());
                state.asking.push(reply);
                state.ready.get_or_insert_with(Instant::now);
                state.initialised = true;
                self.changed.notify_one();
            }
        }
        event
    }

    /// An extension asks for its next event.
    pub(super) fn extension_asks(
        &self,
        id: &str,
    ) -> Result<oneshot::Receiver<ApiResponse>, ApiError> {
        let mut state = self.state();
        let extension = state
            .extensions
            .iter_mut()
            .find(|extension| extension.id == id);
        let event = extension
            .ok_or_else(|| ApiError::unknown_extension(id))?
            .asks();
        self.changed.notify_one();
        Ok(event)
    }

    /// An extension registers for events; answers its identifier.
    pub(super) fn register(&self, name: &str, events: &[String]) -> Result<String, ApiError> {
        let mut state = self.state();
        let external = &self.identity.extensions;
        let is_closed = state.initialised;
        let registered = Registered::admit(name, events, &state.extensions, external, is_closed)?;
        let id = registered.id.clone();
        state.extensions.push(registered);
        self.changed.notify_one();
        Ok(id)
    }

    /// The runtime answers an invocation.
    pub(super) fn answer(&self, request_id: &str, answer: RuntimeAnswer) -> Result<(), ApiError> {
        let now = Instant::now();
        let wanted = match answer {
            Ok(_) => "InvocationResponse",
            Err(_) => "InvocationErrorResponse",
        };
        let mut state = self.state();
        state.unanswered(request_id, wanted)?.answer = Some((answer, now));
        self.changed.notify_one();
        Ok(())
    }

    /// The runtime begins to stream its answer; the parts go to this, if the caller wants them.
    pub(super) fn stream(
        &self,
        request_id: &str,
    ) -> Result<Option<mpsc::Sender<StreamPart>>, ApiError> {
        let mut state = self.state();
        let current = state.unanswered(request_id, "InvocationResponse")?;
        Ok(current.event.stream.take())
    }

    /// The runtime could not initialise.
    pub(super) fn runtime_init_failed(&self, error: ReportedError) -> Result<(), ApiError> {
        let mut state = self.state();
        if state.initialised {
            return Err(ApiError::not_allowed(state.name(), "InitError"));
        }
        state.init_error = Some(error);
        self.changed.notify_one();
        Ok(())
    }

    /// An extension could not initialise, or ends with an error.
    pub(super) fn extension_failed(&self, id: &str, error: ReportedError) -> Result<(), ApiError> {
        let mut state = self.state();
        if state.extensions.iter().all(|extension| extension.id != id) {
            return Err(ApiError::unknown_extension(id));
        }
        state.init_error = Some(error);
        self.changed.notify_one();
        Ok(())
    }

    // --- the environment's side

    /// Waits until `done` finds in the state what it looks for.
    async fn wait_for<T>(&self, done: impl Fn(&mut State) -> Option<T>) -> T {
        loop {
            if let Some(found) = done(&mut self.state()) {
                return found;
            }
            // A notification that comes before this line is not lost, and this environment is the only one that waits.
            self.changed.notified().await;
        }
    }

    /// Waits until the extensions with these file names have registered.
    pub(crate) async fn all_registered(&self, names: &[String]) {
        self.wait_for(|state| names.iter().all(|name| state.has(name)).then_some(()))
            .await;
    }

    /// Waits for the end of the init phase: the instant at which the last one asked for an event, or the init error.
    pub(crate) async fn init_done(&self) -> Result<Instant, ReportedError> {
        self.wait_for(|state| {
            state
                .init_error
                .take()
                .map(Err)
                .or_else(|| state.all_ask().map(Ok))
        })
        .await
    }

    /// Hands an event to the runtime and to every extension that wants invocations; answers the instant at which it did.
    /// The caller must have seen all of them ask.
    pub(crate) fn deliver(&self, event: InvokeEvent) -> Instant {
        let mut to_runtime = event.to_runtime();
        let to_extensions = event.to_extensions();
        let mut state = self.state();
        state.current = Some(Current {
            event,
            answer: None,
        });
        state.ready = None;
        let start = Instant::now();
        // Where nobody receives, the runtime has closed the connection. When it asks anew, it gets the event; when it has
        // died, the caller sees that.
        while let Some(reply) = state.asking.pop() {
            match reply.send(to_runtime) {
                Ok(()) => break,
                Err(unsent) => to_runtime = unsent,
            }
        }
        for extension in &mut state.extensions {
            extension.invoke(&to_extensions);
        }
        start
    }

    /// Waits for the runtime's answer to the current invocation and the instant at which its last byte was there.
    pub(crate) async fn answered(&self) -> (RuntimeAnswer, Instant) {
        self.wait_for(|state| state.current.as_mut()?.answer.clone())
            .await
    }

    /// Waits until the runtime and every extension ask for the next event; the invocation is over then.
    pub(crate) async fn idle(&self) -> Instant {
        let end = self.wait_for(State::all_ask).await;
        self.state().current = None;
        end
    }

    /// Who has not asked for the next event: for an error message.
    pub(crate) fn missing(&self, extensions: &[String]) -> String {
        let state = self.state();
        let unregistered = extensions.iter().filter(|name| !state.has(name));
        let mut missing: Vec<String> = unregistered
            .map(|name| {
                format!(
                    "extension {name} has not registered: POST /2020-01-01/extension/register, with the file's name in \
                     Lambda-Extension-Name"
                )
            })
            .collect();
        for Registered { name, .. } in state.extensions.iter().filter(|it| it.ready().is_none()) {
            missing.push(format!("extension {name} has not asked for its next event"));
        }
        if missing.is_empty() {
            return "the runtime has not called GET /2018-06-01/runtime/invocation/next. Is it a bootstrap that speaks the Lambda \
                    Runtime API?"
                .to_owned();
        }
        missing.join(", ")
    }

    /// True when at least one extension has registered.
    pub(crate) fn has_extensions(&self) -> bool {
        !self.state().extensions.is_empty()
    }

    /// Hands the shutdown event to the extensions that want it, now or when they ask for it; answers their names.
    pub(crate) fn deliver_shutdown(&self, event: &Bytes) -> Vec<String> {
        let mut state = self.state();
        let told = state
            .extensions
            .iter_mut()
            .filter_map(|extension| extension.shut_down(event).then(|| extension.name.clone()));
        told.collect()
    }
}

impl State {
    /// Whether an extension of this name has registered.
    fn has(&self, name: &str) -> bool {
        self.extensions.iter().any(|known| known.name == name)
    }

    /// The invocation that the runtime answers; an error if it has none, or another one.
    fn unanswered(&mut self, request_id: &str, wanted: &str) -> Result<&mut Current, ApiError> {
        let now = self.name();
        let unanswered = self.current.as_mut().filter(|it| it.answer.is_none());
        let current = unanswered.ok_or_else(|| ApiError::not_allowed(now, wanted))?;
        if current.event.request_id != request_id {
            return Err(ApiError::unknown_request(request_id));
        }
        Ok(current)
    }

    /// Since when the runtime and every extension ask for an event.
    fn all_ask(&mut self) -> Option<Instant> {
        let listens = self.asking.iter().any(|asking| !asking.is_closed());
        let runtime = self.ready.filter(|_| listens)?;
        self.extensions.iter().try_fold(runtime, |last, extension| {
            Some(last.max(extension.ready()?))
        })
    }

    /// What the runtime does now, in the words of Lambda's Runtime Interface Emulator.
    fn name(&self) -> &'static str {
        match &self.current {
            Some(current) if current.answer.is_some() => "RuntimeResponseSentState",
            Some(_) => "Running",
            None if self.initialised => "Ready",
            None => "Started",
        }
    }
}
