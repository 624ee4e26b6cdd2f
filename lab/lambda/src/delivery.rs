//! One event on its way into an environment, in the words of the Runtime API and of the Extensions API.

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;

use crate::exchange::HttpResponse;

/// An event, and what the processes learn of its invocation.
pub(crate) struct Delivery {
    pub(crate) request_id: String,
    /// Milliseconds since 1970-01-01 UTC.
    pub(crate) deadline_ms: u64,
    pub(crate) arn: String,
    /// The trace header.
    pub(crate) trace: String,
    pub(crate) event: Bytes,
}

impl Delivery {
    /// The answer to the runtime's `GET /runtime/invocation/next`.
    pub(crate) fn to_runtime(&self) -> HttpResponse {
        Response::builder()
            .header("content-type", "application/json")
            .header("lambda-runtime-aws-request-id", &self.request_id)
            .header("lambda-runtime-deadline-ms", self.deadline_ms)
            .header("lambda-runtime-invoked-function-arn", &self.arn)
            .header("lambda-runtime-trace-id", &self.trace)
            .body(Full::new(self.event.clone()))
            .expect("these headers are valid")
    }

    /// The answer to an extension's `GET /extension/event/next`.
    pub(crate) fn to_extensions(&self) -> Bytes {
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
