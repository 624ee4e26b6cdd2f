//! Lambda's Invoke API, as `aws lambda invoke --endpoint-url` and `cargo lambda invoke` call it.

use axum::body::Bytes;
use axum::http::header::{HeaderName, HeaderValue};
use axum::http::request::Parts;
use lab_lambda::{InvokeError, TraceHeader};
use serde_json::json;

use super::{Answer, Served, json_answer, text_answer};

/// The API's path around the function's name.
const BEFORE: &str = "/2015-03-31/functions/";
const BEHIND: &str = "/invocations";

/// The function that a path of the Invoke API names, decoded; none for another path.
pub(super) fn function_of(path: &str) -> Option<String> {
    let name = path.strip_prefix(BEFORE)?.strip_suffix(BEHIND)?;
    // The AWS CLI encodes the colons of an ARN.
    Some(name.replace("%3A", ":").replace("%3a", ":"))
}

/// `05-elasticache`, its number, its package, an ARN that ends with it; with `:$LATEST` or without.
fn is_named(served: &Served, function: &str) -> bool {
    let latest = function
        .strip_suffix(":$LATEST")
        .or_else(|| function.strip_suffix(":%24LATEST"));
    let function = latest.unwrap_or(function);
    let name = &served.target.name;
    let short = function.rsplit(':').next().unwrap_or(function);
    let bare = short.strip_prefix("step-").unwrap_or(short);
    let number = name
        .split_once('-')
        .and_then(|(it, _)| it.parse::<u32>().ok());
    bare == name || number.is_some() && bare.parse().ok() == number
}

pub(super) async fn answer(served: &Served, function: &str, parts: &Parts, event: Bytes) -> Answer {
    if !is_named(served, function) {
        let message = format!(
            "Function not found: {function}. This lab serves {}",
            served.target.name
        );
        return error(404, "ResourceNotFoundException", &message, None);
    }
    if parts.method != axum::http::Method::POST {
        let message = "invocations are asked for by POST";
        return error(405, "MethodNotAllowedException", message, None);
    }
    // Without a payload the event is an empty object.
    let event = if event.is_empty() {
        Bytes::from_static(b"{}")
    } else {
        event
    };
    if let Err(problem) = serde_json::from_slice::<serde::de::IgnoredAny>(&event) {
        let message = format!("Could not parse request body into json: {problem}");
        return error(400, "InvalidRequestContentException", &message, None);
    }
    match header(parts, "x-amz-invocation-type") {
        "" | "RequestResponse" => request_response(served, &event).await,
        "DryRun" => text_answer(204, Bytes::new()),
        other => {
            let message = format!("the lab knows RequestResponse and DryRun, not {other:?}");
            error(400, "InvalidParameterValueException", &message, None)
        }
    }
}

async fn request_response(served: &Served, event: &Bytes) -> Answer {
    let invoked = served.service.invoke(event, &TraceHeader::new(false)).await;
    let invoked = match invoked {
        Ok(invoked) => invoked,
        Err(error) => return not_invoked(&error),
    };
    let mut answer = text_answer(200, invoked.payload());
    let mut set = |name, value: &str| {
        if let Ok(value) = HeaderValue::try_from(value) {
            answer
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
    };
    set("content-type", "application/json");
    set("x-amz-executed-version", "$LATEST");
    set("x-amzn-requestid", &invoked.request_id);
    if invoked.outcome.is_function_error() {
        set("x-amz-function-error", "Unhandled");
    }
    answer
}

fn not_invoked(problem: &InvokeError) -> Answer {
    eprintln!("refused: {problem}");
    match problem {
        InvokeError::Throttled(reason) => error(
            429,
            "TooManyRequestsException",
            "Rate Exceeded.",
            Some(&reason.to_string()),
        ),
        InvokeError::TooLarge { .. } => {
            error(413, "RequestTooLargeException", &problem.to_string(), None)
        }
        InvokeError::Start(_) => error(500, "ServiceException", &problem.to_string(), None),
    }
}

fn header<'a>(parts: &'a Parts, name: &str) -> &'a str {
    let value = parts.headers.get(name);
    value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// An error in the form of the Lambda API.
fn error(status: u16, kind: &'static str, message: &str, reason: Option<&str>) -> Answer {
    let who = if status < 500 { "User" } else { "Service" };
    let mut body = json!({"Type": who, "message": message});
    if let Some(reason) = reason {
        body["Reason"] = reason.into();
    }
    let mut answer = json_answer(status, &body);
    answer.headers_mut().insert(
        HeaderName::from_static("x-amzn-errortype"),
        HeaderValue::from_static(kind),
    );
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_names_the_function() {
        let of = |name: &str| function_of(&format!("/2015-03-31/functions/{name}/invocations"));
        assert_eq!(of("05-elasticache").as_deref(), Some("05-elasticache"));
        assert_eq!(
            of("arn%3Aaws%3Alambda:x").as_deref(),
            Some("arn:aws:lambda:x")
        );
        assert_eq!(function_of("/"), None);
        assert_eq!(function_of("/2015-03-31/functions/x"), None);
    }
}
