//! What the runtime and the extensions are sent when they ask for their next event.

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use hyper::http::response::Builder;

/// An answer of the Runtime API or the Extensions API.
pub(super) type ApiResponse = Response<Full<Bytes>>;

/// The head of such an answer.
pub(super) fn json(status: u16) -> Builder {
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
}

/// Its body.
pub(super) fn with_body(head: Builder, body: impl Into<Bytes>) -> ApiResponse {
    head.body(Full::new(body.into()))
        .expect("these headers are valid")
}

/// An event, and what the processes learn of its invocation.
pub(crate) struct InvokeEvent {
    pub(crate) request_id: String,
    /// Milliseconds since 1970-01-01 UTC.
    pub(crate) deadline_ms: u64,
    pub(crate) arn: String,
    /// The trace header.
    pub(crate) trace: String,
    pub(crate) payload: Bytes,
}

impl InvokeEvent {
    /// The answer to the runtime's `GET /runtime/invocation/next`.
    pub(super) fn to_runtime(&self) -> ApiResponse {
        let head = json(200)
            .header("lambda-runtime-aws-request-id", &self.request_id)
            .header("lambda-runtime-deadline-ms", self.deadline_ms)
            .header("lambda-runtime-invoked-function-arn", &self.arn)
            .header("lambda-runtime-trace-id", &self.trace);
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
