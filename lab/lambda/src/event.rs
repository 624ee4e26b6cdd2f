//! What API Gateway's HTTP API puts into an event and takes out of a response: payload format 2.0
//! (docs.aws.amazon.com/apigateway, "Working with AWS Lambda proxy integrations for HTTP APIs").

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use serde::Deserialize;

/// The event for `METHOD PATH` without a body, as an HTTP API with a `$default` stage sends it.
pub fn http_event(method: &str, path: &str) -> Bytes {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let event = serde_json::json!({
        "version": "2.0",
        "routeKey": format!("{method} {path}"),
        "rawPath": path,
        "rawQueryString": "",
        "headers": {
            "accept": "*/*",
            "content-length": "0",
            "host": "lab.execute-api.us-east-1.amazonaws.com",
            "user-agent": "lambda-lab",
            "x-forwarded-for": "127.0.0.1",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "lab",
            "domainName": "lab.execute-api.us-east-1.amazonaws.com",
            "domainPrefix": "lab",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "lambda-lab",
            },
            "requestId": "lab",
            "routeKey": format!("{method} {path}"),
            "stage": "$default",
            "timeEpoch": u64::try_from(now.as_millis()).unwrap_or(u64::MAX),
        },
        "isBase64Encoded": false,
    });
    Bytes::from(event.to_string())
}

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
