//! A request to an HTTP API, and the event that the function gets.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use time::OffsetDateTime;

use crate::function::ACCOUNT_ID;
use crate::trace::TraceHeader;

/// What a request's client is called where the lab itself is the client.
const USER_AGENT: &str = "lambda-lab";
/// The host of the API, in the form that API Gateway gives it.
const DOMAIN: &str = "lab.execute-api.us-east-1.amazonaws.com";

/// The media types, beside `text/*`, whose bodies API Gateway passes on as text. Seen on AWS
/// (github.com/ministackorg/ministack, pull request 766): forms and bodies without a content type are not among them.
const TEXT: [&str; 3] = [
    "application/javascript",
    "application/json",
    "application/xml",
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
    /// Names in lower case; values of one name are joined by commas, as API Gateway joins them, those of `cookie` by
    /// semicolons.
    pub headers: BTreeMap<String, String>,
    /// The body. Its content type decides how the event carries it: as text, or encoded as base64.
    pub body: &'a [u8],
}

impl<'a> HttpRequest<'a> {
    /// A request of the lab itself, without query and body.
    pub fn new(method: &'a str, path: &'a str) -> Self {
        let headers = [
            ("accept", "*/*"),
            ("host", DOMAIN),
            ("user-agent", USER_AGENT),
        ];
        let owned = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self {
            method,
            path,
            query: "",
            headers: owned.into(),
            body: b"",
        }
    }

    /// The event, as an HTTP API with the route `GET /` and a `$default` stage sends it: with the path decoded and the
    /// query as it came. An event that is sent again and again keeps its time, request id and trace id.
    pub fn event(mut self) -> Bytes {
        self.add_headers();
        let path = percent_decode_str(self.path).decode_utf8_lossy();
        let route = match (self.method, &*path) {
            ("GET", "/") => "GET /",
            _ => "$default",
        };
        let context = self.context(route, &path);
        // Cookies have a place of their own.
        let cookies = self.headers.remove("cookie");
        let text = self.text();
        let mut event = serde_json::json!({
            "version": "2.0",
            "routeKey": route,
            "rawPath": path,
            "rawQueryString": self.query,
            "headers": self.headers,
            "requestContext": context,
            "isBase64Encoded": text.is_none(),
        });
        // What is empty is left out.
        if let Some(cookies) = cookies {
            event["cookies"] = cookies.split(';').map(str::trim).collect();
        }
        if !self.query.is_empty() {
            event["queryStringParameters"] = serde_json::json!(query_parameters(self.query));
        }
        if !self.body.is_empty() {
            let body = text.map_or_else(|| STANDARD.encode(self.body), str::to_owned);
            event["body"] = Value::String(body);
        }
        Bytes::from(event.to_string())
    }

    fn context(&self, route: &str, path: &str) -> Value {
        let now = OffsetDateTime::now_utc();
        serde_json::json!({
            "accountId": ACCOUNT_ID,
            "apiId": "lab",
            "domainName": DOMAIN,
            "domainPrefix": "lab",
            "http": {
                "method": self.method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": self.headers.get("user-agent").map_or("", String::as_str),
            },
            "requestId": request_id(),
            "routeKey": route,
            "stage": "$default",
            "time": in_log_format(now),
            "timeEpoch": (now.unix_timestamp_nanos() / 1_000_000) as i64,
        })
    }

    /// Adds what API Gateway adds where the client sends none.
    fn add_headers(&mut self) {
        let added = [
            ("content-length", self.body.len().to_string()),
            (
                "x-amzn-trace-id",
                format!("Root={}", TraceHeader::new(false).root),
            ),
            ("x-forwarded-for", "127.0.0.1".to_owned()),
            ("x-forwarded-port", "443".to_owned()),
            ("x-forwarded-proto", "https".to_owned()),
        ];
        for (name, value) in added {
            self.headers.entry(name.to_owned()).or_insert(value);
        }
    }

    /// The body, if the event carries it as text. What is called text and is no UTF-8 is encoded, so that nothing is lost;
    /// what AWS does with it is not confirmed.
    fn text(&self) -> Option<&'a str> {
        let content_type = self.headers.get("content-type");
        let media_type = content_type.and_then(|value| value.split(';').next());
        let media_type = media_type.unwrap_or_default().trim().to_ascii_lowercase();
        let is_text = self.body.is_empty()
            || media_type.starts_with("text/")
            || TEXT.contains(&media_type.as_str());
        std::str::from_utf8(self.body).ok().filter(|_| is_text)
    }
}

/// Unique, in the form of API Gateway's: `ATfSmjLgPHcESJw=`.
fn request_id() -> String {
    URL_SAFE.encode(&fastrand::u128(..).to_ne_bytes()[..11])
}

/// `12/Mar/2020:19:03:58 +0000`
fn in_log_format(time: OffsetDateTime) -> String {
    let month = time.month().to_string();
    format!(
        "{:02}/{}/{}:{:02}:{:02}:{:02} +0000",
        time.day(),
        &month[..3],
        time.year(),
        time.hour(),
        time.minute(),
        time.second()
    )
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
mod tests;
