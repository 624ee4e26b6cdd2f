//! A registered extension, and the events on their way to it.

use std::time::Instant;

use bytes::Bytes;
use tokio::sync::oneshot;

use super::messages::{ApiResponse, json, with_body};

pub(super) struct Registered {
    pub(super) name: String,
    /// What it identifies itself with.
    pub(super) id: String,
    wants_invoke: bool,
    wants_shutdown: bool,
    /// Its call for the next event, and since when it waits.
    asking: Option<(oneshot::Sender<ApiResponse>, Instant)>,
    /// The shutdown event, until it asks for it.
    shutdown: Option<Bytes>,
}

impl Registered {
    pub(super) fn new(name: &str, wants_invoke: bool, wants_shutdown: bool) -> Self {
        Self {
            name: name.to_owned(),
            id: format!("{:032x}", fastrand::u128(..)),
            wants_invoke,
            wants_shutdown,
            asking: None,
            shutdown: None,
        }
    }

    /// It asks for its next event. A later call takes the place of an earlier one.
    pub(super) fn asks(&mut self) -> oneshot::Receiver<ApiResponse> {
        let (reply, event) = oneshot::channel();
        self.asking = Some((reply, Instant::now()));
        if let Some(shutdown) = self.shutdown.take() {
            self.send(&shutdown);
        }
        event
    }

    /// Since when it waits for an event.
    pub(super) fn ready(&self) -> Option<Instant> {
        let (reply, since) = self.asking.as_ref()?;
        (!reply.is_closed()).then_some(*since)
    }

    /// Hands it an invocation, if it wants invocations.
    pub(super) fn invoke(&mut self, event: &Bytes) {
        if self.wants_invoke {
            self.send(event);
        }
    }

    /// Hands it the shutdown event, at once or when it asks next; false if it does not want it.
    pub(super) fn shut_down(&mut self, event: &Bytes) -> bool {
        if self.wants_shutdown && !self.send(event) {
            self.shutdown = Some(event.clone());
        }
        self.wants_shutdown
    }

    /// False when nobody receives: it is busy, or has closed the connection or died.
    fn send(&mut self, event: &Bytes) -> bool {
        let Some((reply, _)) = self.asking.take() else {
            return false;
        };
        let head = json(200).header("lambda-extension-identifier", &self.id);
        reply.send(with_body(head, event.clone())).is_ok()
    }
}
