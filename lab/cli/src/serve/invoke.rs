//! Lambda's Invoke API, as `aws lambda invoke --endpoint-url`, the SDKs and `cargo lambda invoke` call it.

use std::io;
use std::sync::Arc;

use axum::body::Bytes;
use axum::http::header::{HeaderName, HeaderValue};
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lab_lambda::{InvokeError, Outcome, Request, StreamPart, TraceHeader};
use serde_json::{Map, Value, json};
use tokio::sync::oneshot;

use super::lambda_api::{error, error_because, find, header};
use super::stream::{Ended, Invoking, Last, Next, body};
use super::{Answer, Served, event_stream, text_answer};

/// The way in which the caller wants the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// In one piece.
    Whole,
    /// As the function streams it.
    Streamed,
}

/// Invokes the function, if it is the one that is called.
pub(super) async fn answer(
    served: &Arc<Served>,
    (way, function): (Way, &str),
    parts: &Parts,
    event: Bytes,
) -> Answer {
    let checked = find(served, function, parts).and_then(|()| request(parts, event));
    let (request, log) = match checked {
        Ok(checked) => checked,
        Err(refused) => return *refused,
    };
    match (header(parts, "x-amz-invocation-type"), way) {
        ("" | "RequestResponse", Way::Whole) => whole(served, request, log).await,
        ("" | "RequestResponse", Way::Streamed) => streamed(served, request, log).await,
        ("DryRun", _) => text_answer(204, Bytes::new()),
        (other, _) => {
            let message = format!("the lab knows RequestResponse and DryRun, not {other:?}");
            error(400, "InvalidParameterValueException", &message)
        }
    }
}

type Log = Option<oneshot::Receiver<String>>;

/// What is asked for, and the log if that is wanted.
fn request(parts: &Parts, event: Bytes) -> Result<(Request, Log), Box<Answer>> {
    if parts.method != axum::http::Method::POST {
        let message = "invocations are asked for by POST";
        return Err(error(405, "MethodNotAllowedException", message).into());
    }
    // Without a payload the event is an empty object.
    let event = if event.is_empty() {
        Bytes::from_static(b"{}")
    } else {
        event
    };
    let invalid = |message: &str| Box::new(error(400, "InvalidRequestContentException", message));
    if let Err(problem) = serde_json::from_slice::<serde::de::IgnoredAny>(&event) {
        let message = format!("Could not parse request body into json: {problem}");
        return Err(invalid(&message));
    }
    let client_context = client_context(header(parts, "x-amz-client-context"))
        .map_err(|()| invalid("Client context must be a valid Base64-encoded JSON object."))?;
    let trace = TraceHeader::continued(header(parts, "x-amzn-trace-id"));
    let trace = trace.unwrap_or_else(|| TraceHeader::new(false));
    let (log, logged) = oneshot::channel();
    let wants_log = header(parts, "x-amz-log-type") == "Tail";
    let request = Request {
        client_context,
        log: wants_log.then_some(log),
        ..Request::new(&event, &trace)
    };
    Ok((request, wants_log.then_some(logged)))
}

