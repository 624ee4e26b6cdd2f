//! What passes between the platform and the processes of one environment: who waits for its next event, which
//! invocation runs, what was answered and when.

use std::sync::{Mutex, MutexGuard};
use std::time::Instant;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use tokio::sync::{Notify, oneshot};

pub(crate) type HttpResponse = Response<Full<Bytes>>;

/// A process asking for its next event, and since when it does.
struct Asking {
    reply: oneshot::Sender<HttpResponse>,
    since: Instant,
}

/// A registered extension.
pub(crate) struct Registered {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) wants_invoke: bool,
    pub(crate) wants_shutdown: bool,
    asking: Option<Asking>,
}

/// What the runtime answered to an invocation.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    Response(Bytes),
    Error { kind: String, payload: Bytes },
}

struct Current {
    request_id: String,
    answer: Option<(Answer, Instant)>,
}

#[derive(Default)]
struct State {
    runtime: Option<Asking>,
    extensions: Vec<Registered>,
    current: Option<Current>,
    init_error: Option<(String, Bytes)>,
}

/// The state that the HTTP server and the environment share.
#[derive(Default)]
pub(crate) struct Exchange {
    state: Mutex<State>,
    changed: Notify,
}

/// Why a call was refused: the HTTP status and AWS's error type.
pub(crate) struct Refusal(pub(crate) u16, pub(crate) &'static str, pub(crate) String);

impl Exchange {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder of this lock panics")
    }

    // --- the HTTP server's side

    /// The runtime asks for its next event.
    pub(crate) fn runtime_asks(&self) -> oneshot::Receiver<HttpResponse> {
        let (reply, event) = oneshot::channel();
        self.state().runtime = Some(Asking {
            reply,
            since: Instant::now(),
        });
        self.changed.notify_one();
        event
    }

    /// An extension asks for its next event.
    pub(crate) fn extension_asks(
        &self,
        id: &str,
    ) -> Result<oneshot::Receiver<HttpResponse>, Refusal> {
        let (reply, event) = oneshot::channel();
        let mut state = self.state();
        let extension = state
            .extensions
            .iter_mut()
            .find(|extension| extension.id == id);
        let extension = extension.ok_or_else(|| {
            Refusal(
                403,
                "Extension.UnknownExtensionIdentifier",
                format!("no extension has the identifier {id}"),
            )
        })?;
        extension.asking = Some(Asking {
            reply,
            since: Instant::now(),
        });
        self.changed.notify_one();
        Ok(event)
    }

    /// An extension registers for events; answers its identifier.
    pub(crate) fn register(&self, name: &str, events: &[String]) -> Result<String, Refusal> {
        let wants = |wanted: &str| events.iter().any(|event| event == wanted);
        if let Some(other) = events
            .iter()
            .find(|event| *event != "INVOKE" && *event != "SHUTDOWN")
        {
            return Err(Refusal(
                400,
                "Extension.InvalidEventType",
                format!("{other} is neither INVOKE nor SHUTDOWN"),
            ));
        }
        let id = format!("{:032x}", fastrand::u128(..));
        let registered = Registered {
            name: name.to_owned(),
            id: id.clone(),
            wants_invoke: wants("INVOKE"),
            wants_shutdown: wants("SHUTDOWN"),
            asking: None,
        };
        self.state().extensions.push(registered);
        self.changed.notify_one();
        Ok(id)
    }

    /// The runtime answers an invocation.
    pub(crate) fn answer(&self, request_id: &str, answer: Answer) -> Result<(), Refusal> {
        let now = Instant::now();
        let mut state = self.state();
        match &mut state.current {
            Some(current) if current.request_id == request_id && current.answer.is_none() => {
                current.answer = Some((answer, now));
                self.changed.notify_one();
                Ok(())
            }
            _ => Err(Refusal(
                400,
                "InvalidRequestID",
                format!("{request_id} is not the invocation that runs"),
            )),
        }
    }

    /// The runtime or an extension could not initialise.
    pub(crate) fn init_failed(&self, kind: String, payload: Bytes) {
        self.state().init_error = Some((kind, payload));
        self.changed.notify_one();
    }

    // --- the environment's side

    /// Waits until `done` finds in the state what it looks for.
    async fn wait_for<T>(&self, done: impl Fn(&mut State) -> Option<T>) -> T {
        loop {
            if let Some(found) = done(&mut self.state()) {
                return found;
            }
            // A notification that comes before this line is kept, and this environment is the only one that waits.
            self.changed.notified().await;
        }
    }

    /// Waits until the extensions with these file names have registered.
    pub(crate) async fn all_registered(&self, names: &[String]) {
        let has = |state: &State, name: &String| {
            state
                .extensions
                .iter()
                .any(|extension| extension.name == *name)
        };
        self.wait_for(|state| names.iter().all(|name| has(state, name)).then_some(()))
            .await;
    }

    /// Waits for the end of the init phase: the instant at which the last one asked for an event, or the init error.
    pub(crate) async fn init_done(&self) -> Result<Instant, (String, Bytes)> {
        self.wait_for(|state| {
            state
                .init_error
                .take()
                .map(Err)
                .or_else(|| state.all_ask().map(Ok))
        })
        .await
    }

    /// Hands an event to the runtime and to every extension that wants invocations. The caller has seen all of them ask.
    pub(crate) fn deliver(
        &self,
        request_id: &str,
        to_runtime: HttpResponse,
        to_extensions: &Bytes,
    ) -> Instant {
        let mut state = self.state();
        state.current = Some(Current {
            request_id: request_id.to_owned(),
            answer: None,
        });
        let start = Instant::now();
        if let Some(asking) = state.runtime.take() {
            // Nobody receives when the runtime has died: the caller watches for that.
            let _ = asking.reply.send(to_runtime);
        }
        for extension in state
            .extensions
            .iter_mut()
            .filter(|extension| extension.wants_invoke)
        {
            extension.send(to_extensions);
        }
        start
    }

    /// Waits for the runtime's answer to the current invocation and the instant at which its last byte was there.
    pub(crate) async fn answered(&self) -> (Answer, Instant) {
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
        let mut state = self.state();
        let unregistered = extensions
            .iter()
            .filter(|name| state.extensions.iter().all(|known| known.name != **name));
        let mut missing: Vec<String> = unregistered
            .map(|name| format!("extension {name} has not registered"))
            .collect();
        for extension in state
            .extensions
            .iter_mut()
            .filter(|extension| extension.asking.is_none())
        {
            missing.push(format!(
                "extension {} has not asked for its next event",
                extension.name
            ));
        }
        if missing.is_empty() {
            missing.push(
                "the runtime has not called GET /2018-06-01/runtime/invocation/next".to_owned(),
            );
        }
        missing.join(", ")
    }

    /// Hands the shutdown event to the extensions that want it; true if there is any.
    pub(crate) fn deliver_shutdown(&self, event: &Bytes) -> bool {
        let mut state = self.state();
        let wanting = state
            .extensions
            .iter_mut()
            .filter(|extension| extension.wants_shutdown);
        wanting.map(|extension| extension.send(event)).count() > 0
    }
}

impl State {
    fn all_ask(&mut self) -> Option<Instant> {
        let runtime = self
            .runtime
            .as_ref()
            .filter(|asking| !asking.reply.is_closed())?
            .since;
        self.extensions.iter().try_fold(runtime, |last, extension| {
            Some(
                last.max(
                    extension
                        .asking
                        .as_ref()
                        .filter(|asking| !asking.reply.is_closed())?
                        .since,
                ),
            )
        })
    }
}

impl Registered {
    fn send(&mut self, event: &Bytes) {
        if let Some(asking) = self.asking.take() {
            let response = Response::builder()
                .header("content-type", "application/json")
                .header("lambda-extension-identifier", &self.id)
                .body(Full::new(event.clone()))
                .expect("these headers are valid");
            // Nobody receives when the extension has died: the caller watches for that.
            let _ = asking.reply.send(response);
        }
    }
}
