//! Calls of the Runtime and Extensions API that are answered with an error, as Lambda's Runtime Interface Emulator answers
//! them.

/// The HTTP status, AWS's error type and a message.
pub(super) struct ApiError(pub(super) u16, pub(super) &'static str, pub(super) String);

impl ApiError {
    /// The call does not fit what the runtime does now.
    pub(super) fn not_allowed(now: &str, wanted: &str) -> Self {
        let message = format!(
            "State transition from {now} to {wanted} failed for runtime. Error: State transition is not allowed"
        );
        Self(403, "InvalidStateTransition", message)
    }

    pub(super) fn unknown_request(id: &str) -> Self {
        let message = format!("{id} is not the invocation that runs");
        Self(400, "InvalidRequestID", message)
    }

    pub(super) fn unknown_extension(id: &str) -> Self {
        let message = format!("no extension has the identifier {id}");
        Self(403, "Extension.UnknownExtensionIdentifier", message)
    }

    pub(super) fn unknown_event_type(event_type: &str) -> Self {
        let message = format!("{event_type} is neither INVOKE nor SHUTDOWN");
        Self(400, "Extension.InvalidEventType", message)
    }

    pub(super) fn invalid_format(message: &dyn std::fmt::Display) -> Self {
        Self(400, "InvalidRequestFormat", message.to_string())
    }

    pub(super) fn too_large(limit: usize) -> Self {
        let message = format!("Exceeded maximum allowed payload size ({limit} bytes).");
        Self(413, "RequestEntityTooLarge", message)
    }

    pub(super) fn unknown_call(method: &hyper::Method, path: &str) -> Self {
        let message = format!("{method} {path} is no call of the Runtime or Extensions API");
        Self(404, "NotFound", message)
    }

    /// The call waited for an event that will not come.
    pub(super) fn stopped() -> Self {
        let message = "another call took this one's place, or the environment has ended";
        Self(500, "Container.Stopped", message.to_owned())
    }
}
