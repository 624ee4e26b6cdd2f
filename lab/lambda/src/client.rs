//! What the client of an HTTP API in front of the function gets, whatever happened behind it.

use std::collections::BTreeMap;

use crate::event::{HttpResponse, http_response};
use crate::{Invocation, Outcome, Refused, Served};

impl Invocation {
    /// What API Gateway makes of it: the function's response, or 500 for an error, a crash, a timeout and a response that
    /// it cannot read.
    pub fn client(&self) -> HttpResponse {
        match &self.outcome {
            Outcome::Response(payload) => {
                http_response(payload).unwrap_or_else(|_| message(500, "Internal Server Error"))
            }
            Outcome::Error { .. } | Outcome::Failed(_) => message(500, "Internal Server Error"),
        }
    }
}

impl Refused {
    /// What API Gateway makes of it. Two of these are not confirmed: the 503 for a throttled function (a REST API gives
    /// 500 there; 503 is what an HTTP API gives when it cannot reach an integration) and the 413 for a request that is too
    /// large for Lambda but not for API Gateway.
    pub fn client(&self) -> HttpResponse {
        match self {
            Self::Throttled(_) => message(503, "Service Unavailable"),
            Self::TooLarge { .. } => message(413, "Request Entity Too Large"),
            Self::Start(_) => message(500, "Internal Server Error"),
        }
    }
}

/// What the client of an HTTP API gets, for an invocation or a refusal alike.
pub fn client_response(served: &Result<Served, Refused>) -> HttpResponse {
    match served {
        Ok(served) => served.invocation.client(),
        Err(refused) => refused.client(),
    }
}

fn message(status: u16, text: &str) -> HttpResponse {
    HttpResponse {
        status,
        headers: BTreeMap::from([("content-type".to_owned(), "application/json".to_owned())]),
        body: serde_json::json!({ "message": text }).to_string(),
    }
}
