//! Who may send: not too much at a time, who knows the code, and what is not too large and is there in time.

use std::net::IpAddr;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use http_body_util::BodyExt as _;

use super::limiter::Limiter;
use super::locked;
use super::routes::said;

/// The header with the room's code, or the facilitator's.
pub const CODE: &str = "x-board-code";

/// Bytes of a request's body.
const LARGEST: usize = 64 << 10;
/// What is read and thrown away of a larger one, so that its sender hears why.
const DRAINED: usize = 4 << 20;
/// A body is there within this time.
const SLOWEST: Duration = Duration::from_secs(10);

/// Who sends.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// What is asked of everybody who sends.
#[derive(Debug)]
pub struct Admission {
    limiter: Mutex<Limiter>,
    facilitator: String,
}

impl Admission {
    /// The facilitator's code is right wherever a code is asked for.
    pub fn new(facilitator: String) -> Self {
        Self {
            limiter: Mutex::default(),
            facilitator,
        }
    }

    /// The body of a request that may be sent: not too many of them, with the right code, not too large, and in time.
    ///
    /// # Errors
    /// The answer that says why not.
    pub async fn admit(
        &self,
        Peer(address): Peer,
        code: Option<&str>,
        request: Request,
    ) -> Result<Vec<u8>, Response> {
        let taken = locked(&self.limiter).take(address, Instant::now());
        let (head, body) = request.into_parts();
        let Ok(body) = tokio::time::timeout(SLOWEST, whole(body)).await else {
            let told = format!("the request was not there within {} s", SLOWEST.as_secs());
            return Err(said(StatusCode::REQUEST_TIMEOUT, &told));
        };
        if let Err(wait) = taken {
            let seconds = wait.as_secs() + 1;
            let told = format!("too much was sent from {address}: try again in {seconds} s");
            let mut answer = said(StatusCode::TOO_MANY_REQUESTS, &told);
            answer.headers_mut().insert(RETRY_AFTER, seconds.into());
            return Err(answer);
        }
        if let Some(code) = code
            && !self.is_known(&head.headers, code)
        {
            return Err(said(
                StatusCode::FORBIDDEN,
                "the code is wrong, or missing: ask in the room; `--code WORD`, or the header X-Board-Code",
            ));
        }
        body.map_err(|told| said(StatusCode::PAYLOAD_TOO_LARGE, &told))
    }

    /// The facilitator may do what everybody may.
    fn is_known(&self, headers: &HeaderMap, code: &str) -> bool {
        let given = headers.get(CODE).map(HeaderValue::as_bytes);
        [code, &self.facilitator]
            .iter()
            .any(|code| given == Some(code.as_bytes()))
    }
}

/// All of a body, unless it is too large; a broken one is as much as came.
async fn whole(mut body: Body) -> Result<Vec<u8>, String> {
    let (mut kept, mut came) = (Vec::new(), 0);
    while let Some(Ok(frame)) = body.frame().await {
        let Ok(data) = frame.into_data() else {
            continue;
        };
        came += data.len();
        if came <= LARGEST {
            kept.extend_from_slice(&data);
        } else if came > DRAINED {
            break;
        }
    }
    if came > LARGEST {
        return Err(format!(
            "{came} bytes are too many: a line has 299 characters, and {} kB may be sent at once",
            LARGEST >> 10
        ));
    }
    Ok(kept)
}
