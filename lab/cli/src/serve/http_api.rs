//! What API Gateway's HTTP API makes of a request and of the function's answer.

use std::collections::BTreeMap;

use axum::http::header::{HeaderName, HeaderValue};
use axum::http::request::Parts;
use lab_lambda::api_gateway::HttpRequest;
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

/// Hands the request to the function, whatever its path and method: a step answers what is not its business itself.
pub(super) async fn answer(served: &Served, parts: &Parts, body: &[u8]) -> Answer {
    let Ok(body) = std::str::from_utf8(body) else {
        let message = "the lab passes on text alone, and this body is no UTF-8";
        return json_answer(415, &json!({ "message": message }));
    };
    let event = HttpRequest {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        headers: headers(parts),
        body,
    }
    .event();
    let trace = TraceHeader::new(false);
    let invoked = tokio::time::timeout(served.timeout, served.service.invoke(&event, &trace)).await;
    let Ok(invoked) = invoked else {
        return json_answer(503, &json!({"message": "Service Unavailable"}));
    };
    if let Err(error) = &invoked {
        eprintln!("{} {} refused: {error}", parts.method, parts.uri.path());
    }
    let response = client_response(&invoked);
    let mut answer = text_answer(response.status, response.body);
    for (name, value) in response.headers {
        let header = (
            HeaderName::try_from(name.as_str()),
            HeaderValue::try_from(value),
        );
        if let (Ok(known), Ok(value)) = header
            && !OF_THE_CONNECTION.contains(&name.as_str())
        {
            answer.headers_mut().insert(known, value);
        }
    }
    answer
}

fn headers(parts: &Parts) -> BTreeMap<String, String> {
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in &parts.headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        headers
            .entry(name.as_str().to_owned())
            .and_modify(|values| {
                values.push(',');
                values.push_str(&value);
            })
            .or_insert_with(|| value.into_owned());
    }
    headers
}
