//! What the server and the processes send each other: events, reported errors, and the answers to calls that are wrong, as
//! Lambda's Runtime Interface Emulator gives them.

use std::fmt;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use hyper::http::response::Builder;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

/// An answer of the Runtime API or the Extensions API.
pub(super) type ApiResponse = Response<Full<Bytes>>;

pub(super) fn json(status: u16) -> Builder {
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
}

pub(super) fn with_body(head: Builder, body: impl Into<Bytes>) -> ApiResponse {
    head.body(Full::new(body.into()))
        .expect("these headers are valid")
}

/// A random identifier: of an invocation, of an extension.
pub(crate) fn new_id() -> String {
    let random = fastrand::u128(..).to_ne_bytes();
    uuid::Builder::from_random_bytes(random)
        .into_uuid()
        .to_string()
}

/// An event, and what the processes learn of its invocation.
pub(crate) struct InvokeEvent {
    pub(crate) request_id: String,
    /// Milliseconds since 1970-01-01 UTC.
    pub(crate) deadline_ms: u64,
    pub(crate) arn: String,
    /// The trace header.
    pub(crate) trace: String,
    /// JSON of visible ASCII.
    pub(crate) client_context: Option<String>,
    pub(crate) payload: Bytes,
    /// Gets the answer part by part, if the runtime streams it.
    pub(crate) stream: Option<mpsc::Sender<StreamPart>>,
}

/// A part of an answer that the runtime streams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamPart {
    /// The begin, with the content type that the runtime gives it, or nothing.
    Begin {
        /// `application/vnd.awslambda.http-integration-response` where the bytes begin with a status and headers.
        content_type: String,
    },
    /// Bytes of the answer.
    Data(Bytes),
}

impl InvokeEvent {
    /// The answer to the runtime's `GET /runtime/invocation/next`.
    pub(super) fn to_runtime(&self) -> ApiResponse {
        let mut head = json(200)
            .header("lambda-runtime-aws-request-id", &self.request_id)
            .header("lambda-runtime-deadline-ms", self.deadline_ms)
            .header("lambda-runtime-invoked-function-arn", &self.arn)
            .header("lambda-runtime-trace-id", &self.trace);
        if let Some(context) = &self.client_context {
            head = head.header("lambda-runtime-client-context", context);
        }
        with_body(head, self.payload.clone())
    }

    /// The body of the answer to an extension's `GET /extension/event/next`.
    pub(super) fn to_extensions(&self) -> Bytes {
        let event = serde_json::json!({
            "eventType": "INVOKE",
            "deadlineMs": self.deadline_ms,
            "requestId": self.request_id,
            "invokedFunctionArn": self.arn,
            "tracing": {"type": "X-Amzn-Trace-Id", "value": self.trace},
        });
        event.to_string().into()
    }
}

/// The last event of an extension. The reason is `spindown`, `timeout` or `failure`.
pub(crate) fn shutdown_event(reason: &str, deadline_ms: u64) -> Bytes {
    let event = serde_json::json!({"eventType": "SHUTDOWN", "shutdownReason": reason, "deadlineMs": deadline_ms});
    event.to_string().into()
}

/// An error that the runtime or an extension has reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedError {
    /// AWS's error type, or the function's own, such as `Handler.Failed`.
    pub kind: String,
    /// `{"errorType":…,"errorMessage":…}`, or whatever was reported.
    pub payload: Bytes,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    error_type: Option<String>,
    error_message: Option<String>,
}

impl Payload {
    fn read(payload: &[u8]) -> Self {
        serde_json::from_slice(payload).unwrap_or_default()
    }
}

impl ReportedError {
    /// An error in the platform's own words.
    pub(crate) fn new(kind: &str, message: &str) -> Self {
        let payload = Payload {
            error_type: Some(kind.to_owned()),
            error_message: Some(message.to_owned()),
        };
        let payload = serde_json::to_vec(&payload).expect("it is two strings");
        Self {
            kind: kind.to_owned(),
            payload: payload.into(),
        }
    }

    /// What was reported. The type is the header's, else the body's, else `Unhandled`.
    pub(super) fn read(header: Option<&str>, payload: Bytes) -> Self {
        let kind = header.map(str::to_owned);
        let kind = kind.or_else(|| Payload::read(&payload).error_type);
        Self {
            kind: kind.unwrap_or_else(|| "Unhandled".to_owned()),
            payload,
        }
    }

    /// `errorMessage` of the payload, or all of it.
    pub(crate) fn message(&self) -> String {
        let message = Payload::read(&self.payload).error_message;
        message.unwrap_or_else(|| String::from_utf8_lossy(&self.payload).into_owned())
    }
}

impl fmt::Display for ReportedError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let payload = String::from_utf8_lossy(&self.payload);
        write!(formatter, "{}: {payload}", self.kind)
    }
}

/// A wrong call: the HTTP status, AWS's error type and a message.
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

    /// The call of an extension is refused.
    fn extension(kind: &'static str, message: &str) -> Self {
        Self(403, kind, message.to_owned())
    }

    pub(super) fn no_extension_name() -> Self {
        Self::extension("Extension.InvalidExtensionName", "Empty extension name")
    }

    pub(super) fn invalid_registration(message: &dyn fmt::Display) -> Self {
        Self::extension("InvalidRequestFormat", &message.to_string())
    }

    pub(super) fn unknown_event_type(event_type: &str) -> Self {
        let message = format!("{event_type}: ErrorInvalidEventType");
        Self::extension("Extension.InvalidEventType", &message)
    }

    /// An internal extension asks for it.
    pub(super) fn no_shutdown_event() -> Self {
        let message = "SHUTDOWN: ShutdownEventNotSupportedForInternalExtension";
        Self::extension("Extension.InvalidEventType", message)
    }

    pub(super) fn registration_closed() -> Self {
        let message = "Extension registration closed already";
        Self::extension("Extension.RegistrationClosed", message)
    }

    pub(super) fn too_many_extensions(most: usize) -> Self {
        let message = format!("Extension limit ({most}) reached");
        Self::extension("Extension.TooManyExtensions", &message)
    }

    /// An internal extension has the name of another one.
    pub(super) fn name_taken() -> Self {
        let message = "Extension with this name already registered";
        Self::extension("Extension.InvalidExtensionState", message)
    }

    /// An external extension registers a second time.
    pub(super) fn registered_twice(now: &str, name: &str) -> Self {
        let message = format!(
            "State transition from {now} to Registered failed for extension {name}. Error: State transition is not allowed"
        );
        Self::extension("Extension.InvalidExtensionState", &message)
    }

    pub(super) fn no_identifier() -> Self {
        let message = "Missing Lambda-Extension-Identifier header";
        Self::extension("Extension.MissingExtensionIdentifier", message)
    }

    pub(super) fn invalid_identifier() -> Self {
        let message = "Invalid Lambda-Extension-Identifier";
        Self::extension("Extension.InvalidExtensionIdentifier", message)
    }

    pub(super) fn unknown_extension(id: &str) -> Self {
        let message = format!("Unknown extension {id}");
        Self::extension("Extension.UnknownExtensionIdentifier", &message)
    }

    pub(super) fn no_error_type() -> Self {
        let message = "Lambda-Extension-Function-Error-Type not found";
        Self::extension("Extension.MissingHeader", message)
    }

    pub(super) fn invalid_format(message: &dyn fmt::Display) -> Self {
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
