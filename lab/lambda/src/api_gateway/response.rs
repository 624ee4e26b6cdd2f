//! A function's answer, and what the client of the HTTP API gets, whatever happened behind it.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::environment::Outcome;
use crate::service::{InvokeError, Served};

/// The HTTP response that API Gateway makes of what a function returns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// Header names in lower case, and their values.
    pub headers: BTreeMap<String, String>,
    /// The body as text.
    pub body: String,
}

/// Reads a function's response. Anything that is no object with a `statusCode` is itself the body of a 200, as API
/// Gateway infers it.
///
/// # Errors
/// A text that says what API Gateway would refuse; its client gets a 500 then.
pub fn http_response(payload: &[u8]) -> Result<HttpResponse, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Payload {
        status_code: u16,
        #[serde(default)]
        headers: BTreeMap<String, String>,
        body: Option<String>,
        #[serde(default)]
        is_base64_encoded: bool,
    }
    let value: serde_json::Value = serde_json::from_slice(payload)
        .map_err(|error| format!("the function's response is no JSON: {error}"))?;
    if value.get("statusCode").is_none() {
        let headers = BTreeMap::from([("content-type".to_owned(), "application/json".to_owned())]);
        let body = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        return Ok(HttpResponse {
            status: 200,
            headers,
            body,
        });
    }
    let payload: Payload = serde_json::from_value(value)
        .map_err(|error| format!("the function's response has another shape: {error}"))?;
    if payload.is_base64_encoded {
        return Err("the function's response is base64-encoded: the stadiums are text".to_owned());
    }
    let headers = payload
        .headers
        .into_iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .collect();
    Ok(HttpResponse {
        status: payload.status_code,
        headers,
        body: payload.body.unwrap_or_default(),
    })
}

impl InvokeError {
    /// What API Gateway makes of it. Two of these are not confirmed: the 503 for a throttled function (a REST API gives
    /// 500 there; 503 is what an HTTP API gives when it cannot reach an integration) and the 413 for a request that is too
    /// large for Lambda but not for API Gateway.
    pub fn client(&self) -> HttpResponse {
        match self {
            Self::Throttled(_) => message(503, "Service Unavailable"),
            Self::TooLarge { .. } => message(413, "Request Entity Too Large"),
            Self::Start(_) => internal_error(),
        }
    }
}

/// What the client of an HTTP API gets: the function's response, or 500 for an error, a crash, a timeout and a response
/// that API Gateway cannot read.
pub fn client_response(served: &Result<Served, InvokeError>) -> HttpResponse {
    match served.as_ref().map(|served| &served.outcome) {
        Ok(Outcome::Response(payload)) => {
            http_response(payload).unwrap_or_else(|_| internal_error())
        }
        Ok(Outcome::Error(_) | Outcome::Failed(_)) => internal_error(),
        Err(error) => error.client(),
    }
}

fn internal_error() -> HttpResponse {
    message(500, "Internal Server Error")
}

fn message(status: u16, text: &str) -> HttpResponse {
    HttpResponse {
        status,
        headers: BTreeMap::from([("content-type".to_owned(), "application/json".to_owned())]),
        body: serde_json::json!({ "message": text }).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_response_keeps_status_headers_and_body() {
        let response =
            http_response(br#"{"statusCode":405,"headers":{"Allow":"GET"},"body":"{}"}"#).unwrap();
        assert_eq!((response.status, response.body.as_str()), (405, "{}"));
        assert_eq!(response.headers["allow"], "GET");
    }

    #[test]
    fn anything_else_is_the_body() {
        assert_eq!(http_response(b"[1,2]").unwrap().body, "[1,2]");
        assert_eq!(http_response(br#""text""#).unwrap().body, "text");
        assert!(http_response(b"not json").unwrap_err().contains("no JSON"));
        assert!(http_response(br#"{"statusCode":"x"}"#).is_err());
    }

    proptest! {
        #[test]
        fn no_payload_makes_it_panic(payload: Vec<u8>) {
            let _ = http_response(&payload);
        }

        #[test]
        fn every_body_comes_through(status in 100_u16..600, body: String) {
            let payload = serde_json::json!({"statusCode": status, "body": body}).to_string();
            let response = http_response(payload.as_bytes()).unwrap();
            prop_assert_eq!((response.status, response.body), (status, body));
        }
    }
}
