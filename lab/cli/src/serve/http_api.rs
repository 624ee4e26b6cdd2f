//! What API Gateway's HTTP API makes of a request and of the function's answer.

use std::collections::BTreeMap;

use axum::http::header::{COOKIE, HeaderName, HeaderValue};
use axum::http::request::Parts;
use lab_lambda::api_gateway::{HttpRequest, HttpResponse};
use lab_lambda::{TraceHeader, client_response};
use serde_json::json;

use super::{Answer, Served, json_answer, text_answer};

/// Headers of a function's answer that belong to the connection: hyper writes its own.
const OF_THE_CONNECTION: [&str; 4] = [
    "connection",
    "content-length",
    "keep-alive",
    "transfer-encoding",
];

/// Hands the request to the function, whatever its path and method: a step answers what is not its business itself. Why
/// the client gets another answer than the function's is told on standard error.
pub(super) async fn answer(served: &Served, parts: &Parts, body: &[u8]) -> Answer {
    let refused = |reason: &str| {
        eprintln!("{} {} refused: {reason}", parts.method, parts.uri.path());
    };
    let trace = TraceHeader::new(false);
    let mut headers = headers(parts);
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
    let invoked = tokio::time::timeout(served.timeout, served.service.invoke(&event, &trace)).await;
    let Ok(invoked) = invoked else {
        let seconds = served.timeout.as_secs();
        refused(&format!("the function has not answered for {seconds} s"));
        return json_answer(503, &json!({"message": "Service Unavailable"}));
    };
    let response = client_response(&invoked);
    if let Some(reason) = &response.refused {
        refused(reason);
    }
    let (answer, invalid) = http_answer(response);
    for header in invalid {
        eprintln!(
            "{} {}: the header {header} is left out of the answer: HTTP allows no such name or value",
            parts.method,
            parts.uri.path()
        );
    }
    answer
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
