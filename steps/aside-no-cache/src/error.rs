//! Causes, and the response a client may see.

use http::StatusCode;
use support::BoxError;
use support::log::causes;
use tracing::error;

use crate::gateway::{Headers, Payload, Response};

/// Why a request is not answered with the stadiums.
pub enum Error {
    NotFound,
    MethodNotAllowed,
    Parameters(BoxError),
    Database(BoxError),
    Encoding(serde_json::Error),
}

impl Error {
    /// The response. A cause goes to the log, never to the client.
    pub fn response(&self) -> Response {
        match self {
            Self::NotFound => failure(StatusCode::NOT_FOUND, Headers::JSON, "not found"),
            Self::MethodNotAllowed => {
                let headers = Headers {
                    allow: Some("GET"),
                    ..Headers::JSON
                };
                failure(
                    StatusCode::METHOD_NOT_ALLOWED,
                    headers,
                    "method not allowed",
                )
            }
            Self::Parameters(cause) => unavailable("the parameters cannot be read", cause.as_ref()),
            Self::Database(cause) => unavailable("the database cannot be read", cause.as_ref()),
            Self::Encoding(cause) => unavailable("the rows cannot be encoded", cause),
        }
    }
}

fn unavailable(what: &str, cause: &(dyn std::error::Error + 'static)) -> Response {
    error!(cause = causes(cause), "{what}");
    failure(
        StatusCode::SERVICE_UNAVAILABLE,
        Headers::JSON,
        "the stadiums are not available",
    )
}

fn failure(status: StatusCode, headers: Headers, message: &str) -> Response {
    Response::Failure(Payload {
        status_code: status.as_u16(),
        headers,
        body: format!(r#"{{"error":"{message}"}}"#),
    })
}
