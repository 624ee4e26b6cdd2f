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
    Database(BoxError),
    Encoding(serde_json::Error),
}

impl Error {
    /// Writes the cause to the log. What the client did wrong is no failure of the function.
    pub fn log(&self) {
        let (what, cause): (_, &(dyn std::error::Error + 'static)) = match self {
            Self::NotFound | Self::MethodNotAllowed => return,
            Self::Database(cause) => ("the database cannot be read", cause.as_ref()),
            Self::Encoding(cause) => ("the rows cannot be encoded", cause),
        };
        error!(cause = causes(cause), "{what}");
    }

    /// The response. It tells the client nothing of the cause.
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
            Self::Database(_) | Self::Encoding(_) => failure(
                StatusCode::SERVICE_UNAVAILABLE,
                Headers::JSON,
                "the stadiums are not available",
            ),
        }
    }
}

fn failure(status: StatusCode, headers: Headers, message: &str) -> Response {
    Response::Failure(Payload {
        status_code: status.as_u16(),
        headers,
        body: format!(r#"{{"error":"{message}"}}"#),
    })
}
