//! Distance: a connection whose bytes arrive late, accurate to well below a millisecond.
//!
//! The whole round trip lies on the way from the client to the server, so that a client waits exactly one round trip for
//! an answer. A connection's first bytes take one more, for the TCP handshake that loopback gives away. Each chunk of
//! bytes has an arrival time of its own: chunks that are sent one after the other overlap on the way, as they do in a
//! real network. tokio's timers tick once a millisecond, so timerfd does the waiting.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::{LiveLink, Wait};

/// What one read from the socket may bring.
const CHUNK: usize = 16 * 1024;

/// Bytes that may be under way at once on one connection; then the sender has to wait, as it does for a full window.
const WINDOW: usize = 1024 * 1024;

/// A client's connection, seen through the network.
pub(crate) struct Delayed {
    stream: TcpStream,
    link: Arc<LiveLink>,
    opened: Instant,
    under_way: VecDeque<(Instant, BytesMut)>,
    bytes_under_way: usize,
    ended: bool,
    timer: Timer,
    /// Since when the client has waited for an answer, or, once it has some of it, for more.
    waiting: Option<Instant>,
}

impl Delayed {
    pub fn new(stream: TcpStream, link: Arc<LiveLink>) -> io::Result<Self> {
        // A reply of two small writes must not wait for the client's delayed acknowledgement.
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            link,
            opened: Instant::now(),
            under_way: VecDeque::new(),
            bytes_under_way: 0,
            ended: false,
            timer: Timer::default(),
            waiting: None,
        })
    }

    /// Bytes of the client have arrived: it waits from now on. What it sent before without an answer, as the end of a handshake,
    /// it did not wait for.
    fn begin_to_wait(&mut self) {
        self.waiting = Some(Instant::now());
    }

    /// Some of the answer has left.
    fn have_answered(&mut self) {
        if let Some(start) = self.waiting {
            let end = Instant::now();
            self.link.note(Wait { start, end });
            self.waiting = Some(end);
        }
    }

    /// Takes all bytes that the socket has, and notes when each chunk is to be delivered.
    fn take_arrived(&mut self, context: &mut Context<'_>, round_trip: Duration) -> io::Result<()> {
        while !self.ended
            && self.bytes_under_way < WINDOW
            && self.stream.poll_read_ready(context)?.is_ready()
        {
            let mut chunk = BytesMut::with_capacity(CHUNK);
            let length = match self.stream.try_read_buf(&mut chunk) {
                // Asked again, the socket remembers whom to wake.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                result => result?,
            };
            self.ended = length == 0;
            if !self.ended {
                self.begin_to_wait();
            }
            let due = (Instant::now() + round_trip).max(self.opened + 2 * round_trip);
            // Bytes never overtake each other, not even when the round trip has just become shorter.
            let due = self
                .under_way
                .back()
                .map_or(due, |(last, _)| due.max(*last));
            self.bytes_under_way += length;
            self.under_way.push_back((due, chunk));
        }
        Ok(())
    }
}

impl AsyncRead for Delayed {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let round_trip = this.link.get().round_trip;
        if round_trip.is_zero() && this.under_way.is_empty() {
            let before = into.filled().len();
            let read = Pin::new(&mut this.stream).poll_read(context, into);
            if into.filled().len() > before {
                this.begin_to_wait();
            }
            return read;
        }
        this.take_arrived(context, round_trip)?;
        let Some((due, chunk)) = this.under_way.front_mut() else {
            return if this.ended {
                Poll::Ready(Ok(()))
            } else {
                Poll::Pending
            };
        };
        ready!(this.timer.poll_until(context, *due))?;
        let length = chunk.len().min(into.remaining());
        into.put_slice(&chunk[..length]);
        chunk.advance(length);
        this.bytes_under_way -= length;
        if chunk.is_empty() {
            this.under_way.pop_front();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Delayed {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        if matches!(written, Poll::Ready(Ok(_))) {
            self.have_answered();
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// Waits for `duration`, which may be far below a millisecond. No duration costs nothing.
pub async fn pause(duration: Duration) -> io::Result<()> {
    if duration.is_zero() {
        return Ok(());
    }
    let due = Instant::now() + duration;
    let mut timer = Timer::default();
    std::future::poll_fn(|context| timer.poll_until(context, due)).await
}

/// A timer of the kernel, opened when it is first needed.
#[derive(Default)]
struct Timer {
    descriptor: Option<AsyncFd<Descriptor>>,
    set_to: Option<Instant>,
}

impl Timer {
    fn poll_until(&mut self, context: &mut Context<'_>, due: Instant) -> Poll<io::Result<()>> {
        loop {
            let now = Instant::now();
            if due <= now {
                return Poll::Ready(Ok(()));
            }
            let descriptor = match &mut self.descriptor {
                Some(descriptor) => descriptor,
                none => none.insert(Descriptor::open()?),
            };
            if self.set_to != Some(due) {
                let wait = Expiration::OneShot((due - now).into());
                descriptor
                    .get_ref()
                    .0
                    .set(wait, TimerSetTimeFlags::empty())?;
                self.set_to = Some(due);
            }
            // The clock decides, not the descriptor: what is ready may be an earlier setting that has gone off.
            ready!(descriptor.poll_read_ready(context))?.clear_ready();
        }
    }
}

struct Descriptor(TimerFd);

impl Descriptor {
    #[allow(
        deprecated,
        reason = "the descriptor is owned, which is what the function cannot check; its successor is unsafe"
    )]
    fn open() -> io::Result<AsyncFd<Self>> {
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        AsyncFd::new(Self(TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?))
    }
}

impl AsRawFd for Descriptor {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_fd().as_raw_fd()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::network::Link;

    #[tokio::test]
    async fn bytes_arrive_whole_and_in_order_also_when_the_distance_changes() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let link = Arc::new(LiveLink::default());
        let distance = |microseconds| {
            let round_trip = Duration::from_micros(microseconds);
            link.set(Link {
                round_trip,
                ..Link::default()
            });
        };
        distance(2_000);
        let (stream, _) = listener.accept().await.unwrap();
        let mut server = Delayed::new(stream, Arc::clone(&link)).unwrap();

        // More than is allowed to be under way.
        let sent = (0..3 * WINDOW)
            .map(|number| (number / 7) as u8)
            .collect::<Vec<_>>();
        let expected = sent.clone();
        let sender = tokio::spawn(async move { client.write_all(&sent).await });
        let mut received = vec![0; WINDOW];
        server.read_exact(&mut received).await.unwrap();
        distance(100);
        received.resize(2 * WINDOW, 0);
        server.read_exact(&mut received[WINDOW..]).await.unwrap();
        distance(0);
        server.read_to_end(&mut received).await.unwrap();
        sender.await.unwrap().unwrap();
        assert!(received == expected);
    }
}
