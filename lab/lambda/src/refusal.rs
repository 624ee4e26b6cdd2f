//! Calls of the Runtime and Extensions API that are refused, as Lambda's Runtime Interface Emulator refuses them.

/// The HTTP status, AWS's error type and a message.
pub(crate) struct Refusal(pub(crate) u16, pub(crate) &'static str, pub(crate) String);

impl Refusal {
    /// The call does not fit what the runtime does now.
    pub(crate) fn not_allowed(now: &str, wanted: &str) -> Self {
        let message = format!(
            "State transition from {now} to {wanted} failed for runtime. Error: State transition is not allowed"
        );
        Self(403, "InvalidStateTransition", message)
    }

    pub(crate) fn unknown_request(id: &str) -> Self {
        let message = format!("{id} is not the invocation that runs");
        Self(400, "InvalidRequestID", message)
    }

    pub(crate) fn unknown_extension(id: &str) -> Self {
        let message = format!("no extension has the identifier {id}");
        Self(403, "Extension.UnknownExtensionIdentifier", message)
    }

    pub(crate) fn unknown_event_type(event_type: &str) -> Self {
        let message = format!("{event_type} is neither INVOKE nor SHUTDOWN");
        Self(400, "Extension.InvalidEventType", message)
    }
}
