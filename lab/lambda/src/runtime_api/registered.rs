//! A registered extension, and the events on their way to it.

use std::time::Instant;

use bytes::Bytes;
use tokio::sync::oneshot;

use super::messages::{ApiError, ApiResponse, json, new_id, with_body};

/// The extensions that an environment may have, external and internal ones together.
pub(crate) const MOST_EXTENSIONS: usize = 10;

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
    /// Lets an extension register for these events beside those that have (`others`), or refuses it in the words of
    /// Lambda's Runtime Interface Emulator (`agentregister.go`, `registrations.go`). It is an external one if its name is
    /// among the `external` ones, which are processes of their own. Internal ones, which are threads of the runtime, may
    /// register until the runtime has asked for its first event (`is_closed`), and never for SHUTDOWN.
    pub(super) fn admit(
        name: &str,
        events: &[String],
        others: &[Self],
        external: &[String],
        is_closed: bool,
    ) -> Result<Self, ApiError> {
        let is_external = |name: &String| external.contains(name);
        let name = name.to_owned();
        for event in events {
            match event.as_str() {
                "INVOKE" => {}
                "SHUTDOWN" if is_external(&name) => {}
                "SHUTDOWN" => return Err(ApiError::no_shutdown_event()),
                other => return Err(ApiError::unknown_event_type(other)),
            }
        }
        let known = others.iter().find(|other| other.name == name);
        if is_external(&name) {
            if let Some(known) = known {
                return Err(ApiError::registered_twice(known.state(), &name));
            }
        } else if is_closed {
            return Err(ApiError::registration_closed());
        } else {
            let internal = others.iter().filter(|other| !is_external(&other.name));
            if external.len() + internal.count() >= MOST_EXTENSIONS {
                return Err(ApiError::too_many_extensions(MOST_EXTENSIONS));
            }
            if known.is_some() {
                return Err(ApiError::name_taken());
            }
        }
        let wants = |wanted: &str| events.iter().any(|event| event == wanted);
        Ok(Self {
            name,
            id: new_id(),
            wants_invoke: wants("INVOKE"),
            wants_shutdown: wants("SHUTDOWN"),
            asking: None,
            shutdown: None,
        })
    }

    /// What it does now, in the emulator's words.
    fn state(&self) -> &'static str {
        match self.ready() {
            Some(_) => "Ready",
            None => "Registered",
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The type and the message of a refusal.
    fn refused(admitted: Result<Registered, ApiError>) -> (&'static str, String) {
        let ApiError(status, kind, message) = admitted.err().expect("it is refused");
        assert_eq!(status, 403);
        (kind, message)
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn an_internal_extension_gets_no_shutdown_event() {
        let (invoke, shutdown) = (names(&["INVOKE"]), names(&["INVOKE", "SHUTDOWN"]));
        let external = names(&["external"]);
        let admit =
            |name, events: &[String]| Registered::admit(name, events, &[], &external, false);
        assert!(admit("internal", &invoke).is_ok());
        assert!(admit("internal", &[]).is_ok());
        assert!(admit("external", &shutdown).is_ok());
        let (kind, message) = refused(admit("internal", &shutdown));
        assert_eq!(kind, "Extension.InvalidEventType");
        assert_eq!(
            message,
            "SHUTDOWN: ShutdownEventNotSupportedForInternalExtension"
        );
        let (kind, message) = refused(admit("external", &names(&["invoke"])));
        assert_eq!(kind, "Extension.InvalidEventType");
        assert_eq!(message, "invoke: ErrorInvalidEventType");
    }

    #[test]
    fn a_name_is_registered_once() {
        let external = names(&["external"]);
        let admit = |name, others: &[_]| Registered::admit(name, &[], others, &external, false);
        let others = ["external", "internal"].map(|name| admit(name, &[]).ok().unwrap());
        let (kind, message) = refused(admit("internal", &others));
        assert_eq!(kind, "Extension.InvalidExtensionState");
        assert_eq!(message, "Extension with this name already registered");
        let (kind, message) = refused(admit("external", &others));
        assert_eq!(kind, "Extension.InvalidExtensionState");
        assert!(message.contains("Registered to Registered failed for extension external"));
        assert!(admit("another", &others).is_ok());
    }

    #[test]
    fn ten_extensions_are_allowed_whether_external_or_internal() {
        let external = names(&["external"]);
        let mut others = Vec::new();
        for number in 1..10 {
            let name = format!("internal-{number}");
            let admitted = Registered::admit(&name, &[], &others, &external, false);
            others.extend(admitted.ok());
        }
        assert_eq!(others.len(), 9);
        let eleventh = Registered::admit("eleventh", &[], &others, &external, false);
        let (kind, message) = refused(eleventh);
        assert_eq!(kind, "Extension.TooManyExtensions");
        assert_eq!(message, "Extension limit (10) reached");
        assert!(Registered::admit("external", &[], &others, &external, false).is_ok());
    }

    #[test]
    fn registration_is_closed_after_init() {
        let late = Registered::admit("late", &[], &[], &[], true);
        assert_eq!(refused(late).0, "Extension.RegistrationClosed");
    }
}
