//! Causes, and the response a client may see.

use lambda_http::Response;
use lambda_http::http::header::{ALLOW, CONTENT_TYPE};
use lambda_http::http::{HeaderValue, StatusCode};
use support::BoxError;
use support::log::causes;
use tracing::error;

/// Why a request is not answered with the stadiums.
pub enum Error {
    NotFound,
    MethodNotAllowed,
    Parameters(BoxError),
    Database(BoxError),
    Encoding(serde_json::Error),
}

impl Error {
    /// Writes the cause to the log. What the client did wrong is no failure of the function.
    pub fn log(&self) {
        let (what, cause): (_, &(dyn std::error::Error + 'static)) = match self {
            Self::NotFound | Self::MethodNotAllowed => return,
            Self::Parameters(cause) => ("the parameters cannot be read", cause.as_ref()),
            Self::Database(cause) => ("the database cannot be read", cause.as_ref()),
            Self::Encoding(cause) => ("the rows cannot be encoded", cause),
        };
        error!(cause = causes(cause), "{what}");
    }

    /// The response. It tells the client nothing of the cause.
    pub fn response(&self) -> Response<String> {
        match self {
            Self::NotFound => failure(StatusCode::NOT_FOUND, "not found"),
            Self::MethodNotAllowed => {
                let mut response = failure(StatusCode::METHOD_NOT_ALLOWED, "method not allowed");
                response
                    .headers_mut()
                    .insert(ALLOW, HeaderValue::from_static("GET"));
                response
            }
            Self::Parameters(_) | Self::Database(_) | Self::Encoding(_) => failure(
                StatusCode::SERVICE_UNAVAILABLE,
                "the stadiums are not available",
            ),
        }
    }
}

fn failure(status: StatusCode, message: &str) -> Response<String> {
    json(status, format!(r#"{{"error":"{message}"}}"#))
}

/// A response with a JSON body.
pub fn json(status: StatusCode, body: String) -> Response<String> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