/// The JSON object that a caller encodes, in ASCII: a header carries it.
fn client_context(encoded: &str) -> Result<Option<String>, ()> {
    if encoded.is_empty() {
        return Ok(None);
    }
    let json = STANDARD.decode(encoded).map_err(drop)?;
    let object: Map<String, Value> = serde_json::from_slice(&json).map_err(drop)?;
    let mut ascii = String::new();
    for character in Value::Object(object).to_string().chars() {
        if matches!(character, ' '..='~') {
            ascii.push(character);
        } else {
            let units = character.encode_utf16(&mut [0; 2]).to_vec();
            ascii.extend(units.iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    Ok(Some(ascii))
}

async fn whole(served: &Arc<Served>, request: Request, log: Log) -> Answer {
    let invoked = match served.service.request(request).await {
        Ok(invoked) => invoked,
        Err(error) => return not_invoked(&error),
    };
    let limit = served.service.function().platform.largest_response;
    let mut payload = invoked.payload();
    let mut failed = invoked.outcome.is_function_error();
    // What is streamed may be larger, and this caller does not take it so.
    if payload.len() > limit {
        let message =
            format!("Response payload size exceeded maximum allowed payload size ({limit} bytes).");
        let kind = "Function.ResponseSizeTooLarge";
        payload = json!({"errorType": kind, "errorMessage": message})
            .to_string()
            .into();
        failed = true;
    }
    let mut answer = text_answer(200, payload);
    set(&mut answer, "content-type", "application/json");
    set(&mut answer, "x-amz-executed-version", "$LATEST");
    set(&mut answer, "x-amzn-requestid", &invoked.request_id);
    if failed {
        set(&mut answer, "x-amz-function-error", "Unhandled");
    }
    if let Some(log) = log
        && let Ok(log) = log.await
    {
        set(&mut answer, "x-amz-log-result", &STANDARD.encode(log));
    }
    answer
}

fn set(answer: &mut Answer, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::try_from(value) {
        let name = HeaderName::from_static(name);
        answer.headers_mut().insert(name, value);
    }
}

async fn streamed(served: &Arc<Served>, request: Request, log: Log) -> Answer {
    let mut invoking = Invoking::begin(served, request);
    let first = match invoking.next().await {
        Next::Ended(Err(error)) => return not_invoked(&error),
        Next::Ended(ended) => {
            invoking.put_back(ended);
            None
        }
        Next::Part(StreamPart::Data(data)) => Some(data),
        Next::Part(StreamPart::Begin { .. }) => None,
    };
    let mut answer = text_answer(200, Bytes::new());
    *answer.body_mut() = body(invoking, first, payload_chunk, log, complete);
    set(
        &mut answer,
        "content-type",
        "application/vnd.amazon.eventstream",
    );
    set(&mut answer, "x-amz-executed-version", "$LATEST");
    answer
}

fn payload_chunk(data: &Bytes) -> Bytes {
    event_stream::event("PayloadChunk", "application/octet-stream", data)
}

/// What was not streamed, and the end. `ErrorCode` and `ErrorDetails` are the API's fields; that they hold the type of the
/// error and its payload is inferred.
fn complete(ended: &Ended, log: Option<&str>) -> Last {
    let mut last = Vec::new();
    let mut complete = json!({});
    match ended {
        Ok(served) => match &served.outcome {
            Outcome::Response(payload) if payload.is_empty() => {}
            Outcome::Response(payload) => last.extend(payload_chunk(payload)),
            Outcome::Error(error) => complete["ErrorCode"] = error.kind.as_str().into(),
            Outcome::Failed(failure) => complete["ErrorCode"] = failure.error_type().into(),
        },
        Err(problem) => return Err(io::Error::other(problem.to_string())),
    }
    if let Ok(served) = ended
        && served.outcome.is_function_error()
    {
        let details = served.payload();
        complete["ErrorDetails"] = String::from_utf8_lossy(&details).into();
    }
    if let Some(log) = log {
        complete["LogResult"] = STANDARD.encode(log).into();
    }
    let complete = complete.to_string();
    last.extend(event_stream::event(
        "InvokeComplete",
        "application/json",
        complete.as_bytes(),
    ));
    Ok(last.into())
}

fn not_invoked(problem: &InvokeError) -> Answer {
    eprintln!("refused: {problem}");
    match problem {
        InvokeError::Throttled(reason) => error_because(
            429,
            "TooManyRequestsException",
            "Rate Exceeded.",
            Some(&reason.to_string()),
        ),
        InvokeError::TooLarge { .. } => {
            error(413, "RequestTooLargeException", &problem.to_string())
        }
        InvokeError::Start(_) => error(500, "ServiceException", &problem.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_caller_says_of_itself_fits_a_header() {
        let encode = |text: &str| client_context(&STANDARD.encode(text));
        assert_eq!(client_context(""), Ok(None));
        let told = encode("{\"custom\": {\"a\":\n\"\u{e9}\u{1f600}\"}}")
            .unwrap()
            .unwrap();
        assert_eq!(told, r#"{"custom":{"a":"\u00e9\ud83d\ude00"}}"#);
        for odd in [encode("[]"), encode("{"), client_context("%")] {
            assert_eq!(odd, Err(()));
        }
    }
}
