//! HTTP answers of a few bytes.

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use hyper::header::CONTENT_TYPE;
use serde_json::Value;

/// A whole answer.
pub(super) type Answer = Response<Full<Bytes>>;

/// JSON with a status.
pub(super) fn json(status: u16, body: &Value) -> Answer {
    let mut answer = text(status, body.to_string());
    let kind = hyper::header::HeaderValue::from_static("application/json");
    answer.headers_mut().insert(CONTENT_TYPE, kind);
    answer
}

/// Bytes with a status.
pub(super) fn text(status: u16, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(body.into()));
    // A function may answer with a number that is no status at all.
    *answer.status_mut() = status.try_into().unwrap_or(hyper::StatusCode::BAD_GATEWAY);
    answer
}
