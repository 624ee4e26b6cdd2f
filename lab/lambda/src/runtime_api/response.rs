//! The runtime's response to an invocation, in one piece or streamed.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::HeaderMap;
use tokio::runtime::Handle;

use super::exchange::Exchange;
use super::messages::{ApiError, ReportedError, StreamPart};
use super::{Call, RUNTIME_ERROR_TYPE};

/// The trailer that carries an error in the middle of a stream, base64.
const RUNTIME_ERROR_BODY: &str = "lambda-runtime-function-error-body";

/// How long a response that broke off waits for the reason: a process that has died is told as that.
const REASON: Duration = Duration::from_millis(100);

impl Call<'_> {
    /// Reads the response, and answers the invocation with it, with an error that its end reports, or with what is wrong
    /// with it.
    pub(super) async fn response(self, request_id: &str) -> Result<(), ApiError> {
        let exchange = Arc::clone(self.exchange);
        let mut response = Unfinished {
            exchange: Arc::clone(&exchange),
            request_id: request_id.to_owned(),
            is_finished: false,
        };
        let is_streamed = self.header("lambda-runtime-function-response-mode") == Some("streaming");
        let (limit, read) = if is_streamed {
            let limit = exchange.identity.largest_stream;
            (limit, self.streamed(request_id, limit).await)
        } else {
            let limit = exchange.identity.largest_response;
            (limit, self.read().await.map(Ok))
        };
        let (answer, refused) = match read {
            Ok(answer) => (answer, None),
            Err(error @ ApiError(413, ..)) => (Err(too_large(limit)), Some(error)),
            // It broke off, or there is no such invocation.
            Err(error) => return Err(error),
        };
        response.is_finished = true;
        exchange.answer(request_id, answer)?;
        refused.map_or(Ok(()), Err)
    }

    /// Hands the parts on to the caller, or collects them for a caller who waits for the whole.
    async fn streamed(
        mut self,
        request_id: &str,
        limit: usize,
    ) -> Result<Result<Bytes, ReportedError>, ApiError> {
        let caller = self.exchange.stream(request_id)?;
        if let Some(caller) = &caller {
            let content_type = self.header("content-type").unwrap_or_default().to_owned();
            // A caller who has left does not stop the function.
            let _ = caller.send(StreamPart::Begin { content_type }).await;
        }
        let (mut collected, mut length, mut trailers) = (BytesMut::new(), 0, None);
        while let Some(frame) = self.body.frame().await {
            let frame = frame.map_err(|error| ApiError::invalid_format(&error))?;
            match frame.into_data() {
                Ok(data) => {
                    length += data.len();
                    if length > limit {
                        // The rest is read, too: a runtime that is still sending would not see the answer.
                        while let Some(Ok(_)) = self.body.frame().await {}
                        return Err(ApiError::too_large(limit));
                    }
                    match &caller {
                        Some(caller) => drop(caller.send(StreamPart::Data(data)).await),
                        None => collected.extend_from_slice(&data),
                    }
                }
                Err(frame) => trailers = frame.into_trailers().ok(),
            }
        }
        let reported = trailers.and_then(|trailers| reported(&trailers));
        Ok(reported.map_or(Ok(collected.freeze()), Err))
    }
}

/// The error in the trailers of a stream.
fn reported(trailers: &HeaderMap) -> Option<ReportedError> {
    let text = |name: &str| trailers.get(name)?.to_str().ok();
    let kind = text(RUNTIME_ERROR_TYPE)?;
    let body = text(RUNTIME_ERROR_BODY).unwrap_or_default();
    let body = STANDARD.decode(body).unwrap_or_default();
    Some(ReportedError::read(Some(kind), body.into()))
}

fn too_large(limit: usize) -> ReportedError {
    let message =
        format!("Response payload size exceeded maximum allowed payload size ({limit} bytes).");
    ReportedError::new("Function.ResponseSizeTooLarge", &message)
}

/// A response that is being read. If its end does not come, the invocation fails in the words of Lambda's Runtime Interface
/// Emulator, unless it has by then.
struct Unfinished {
    exchange: Arc<Exchange>,
    request_id: String,
    is_finished: bool,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        if self.is_finished {
            return;
        }
        let (exchange, request_id) = (Arc::clone(&self.exchange), self.request_id.clone());
        runtime.spawn(async move {
            tokio::time::sleep(REASON).await;
            let message = "the runtime's response broke off before its end";
            let error = ReportedError::new("Runtime.TruncatedResponse", message);
            let _ = exchange.answer(&request_id, Err(error));
        });
    }
}
