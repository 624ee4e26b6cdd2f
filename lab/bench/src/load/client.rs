//! How a request reaches what is loaded, and whether an answer is right.

use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use lab_lambda::api_gateway::HttpRequest;
use lab_lambda::{InvokeError, Outcome, Served, Service, Start, TraceHeader, client_response};

use super::http::Pool;
use super::strategy::Expect;
use crate::event::Events;

/// Characters of a wrong answer's body that tell it apart.
const TOLD: usize = 100;

/// The way to what is loaded.
pub enum Client {
    /// The emulated service, in this process.
    Service(Box<Service>),
    /// The same, with the events of the function's own instead of the strategy's request.
    Events(Box<Service>, Rotation),
    /// HTTP.
    Http(Pool),
    /// Panics.
    #[cfg(test)]
    Broken,
}

/// Which of a function's events is next.
pub struct Rotation {
    events: Events,
    sent: AtomicUsize,
}

impl From<Events> for Rotation {
    fn from(events: Events) -> Self {
        Self {
            events,
            sent: AtomicUsize::new(0),
        }
    }
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The content type, or nothing.
    pub content_type: String,
    /// The whole body.
    pub body: Bytes,
    /// True where the request waited for an init phase; only the emulated service tells.
    pub cold: bool,
    /// What went wrong behind the answer, as far as the emulated service tells.
    pub cause: Option<String>,
}

impl Client {
    /// The emulated service, if it is what this leads to.
    pub fn service(self) -> Option<Box<Service>> {
        match self {
            Self::Service(service) | Self::Events(service, _) => Some(service),
            Self::Http(_) => None,
            #[cfg(test)]
            Self::Broken => None,
        }
    }

    /// One `GET`, or the next event. An error is a request that got no answer.
    pub async fn get(&self, path: &str) -> Result<Reply, String> {
        match self {
            Self::Service(service) => Ok(invoke(service, path).await),
            Self::Events(service, rotation) => Ok(next(service, rotation).await),
            Self::Http(pool) => pool.get().await,
            #[cfg(test)]
            Self::Broken => panic!("no client of this kind"),
        }
    }
}

async fn invoke(service: &Service, path: &str) -> Reply {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let event = HttpRequest {
        query,
        ..HttpRequest::new("GET", path)
    }
    .event();
    let served = service.invoke(&event, &TraceHeader::new(false)).await;
    reply(&served)
}

/// Sends the next event. What must hold for its answer is known here, and told as the cause where it does not.
async fn next(service: &Service, rotation: &Rotation) -> Reply {
    let event = rotation
        .events
        .at(rotation.sent.fetch_add(1, Ordering::Relaxed));
    let trace = TraceHeader::new(false);
    let served = service.invoke(&event.payload, &trace).await;
    let wrong = || event.check(&served.as_ref().ok()?.outcome).err();
    Reply {
        cause: cause(&served).or_else(|| wrong().map(|wrong| format!("{wrong:#}"))),
        ..reply(&served)
    }
}

fn reply(served: &Result<Served, InvokeError>) -> Reply {
    let response = client_response(served);
    Reply {
        status: response.status,
        content_type: response
            .headers
            .get("content-type")
            .cloned()
            .unwrap_or_default(),
        body: response.body,
        cold: served
            .as_ref()
            .is_ok_and(|served| !matches!(served.start, Start::Warm)),
        cause: cause(served).or(response.refused),
    }
}

fn cause(served: &Result<Served, InvokeError>) -> Option<String> {
    match served {
        Ok(served) => failure(&served.outcome),
        Err(InvokeError::Throttled(reason)) => Some(format!("throttled by Lambda, {reason}")),
        Err(error) => Some(error.to_string()),
    }
}

fn failure(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Response(_) => None,
        Outcome::Error(error) => Some(error.kind.clone()),
        Outcome::Failed(failure) => Some(failure.to_string()),
    }
}

/// What a right answer is.
#[derive(Debug, Clone, Default)]
pub struct Right {
    /// What the strategy expects.
    pub expect: Expect,
    /// The one right body, where it is known.
    pub body: Option<Bytes>,
    /// True where the client has checked the answer itself: events know what must hold.
    pub checked: bool,
}

impl Right {
    /// What is wrong with an answer, in words that are the same for answers that are wrong alike.
    pub fn wrong(&self, reply: &Reply) -> Option<String> {
        let Reply {
            status,
            content_type,
            body,
            cause,
            ..
        } = reply;
        if let Some(cause) = cause {
            return Some(format!("{status}: {cause}"));
        }
        if self.checked {
            return None;
        }
        let Expect {
            status: wanted,
            content_type: wanted_type,
        } = &self.expect;
        let is_status = wanted.map_or(*status < 400, |wanted| *status == wanted);
        if !is_status {
            let text: String = String::from_utf8_lossy(body).chars().take(TOLD).collect();
            return Some(format!("{status}: {text}"));
        }
        if let Some(wanted) = wanted_type
            && !content_type.contains(wanted.as_str())
        {
            return Some(format!("{status} with content type {content_type:?}"));
        }
        let other = self.body.as_ref().is_some_and(|wanted| wanted != body);
        other.then(|| format!("{status} with another body than the first answer's"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, content_type: &str, body: &'static str) -> Reply {
        Reply {
            status,
            content_type: content_type.to_owned(),
            body: Bytes::from_static(body.as_bytes()),
            cold: false,
            cause: None,
        }
    }

    #[test]
    fn an_answer_is_right_as_the_strategy_says() {
        let expect = Expect {
            status: Some(200),
            content_type: Some("json".to_owned()),
        };
        let body = Some(Bytes::from_static(b"[]"));
        let right = Right {
            expect,
            body,
            ..Right::default()
        };
        let wrong = |reply: Reply| right.wrong(&reply);
        assert_eq!(wrong(reply(200, "application/json", "[]")), None);
        assert_eq!(
            wrong(reply(503, "application/json", "{}")).unwrap(),
            "503: {}"
        );
        assert_eq!(
            wrong(reply(200, "text/plain", "[]")).unwrap(),
            "200 with content type \"text/plain\""
        );
        assert!(wrong(reply(200, "application/json", "[1]")).is_some());
        let throttled = Reply {
            cause: Some("throttled".to_owned()),
            ..reply(503, "application/json", "{}")
        };
        assert_eq!(wrong(throttled).unwrap(), "503: throttled");
    }

    #[test]
    fn without_an_expectation_every_status_below_400_is_right() {
        let right = Right::default();
        assert_eq!(right.wrong(&reply(304, "", "")), None);
        assert!(right.wrong(&reply(404, "", "")).is_some());
    }
}
