//! Parameter Store's HTTPS endpoint.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use uuid::Uuid;

use super::api::{Api, ApiError};
use crate::network::counts::Counter;
use crate::network::delay::{Delayed, pause};
use crate::network::listener::Listener;
use crate::{Credentials, REGION};

/// The largest request body that is read, in bytes: many times what ten names or one value need.
const LARGEST_BODY: usize = 64 * 1024;

pub(super) struct Server {
    pub listener: Arc<Listener>,
    pub credentials: Credentials,
    pub api: Arc<Api>,
}

impl Server {
    /// Serves one connection, kept alive as long as the client likes.
    pub async fn connection(self: Arc<Self>, stream: Delayed) {
        let Ok(stream) = self.listener.handshake(stream).await else {
            return;
        };
        if pause(self.listener.link.get().session_setup).await.is_err() {
            return;
        }
        let service = service_fn(|request| self.respond(request));
        // A connection that breaks off is the client's to notice.
        let _ = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service)
            .await;
    }

    async fn respond(
        &self,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, Infallible> {
        self.listener.counters.add(Counter::ParametersRequests, 1);
        self.listener.counters.add(Counter::ParametersRoundTrips, 1);
        let (head, body) = request.into_parts();
        let answer = match self.check_caller(&head.headers) {
            Err(error) => Err(error),
            Ok(()) => match Limited::new(body, LARGEST_BODY).collect().await {
                Err(_) => Err(ApiError::new(
                    "ValidationException",
                    "The request's body is too large or incomplete.",
                )),
                Ok(body) => self
                    .api
                    .call(header(&head.headers, "x-amz-target"), &body.to_bytes()),
            },
        };
        // Should the timer fail, the answer is early, which is better than none.
        let _ = pause(self.listener.link.get().service_time).await;
        Ok(response(answer))
    }

    /// Checks who calls by the access key and the session token. The signature must be there, but it is not verified: what
    /// the lab is about is who may log in to the database, and the proxy there verifies every byte.
    fn check_caller(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        let authorization = headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        let Some(authorization) = authorization else {
            return Err(ApiError::new(
                "MissingAuthenticationTokenException",
                "Missing Authentication Token",
            ));
        };
        let fields = authorization.strip_prefix("AWS4-HMAC-SHA256 ");
        let field = |name: &str| {
            let mut fields = fields?.split(',').map(str::trim);
            fields.find_map(|field| field.strip_prefix(name))
        };
        let (Some(credential), Some(_), Some(_)) = (
            field("Credential="),
            field("SignedHeaders="),
            field("Signature="),
        ) else {
            return Err(ApiError::new(
                "IncompleteSignatureException",
                "The Authorization header is no AWS4-HMAC-SHA256 signature.",
            ));
        };
        let mut parts = credential.split('/');
        let right = parts.next() == Some(self.credentials.access_key_id.as_str())
            && parts.nth(1) == Some(REGION)
            && parts.eq(["ssm", "aws4_request"])
            && header(headers, "x-amz-security-token") == self.credentials.session_token;
        if right {
            return Ok(());
        }
        Err(ApiError::new(
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        ))
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

fn response(answer: Result<Value, ApiError>) -> Response<Full<Bytes>> {
    let (status, error, body) = match answer {
        Ok(body) => (StatusCode::OK, None, body),
        Err(error) => (StatusCode::BAD_REQUEST, Some(error.name), error.body()),
    };
    let mut response = Response::new(Full::from(body.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/x-amz-json-1.1"),
    );
    let id = HeaderValue::try_from(Uuid::new_v4().to_string());
    headers.insert("x-amzn-requestid", id.expect("digits and hyphens"));
    if let Some(error) = error {
        headers.insert("x-amzn-errortype", HeaderValue::from_static(error));
    }
    response
}
