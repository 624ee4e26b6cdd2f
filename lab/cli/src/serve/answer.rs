//! HTTP answers of a few bytes.

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::http::{Response, StatusCode};
use serde_json::Value;

/// A whole answer.
pub(super) type Answer = Response<Body>;

/// JSON with a status.
pub(super) fn json(status: u16, body: &Value) -> Answer {
    let mut answer = text(status, body.to_string());
    let kind = HeaderValue::from_static("application/json");
    answer.headers_mut().insert(CONTENT_TYPE, kind);
    answer
}

/// Bytes with a status.
pub(super) fn text(status: u16, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Body::from(body.into()));
    // A function may answer with a number that is no status at all.
    *answer.status_mut() = status.try_into().unwrap_or(StatusCode::BAD_GATEWAY);
    answer
}
