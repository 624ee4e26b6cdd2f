//! A function's answer, and what the client of the HTTP API gets, whatever happened behind it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use serde_json::{Map, Value};

use crate::environment::Outcome;
use crate::service::{InvokeError, Served};

/// Base64 with padding or without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Characters of a value that an error message shows.
const SHOWN: usize = 60;

/// The HTTP response that API Gateway makes of what a function returns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// Header names in lower case, and their values; without `set-cookie`.
    pub headers: BTreeMap<String, String>,
    /// The values of the `set-cookie` headers, in their order: those of `cookies`, then the one of `headers`.
    pub cookies: Vec<String>,
    /// The body; what came as base64 is decoded.
    pub body: Bytes,
    /// Why API Gateway answers instead of the function. It belongs into the log: the client does not learn it.
    pub refused: Option<String>,
}

impl HttpResponse {
    /// The body as text; what is no UTF-8 is replaced.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }
}

/// What separates the prelude of a streamed HTTP response from its body.
const BEHIND_PRELUDE: [u8; 8] = [0; 8];

/// The prelude of a streamed HTTP response, as `streamifyResponse` and `lambda_http` send it, and the begin of its body;
/// `None` before the whole prelude is there. JSON has no zero bytes, so that no answer of one piece looks like it.
pub fn split_prelude(payload: &[u8]) -> Option<(&[u8], &[u8])> {
    let separator = &BEHIND_PRELUDE[..];
    let at = payload
        .windows(separator.len())
        .position(|it| it == separator)?;
    Some((&payload[..at], &payload[at + separator.len()..]))
}

/// Status, headers and cookies of a streamed HTTP response; its status is 200 where none is given.
///
/// # Errors
/// A text that says what is wrong with it.
pub fn prelude_response(prelude: &[u8]) -> Result<HttpResponse, String> {
    let wrong = |problem: &dyn std::fmt::Display| {
        format!("the prelude of the function's streamed response has another shape: {problem}")
    };
    let mut fields: Map<String, Value> =
        serde_json::from_slice(prelude).map_err(|error| wrong(&error))?;
    fields.retain(|name, field| !field.is_null() && name != "body");
    fields.entry("statusCode").or_insert_with(|| 200.into());
    read(fields).map_err(|problem| wrong(&problem))
}

impl HttpResponse {
    /// The 500 of API Gateway, for this reason.
    pub fn internal_server_error(reason: String) -> Self {
        message(500, "Internal Server Error", Some(reason))
    }
}

/// Reads a function's response. Anything that is no object with a `statusCode` is itself the body of a 200, as API
/// Gateway infers it. A field that is null counts as absent, and a number or a boolean is taken for the string that it is
/// written as. That AWS takes `"statusCode": "201"` is reported; that it does the same with the other fields is inferred
/// from the published types of headers (`boolean | number | string`).
///
/// # Errors
/// A text that says what API Gateway would refuse; its client gets a 500 then.
pub fn http_response(payload: &[u8]) -> Result<HttpResponse, String> {
    if let Some((prelude, body)) = split_prelude(payload) {
        return Ok(HttpResponse {
            body: Bytes::copy_from_slice(body),
            ..prelude_response(prelude)?
        });
    }
    let value = serde_json::from_slice(payload)
        .map_err(|error| format!("the function's response is no JSON: {error}"))?;
    match value {
        Value::Object(mut fields) => {
            fields.retain(|_, field| !field.is_null());
            if fields.contains_key("statusCode") {
                return read(fields).map_err(|problem| {
                    format!("the function's response has another shape: {problem}")
                });
            }
        }
        Value::String(body) => return Ok(inferred(body.into())),
        _ => {}
    }
    Ok(inferred(Bytes::copy_from_slice(payload)))
}

/// The 200 that API Gateway makes of a body alone.
fn inferred(body: Bytes) -> HttpResponse {
    HttpResponse {
        status: 200,
        headers: of_json(),
        body,
        ..HttpResponse::default()
    }
}

fn of_json() -> BTreeMap<String, String> {
    BTreeMap::from([("content-type".to_owned(), "application/json".to_owned())])
}

