//! An invocation whose answer is passed on as it comes.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::Frame;
use lab_lambda::{InvokeError, Request, StreamPart};
use tokio::sync::{mpsc, oneshot};

use super::Served;

/// Parts that wait for a client who reads slowly.
const PARTS: usize = 16;

/// What became of an invocation.
pub(super) type Ended = Result<lab_lambda::Served, InvokeError>;

/// An invocation under way. When it is dropped before its answer, its environment ends.
pub(super) struct Invoking {
    parts: mpsc::Receiver<StreamPart>,
    end: Pin<Box<dyn Future<Output = Ended> + Send>>,
    ended: Option<Ended>,
}

/// What comes next.
pub(super) enum Next {
    Part(StreamPart),
    /// Nothing comes behind it.
    Ended(Ended),
}

impl Invoking {
    pub(super) fn begin(served: &Arc<Served>, request: Request) -> Self {
        let (stream, parts) = mpsc::channel(PARTS);
        let served = Arc::clone(served);
        let request = Request {
            stream: Some(stream),
            ..request
        };
        Self {
            parts,
            end: Box::pin(async move { served.service.request(request).await }),
            ended: None,
        }
    }

    /// A part of a streamed answer, or the end of the invocation behind the last one. What is given up stays.
    pub(super) async fn next(&mut self) -> Next {
        if self.ended.is_none() {
            tokio::select! {
                biased;
                Some(part) = self.parts.recv() => return Next::Part(part),
                ended = &mut self.end => self.ended = Some(ended),
            }
        }
        match (self.parts.try_recv(), self.ended.take()) {
            (Ok(part), ended) => {
                self.ended = ended;
                Next::Part(part)
            }
            (Err(_), Some(ended)) => Next::Ended(ended),
            (Err(_), None) => unreachable!("nobody asks behind the end"),
        }
    }
}

impl Invoking {
    /// What [`Invoking::next`] has told of the end, to be told once more.
    pub(super) fn put_back(&mut self, ended: Ended) {
        self.ended = Some(ended);
    }
}

/// What the client gets at the end: the last bytes, if there are any, or a connection that breaks off.
pub(super) type Last = io::Result<Bytes>;

/// The rest of an answer: `first`, then what comes, each part as `chunk` has it, then what `end` makes of the invocation and
/// of its log, if that is wanted.
pub(super) fn body(
    mut invoking: Invoking,
    first: Option<Bytes>,
    chunk: fn(&Bytes) -> Bytes,
    log: Option<oneshot::Receiver<String>>,
    end: fn(&Ended, Option<&str>) -> Last,
) -> Body {
    let (client, parts) = mpsc::channel(PARTS);
    tokio::spawn(async move {
        let mut part = first;
        loop {
            if let Some(part) = part.take()
                && client.send(Ok(chunk(&part))).await.is_err()
            {
                // The client has left.
                return;
            }
            match invoking.next().await {
                Next::Part(StreamPart::Data(data)) => part = Some(data),
                Next::Part(StreamPart::Begin { .. }) => {}
                Next::Ended(ended) => {
                    let log = match log {
                        Some(log) => log.await.ok(),
                        None => None,
                    };
                    let last = end(&ended, log.as_deref());
                    if !last.as_ref().is_ok_and(Bytes::is_empty) {
                        let _ = client.send(last).await;
                    }
                    return;
                }
            }
        }
    });
    Body::new(Parts(parts))
}

struct Parts(mpsc::Receiver<io::Result<Bytes>>);

impl HttpBody for Parts {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let next = self.0.poll_recv(context);
        next.map(|part| part.map(|part| part.map(Frame::data)))
    }
}
