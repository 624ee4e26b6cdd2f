//! What API Gateway's HTTP API makes of a request and of the function's answer. An answer that is streamed is passed on as
//! it comes, as a function URL does; an HTTP API of AWS does not stream.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use axum::body::Bytes;
use axum::http::header::{COOKIE, HeaderName, HeaderValue};
use axum::http::request::Parts;
use lab_lambda::api_gateway::{HttpRequest, HttpResponse, prelude_response, split_prelude};
use lab_lambda::{Outcome, Request, StreamPart, TraceHeader, client_response};
use serde_json::json;

use super::stream::{self, Ended, Invoking, Last, Next};
use super::{Answer, Served, json_answer, text_answer};

/// The content type of a streamed answer that begins with status and headers.
const HTTP_RESPONSE: &str = "application/vnd.awslambda.http-integration-response";

/// Headers of a function's answer that belong to the connection: hyper writes its own.
const OF_THE_CONNECTION: [&str; 4] = [
    "connection",
    "content-length",
    "keep-alive",
    "transfer-encoding",
];

/// Hands the request to the function, whatever its path and method: a step answers what is not its business itself. Why
/// the client gets another answer than the function's is told on standard error.
pub(super) async fn answer(served: &Arc<Served>, parts: &Parts, body: &[u8]) -> Answer {
    let refused = |reason: &str| {
        eprintln!("{} {} refused: {reason}", parts.method, parts.uri.path());
    };
    let mut headers = headers(parts);
    let begun = headers.get("x-amzn-trace-id");
    let trace = begun.and_then(|header| TraceHeader::continued(header));
    let trace = trace.unwrap_or_else(|| TraceHeader::new(false));
    // API Gateway begins the trace that Lambda goes on with.
    let begins = headers.entry("x-amzn-trace-id".to_owned());
    begins.or_insert_with(|| format!("Root={}", trace.root));
    let event = HttpRequest {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        headers,
        body,
    }
    .event();
    let mut invoking = Invoking::begin(served, Request::new(&event, &trace));
    let Ok(first) = tokio::time::timeout(served.timeout, invoking.next()).await else {
        let seconds = served.timeout.as_secs();
        refused(&format!("the function has not answered for {seconds} s"));
        return json_answer(503, &json!({"message": "Service Unavailable"}));
    };
    let (response, rest) = match first {
        Next::Ended(invoked) => (client_response(&invoked), None),
        Next::Part(StreamPart::Data(data)) => (plain(""), Some(data)),
        Next::Part(StreamPart::Begin { content_type }) => {
            let is_http = content_type.starts_with(HTTP_RESPONSE);
            match is_http.then_some(begin(&mut invoking)) {
                Some(begun) => begun.await,
                None => (plain(&content_type), Some(Bytes::new())),
            }
        }
    };
    if let Some(reason) = &response.refused {
        refused(reason);
    }
    let (mut answer, invalid) = http_answer(response);
    if let Some(first) = rest {
        let first = (!first.is_empty()).then_some(first);
        *answer.body_mut() = stream::body(invoking, first, Bytes::clone, None, end);
    }
    for header in invalid {
        eprintln!(
            "{} {}: the header {header} is left out of the answer: HTTP allows no such name or value",
            parts.method,
            parts.uri.path()
        );
    }
    answer
}

/// Reads the prelude of a streamed response; answers with the begin of the body, or without one where the invocation ends
/// first or the prelude is none.
async fn begin(invoking: &mut Invoking) -> (HttpResponse, Option<Bytes>) {
    let mut read = Vec::new();
    loop {
        match invoking.next().await {
            Next::Part(StreamPart::Begin { .. }) => {}
            Next::Part(StreamPart::Data(data)) => read.extend_from_slice(&data),
            // Without a prelude, what came is no JSON.
            Next::Ended(invoked) => return (client_response(&invoked), None),
        }
        if let Some((prelude, body)) = split_prelude(&read) {
            return match prelude_response(prelude) {
                Ok(response) => (response, Some(Bytes::copy_from_slice(body))),
                Err(problem) => (HttpResponse::internal_server_error(problem), None),
            };
        }
    }
}

/// What a streamed answer without a prelude becomes.
fn plain(content_type: &str) -> HttpResponse {
    let content_type = match content_type {
        "" => "application/octet-stream",
        given => given,
    };
    HttpResponse {
        status: 200,
        headers: [("content-type".to_owned(), content_type.to_owned())].into(),
        ..HttpResponse::default()
    }
}

/// A stream that ends before its time ends its connection: the client has the status already.
fn end(ended: &Ended, _: Option<&str>) -> Last {
    let reason = match ended.as_ref().map(|served| &served.outcome) {
        Ok(Outcome::Response(_)) => return Ok(Bytes::new()),
        Ok(Outcome::Error(error)) => error.to_string(),
        Ok(Outcome::Failed(failure)) => failure.to_string(),
        Err(error) => error.to_string(),
    };
    eprintln!("a streamed answer breaks off: {reason}");
    Err(io::Error::other(reason))
}

/// The answer in HTTP, and the names of the headers that HTTP does not allow.
fn http_answer(response: HttpResponse) -> (Answer, Vec<String>) {
    let mut answer = text_answer(response.status, response.body);
    let cookies = response.cookies.into_iter();
    let cookies = cookies.map(|cookie| ("set-cookie".to_owned(), cookie));
    let mut invalid = Vec::new();
    for (name, value) in response.headers.into_iter().chain(cookies) {
        if OF_THE_CONNECTION.contains(&name.as_str()) {
            continue;
        }
        match (name.parse::<HeaderName>(), HeaderValue::try_from(value)) {
            (Ok(name), Ok(value)) => {
                answer.headers_mut().append(name, value);
            }
            _ => invalid.push(name),
        }
    }
    (answer, invalid)
}

fn headers(parts: &Parts) -> BTreeMap<String, String> {
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in &parts.headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        headers
            .entry(name.as_str().to_owned())
            .and_modify(|values| {
                values.push(if name == COOKIE { ';' } else { ',' });
                values.push_str(&value);
            })
            .or_insert_with(|| value.into_owned());
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_headers_of_their_own_and_bytes_stay_bytes() {
        let response = HttpResponse {
            status: 200,
            headers: [
                ("content-encoding".to_owned(), "gzip".to_owned()),
                ("content-length".to_owned(), "7".to_owned()),
                ("x-broken".to_owned(), "a\nb".to_owned()),
            ]
            .into(),
            cookies: vec!["a=1; Path=/".to_owned(), "b=2".to_owned()],
            body: vec![0x1f, 0x8b].into(),
            refused: None,
        };
        let (answer, invalid) = http_answer(response);
        assert_eq!(invalid, ["x-broken"]);
        let cookies: Vec<_> = answer.headers().get_all("set-cookie").iter().collect();
        assert_eq!(cookies, ["a=1; Path=/", "b=2"]);
        assert_eq!(answer.headers()["content-encoding"], "gzip");
        assert!(!answer.headers().contains_key("content-length"));
    }

    #[test]
    fn values_of_one_header_are_joined() {
        let request = axum::http::Request::get("/")
            .header("x-tag", "a")
            .header("x-tag", "b")
            .header("cookie", "a=1")
            .header("cookie", "b=2");
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let headers = headers(&parts);
        assert_eq!(
            (&*headers["x-tag"], &*headers["cookie"]),
            ("a,b", "a=1;b=2")
        );
    }
}
