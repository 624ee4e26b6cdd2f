//! What API Gateway sends and takes: the payloads of an HTTP API, format 2.0.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use crate::body::Body;

/// What the route depends on. The rest of the event is skipped.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    pub raw_path: String,
    pub request_context: RequestContext,
}

#[derive(Deserialize)]
pub struct RequestContext {
    pub http: Http,
}

#[derive(Deserialize)]
pub struct Http {
    pub method: String,
}

/// A response.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Response {
    Encoded(Arc<RawValue>),
    Failure(Payload<String>),
}

/// A response's fields.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Payload<T> {
    pub status_code: u16,
    pub headers: Headers,
    pub body: T,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Headers {
    pub content_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow: Option<&'static str>,
}

impl Headers {
    pub const JSON: Self = Self {
        content_type: "application/json",
        allow: None,
    };
}

/// The stadiums as a response, encoded once and sent as often as it is asked for: a JSON text inside a JSON text, every
/// quotation mark of it escaped.
#[derive(Clone)]
pub struct Answer {
    pub rows: u32,
    pub response: Arc<RawValue>,
}

impl Answer {
    pub fn encode(body: &Body) -> serde_json::Result<Self> {
        let payload = Payload {
            status_code: 200,
            headers: Headers::JSON,
            body: &body.json,
        };
        Ok(Self {
            rows: body.rows,
            response: to_raw_value(&payload)?.into(),
        })
    }
}
