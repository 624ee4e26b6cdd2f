//! What API Gateway's HTTP API puts into an event and takes out of a response: payload format 2.0
//! (docs.aws.amazon.com/apigateway, "Working with AWS Lambda proxy integrations for HTTP APIs").

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use serde::Deserialize;

/// What a request's client is called where the lab itself is the client.
const USER_AGENT: &str = "lambda-lab";
/// The host of the API, in the form that API Gateway gives it.
const DOMAIN: &str = "lab.execute-api.us-east-1.amazonaws.com";

/// A request to an HTTP API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRequest<'a> {
    /// `GET`
    pub method: &'a str,
    /// The path, percent-encoded as it came.
    pub path: &'a str,
    /// Everything behind the question mark, as it came.
    pub query: &'a str,
    /// Names in lower case; values of one name are joined by commas, as API Gateway joins them.
    pub headers: BTreeMap<String, String>,
    /// The body; API Gateway encodes what is no text, and the lab takes text alone.
    pub body: &'a str,
}

impl<'a> HttpRequest<'a> {
    /// A request of the lab itself, without query and body.
    pub fn new(method: &'a str, path: &'a str) -> Self {
        let headers = [
            ("accept", "*/*"),
            ("content-length", "0"),
            ("host", DOMAIN),
            ("user-agent", USER_AGENT),
        ];
        let owned = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self {
            method,
            path,
            query: "",
            headers: owned.into(),
            body: "",
        }
    }

    /// The event, as an HTTP API with the route `GET /` and a `$default` stage sends it.
    pub fn event(mut self) -> Bytes {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let route = match (self.method, self.path) {
            ("GET", "/") => "GET /",
            _ => "$default",
        };
        for (name, value) in [
            ("x-forwarded-for", "127.0.0.1"),
            ("x-forwarded-port", "443"),
            ("x-forwarded-proto", "https"),
        ] {
            self.headers
                .entry(name.to_owned())
                .or_insert_with(|| value.to_owned());
        }
        let user_agent = self.headers.get("user-agent").cloned().unwrap_or_default();
        // Cookies have a place of their own.
        let cookies = self.headers.remove("cookie");
        let mut event = serde_json::json!({
            "version": "2.0",
            "routeKey": route,
            "rawPath": self.path,
            "rawQueryString": self.query,
            "headers": self.headers,
            "requestContext": {
                "accountId": "123456789012",
                "apiId": "lab",
                "domainName": DOMAIN,
                "domainPrefix": "lab",
                "http": {
                    "method": self.method,
                    "path": self.path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": "127.0.0.1",
                    "userAgent": user_agent,
                },
                "requestId": "lab",
                "routeKey": route,
                "stage": "$default",
                "timeEpoch": u64::try_from(now.as_millis()).unwrap_or(u64::MAX),
            },
            "isBase64Encoded": false,
        });
        // What is empty is left out.
        if let Some(cookies) = cookies {
            event["cookies"] = cookies.split(';').map(str::trim).collect();
        }
        if !self.query.is_empty() {
            event["queryStringParameters"] = serde_json::json!(query_parameters(self.query));
        }
        if !self.body.is_empty() {
            event["body"] = self.body.into();
        }
        Bytes::from(event.to_string())
    }
}

/// Decoded; values of one name are joined by commas.
fn query_parameters(query: &str) -> BTreeMap<String, String> {
    let mut parameters: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        parameters
            .entry(name.into_owned())
            .and_modify(|values| {
                values.push(',');
                values.push_str(&value);
            })
            .or_insert_with(|| value.clone().into_owned());
    }
    parameters
}

/// The event for `METHOD PATH` without a body.
pub fn http_event(method: &str, path: &str) -> Bytes {
    HttpRequest::new(method, path).event()
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

    fn event_of(request: HttpRequest) -> serde_json::Value {
        serde_json::from_slice(&request.event()).unwrap()
    }

    #[test]
    fn a_request_comes_through_as_api_gateway_sends_it() {
        let mut request = HttpRequest {
            query: "team=San%20Francisco&team=b&q=",
            body: "{}",
            ..HttpRequest::new("POST", "/a%20b")
        };
        request
            .headers
            .insert("cookie".to_owned(), "a=1; b=2".to_owned());
        let event = event_of(request);
        assert_eq!(event["rawPath"], "/a%20b");
        assert_eq!(event["routeKey"], "$default");
        assert_eq!(event["requestContext"]["http"]["method"], "POST");
        assert_eq!(
            event["queryStringParameters"],
            serde_json::json!({"team": "San Francisco,b", "q": ""})
        );
        assert_eq!(event["cookies"], serde_json::json!(["a=1", "b=2"]));
        assert!(event["headers"].get("cookie").is_none());
        assert_eq!(event["body"], "{}");
    }

    #[test]
    fn what_is_empty_is_left_out() {
        let event = event_of(HttpRequest::new("GET", "/"));
        assert_eq!(event["routeKey"], "GET /");
        for absent in ["body", "cookies", "queryStringParameters"] {
            assert!(event.get(absent).is_none(), "{event}");
        }
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