fn read(mut fields: Map<String, Value>) -> Result<HttpResponse, String> {
    let mut take = |name: &str| fields.remove(name);
    let mut headers = match take("headers") {
        None => BTreeMap::new(),
        Some(Value::Object(headers)) => headers
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| Ok((name.to_ascii_lowercase(), text(&name, value)?)))
            .collect::<Result<_, String>>()?,
        Some(other) => return Err(wrong("headers", &other, "an object of strings")),
    };
    let mut cookies = match take("cookies") {
        None => Vec::new(),
        Some(Value::Array(cookies)) => cookies
            .into_iter()
            .filter(|cookie| !cookie.is_null())
            .map(|cookie| text("cookies", cookie))
            .collect::<Result<_, _>>()?,
        Some(other) => return Err(wrong("cookies", &other, "an array of strings")),
    };
    cookies.extend(headers.remove("set-cookie"));
    let body = take("body").map(|body| text("body", body));
    let body = body.transpose()?.unwrap_or_default();
    let is_base64 = take("isBase64Encoded").unwrap_or_default();
    let body: Bytes = match is_base64.as_str().unwrap_or(&is_base64.to_string()) {
        "true" => BASE64
            .decode(&body)
            .map_err(|error| format!("isBase64Encoded is true, and body is no base64: {error}"))?
            .into(),
        "false" | "null" => body.into(),
        _ => return Err(wrong("isBase64Encoded", &is_base64, "true or false")),
    };
    Ok(HttpResponse {
        status: status(&take("statusCode").unwrap_or_default())?,
        headers,
        cookies,
        body,
        refused: None,
    })
}

/// A whole number of three digits, or the text of one.
fn status(value: &Value) -> Result<u16, String> {
    let text = value.as_str().map(|text| text.trim().parse().ok());
    let number = text.unwrap_or_else(|| value.as_f64());
    number
        .filter(|number| number.fract() == 0.0 && (100.0..1000.0).contains(number))
        .map(|number| number as u16)
        .ok_or_else(|| wrong("statusCode", value, "a status like 200"))
}

fn text(field: &str, value: Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text),
        Value::Number(_) | Value::Bool(_) => Ok(value.to_string()),
        other => Err(wrong(field, &other, "a string")),
    }
}

fn wrong(field: &str, value: &Value, wanted: &str) -> String {
    let shown: String = value.to_string().chars().take(SHOWN).collect();
    format!("{field} is {shown} and must be {wanted}")
}

impl InvokeError {
    /// What API Gateway makes of it. Two of these are not confirmed: the 503 for a throttled function (a REST API gives
    /// 500 there; 503 is what an HTTP API gives when it cannot reach an integration) and the 413 for a request that is too
    /// large for Lambda but not for API Gateway.
    pub fn client(&self) -> HttpResponse {
        let (status, text) = match self {
            Self::Throttled(_) => (503, "Service Unavailable"),
            Self::TooLarge { .. } => (413, "Request Entity Too Large"),
            Self::Start(_) => (500, "Internal Server Error"),
        };
        message(status, text, Some(self.to_string()))
    }
}

/// What the client of an HTTP API gets: the function's response, or 500 for an error, a crash, a timeout and a response
/// that API Gateway cannot read.
pub fn client_response(served: &Result<Served, InvokeError>) -> HttpResponse {
    let refused = match served.as_ref().map(|served| &served.outcome) {
        Ok(Outcome::Response(payload)) => match http_response(payload) {
            Ok(response) => return response,
            Err(problem) => Some(problem),
        },
        // The log says already what it was.
        Ok(Outcome::Error(_) | Outcome::Failed(_)) => None,
        Err(error) => return error.client(),
    };
    message(500, "Internal Server Error", refused)
}

fn message(status: u16, text: &str, refused: Option<String>) -> HttpResponse {
    HttpResponse {
        status,
        headers: of_json(),
        body: serde_json::json!({ "message": text }).to_string().into(),
        refused,
        ..HttpResponse::default()
    }
}

#[cfg(test)]
mod tests;
