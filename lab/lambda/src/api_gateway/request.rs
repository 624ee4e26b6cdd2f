//! A request to an HTTP API, and the event that the function gets.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::clock::epoch_ms;

/// What a request's client is called where the lab itself is the client.
const USER_AGENT: &str = "lambda-lab";
/// The host of the API, in the form that API Gateway gives it.
const DOMAIN: &str = "lab.execute-api.us-east-1.amazonaws.com";

/// What API Gateway adds to the headers.
const FORWARDED: [(&str, &str); 3] = [
    ("x-forwarded-for", "127.0.0.1"),
    ("x-forwarded-port", "443"),
    ("x-forwarded-proto", "https"),
];

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
        let route = match (self.method, self.path) {
            ("GET", "/") => "GET /",
            _ => "$default",
        };
        for (name, value) in FORWARDED {
            let header = self.headers.entry(name.to_owned());
            header.or_insert_with(|| value.to_owned());
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
                "timeEpoch": epoch_ms(),
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
