//! Lambda's API: which operation is called, of which function.

use axum::http::header::{HeaderName, HeaderValue};
use axum::http::request::Parts;
use serde_json::json;

use super::{Answer, Served, json_answer};

/// What the API has beside functions, as far as its paths begin with it (API reference, "Actions").
const RESOURCES: [&str; 9] = [
    "account-settings",
    "capacity-providers",
    "code-signing-configs",
    "durable-executions",
    "event-source-mappings",
    "functions",
    "layers",
    "layers-by-arn",
    "tags",
];

/// An operation of the API; functions as they are called, decoded.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Invoke(String),
    InvokeWithResponseStream(String),
    /// The lab does not have it.
    Other,
}

/// The operation that a path means; none for a path that is the function's own.
pub(super) fn operation(path: &str) -> Option<Operation> {
    let named = |before: &str, behind: &str| {
        let name = path.strip_prefix(before)?.strip_suffix(behind)?;
        (!name.contains('/')).then(|| decoded(name))
    };
    if let Some(name) = named("/2015-03-31/functions/", "/invocations") {
        return Some(Operation::Invoke(name));
    }
    let streaming = "/response-streaming-invocations";
    if let Some(name) = named("/2021-11-15/functions/", streaming) {
        return Some(Operation::InvokeWithResponseStream(name));
    }
    let mut segments = path.split('/').skip(1);
    let is_version = segments.next().is_some_and(is_date);
    let is_known = segments.next().is_some_and(|it| RESOURCES.contains(&it));
    (is_version && is_known).then_some(Operation::Other)
}

/// `2015-03-31`
fn is_date(text: &str) -> bool {
    let digits = |it: &str, count| it.len() == count && it.bytes().all(|it| it.is_ascii_digit());
    let parts: Vec<&str> = text.split('-').collect();
    matches!(&parts[..], [year, month, day] if digits(year, 4) && digits(month, 2) && digits(day, 2))
}

/// The AWS CLI encodes the colons of an ARN, and the `$` of `$LATEST`.
fn decoded(text: &str) -> String {
    text.replace("%3A", ":")
        .replace("%3a", ":")
        .replace("%24", "$")
}

/// A function as it is called (its name, an ARN, the part of an ARN from the account on), and its version or alias.
fn name_and_qualifier(function: &str) -> (&str, Option<&str>) {
    let bare = function
        .rsplit_once("function:")
        .map_or(function, |it| it.1);
    match bare.split_once(':') {
        Some((name, qualifier)) => (name, Some(qualifier)),
        None => (bare, None),
    }
}

/// Whether what is called is what is served: the function's name, the step's, its number, its package, with `$LATEST` or
/// without. An answer otherwise.
pub(super) fn find(served: &Served, function: &str, parts: &Parts) -> Result<(), Box<Answer>> {
    let (name, derived) = name_and_qualifier(function);
    let query = parts.uri.query().unwrap_or_default().split('&');
    let mut asked = query
        .filter_map(|it| it.strip_prefix("Qualifier="))
        .map(decoded);
    let asked = asked.next().filter(|it| !it.is_empty());
    let own = &served.service.function().name;
    if name != own && !is_step(&served.target.name, name) {
        let message = format!("Function not found: {function}. This lab serves {own}");
        return Err(error(404, "ResourceNotFoundException", &message).into());
    }
    if let (Some(derived), Some(asked)) = (derived, &asked)
        && derived != asked
    {
        let message =
            "The derived qualifier from the function name does not match the specified qualifier.";
        return Err(error(400, "InvalidParameterValueException", message).into());
    }
    match asked.as_deref().or(derived) {
        None | Some("$LATEST") => Ok(()),
        Some(other) => {
            let arn = served.service.function().arn();
            let message = format!(
                "Function not found: {arn}:{other}. The lab has $LATEST, and no versions and aliases"
            );
            Err(error(404, "ResourceNotFoundException", &message).into())
        }
    }
}

/// `05-elasticache`, its number, its package.
fn is_step(step: &str, called: &str) -> bool {
    let bare = called.strip_prefix("step-").unwrap_or(called);
    let number = step.split_once('-').and_then(|it| it.0.parse::<u32>().ok());
    bare == step || number.is_some() && bare.parse().ok() == number
}

/// What every operation but the two gets.
pub(super) fn not_there(parts: &Parts) -> Answer {
    let message = format!(
        "{} {}: the lab has Invoke and InvokeWithResponseStream of Lambda's API, and no other operation",
        parts.method,
        parts.uri.path()
    );
    error(501, "NotImplementedException", &message)
}

pub(super) fn header<'a>(parts: &'a Parts, name: &str) -> &'a str {
    let value = parts.headers.get(name);
    value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// An error in the form of the Lambda API.
pub(super) fn error(status: u16, kind: &'static str, message: &str) -> Answer {
    error_because(status, kind, message, None)
}

/// The same with a reason.
pub(super) fn error_because(
    status: u16,
    kind: &'static str,
    message: &str,
    reason: Option<&str>,
) -> Answer {
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
    fn the_path_names_operation_and_function() {
        let invoke = |name: &str| operation(&format!("/2015-03-31/functions/{name}/invocations"));
        let named = |name: &str| Some(Operation::Invoke(name.to_owned()));
        assert_eq!(invoke("05-elasticache"), named("05-elasticache"));
        assert_eq!(invoke("arn%3Aaws%3Alambda:x"), named("arn:aws:lambda:x"));
        assert_eq!(
            operation("/2021-11-15/functions/x/response-streaming-invocations"),
            Some(Operation::InvokeWithResponseStream("x".to_owned()))
        );
        for other in [
            "/2015-03-31/functions/x",
            "/2015-03-31/functions/",
            "/2014-11-13/functions/x/invoke-async",
            "/2021-10-31/functions/x/url",
            "/2015-03-31/event-source-mappings",
            "/2018-10-31/layers",
        ] {
            assert_eq!(operation(other), Some(Operation::Other), "{other}");
        }
        for own in [
            "/",
            "/functions/x",
            "/2015-03-31",
            "/2015-03-31/news",
            "/v1/functions/x",
        ] {
            assert_eq!(operation(own), None, "{own}");
        }
    }

    #[test]
    fn a_function_is_called_in_lambdas_ways() {
        for (called, name, qualifier) in [
            ("orders", "orders", None),
            ("orders:$LATEST", "orders", Some("$LATEST")),
            (
                "arn:aws:lambda:eu-west-1:123456789012:function:orders",
                "orders",
                None,
            ),
            (
                "arn:aws:lambda:eu-west-1:123456789012:function:orders:prod",
                "orders",
                Some("prod"),
            ),
            ("123456789012:function:orders", "orders", None),
        ] {
            assert_eq!(name_and_qualifier(called), (name, qualifier), "{called}");
        }
        assert!(is_step("05-elasticache", "5") && is_step("05-elasticache", "step-05-elasticache"));
        assert!(!is_step("05-elasticache", "06") && !is_step("floor", "x"));
    }
}
