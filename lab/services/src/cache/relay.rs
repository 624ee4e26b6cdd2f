//! Carries bytes between a client and the cache, and counts commands and replies as they go by.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::UnixStream;

use super::Relay;
use super::resp::{self, ReplyKind};
use crate::network::counts::{Counter, Counters};
use crate::network::delay::{Delayed, pause};

impl Relay {
    /// Carries bytes until the client or the cache leaves.
    pub async fn carry(&self, stream: Delayed) -> io::Result<()> {
        let stream = self.listener.handshake(stream).await?;
        pause(self.listener.link.get().session_setup).await?;
        let mut cache = UnixStream::connect(&self.socket).await?;
        let (mut from_client, mut to_client) = tokio::io::split(stream);
        let (mut from_cache, mut to_cache) = cache.split();
        let observer = Observer::new(Arc::clone(&self.listener.counters));
        tokio::select! {
            _ = self.requests(&observer, &mut from_client, &mut to_cache) => {}
            _ = replies(&observer, &mut from_cache, &mut to_client) => {}
        }
        to_client.shutdown().await
    }

    async fn requests(
        &self,
        observer: &Observer,
        client: &mut (impl AsyncRead + Unpin),
        cache: &mut (impl AsyncWrite + Unpin),
    ) -> io::Result<()> {
        let mut chunk = BytesMut::with_capacity(16 * 1024);
        let mut unread = Unread::default();
        while client.read_buf(&mut chunk).await? > 0 {
            if observer.commands(&mut unread, &chunk) {
                pause(self.listener.link.get().service_time).await?;
            }
            cache.write_all(&chunk).await?;
            chunk.clear();
        }
        Ok(())
    }
}

async fn replies(
    observer: &Observer,
    cache: &mut (impl AsyncRead + Unpin),
    client: &mut (impl AsyncWrite + Unpin),
) -> io::Result<()> {
    let mut chunk = BytesMut::with_capacity(16 * 1024);
    let mut unread = Unread::default();
    while cache.read_buf(&mut chunk).await? > 0 {
        observer.replies(&mut unread, &chunk);
        client.write_all(&chunk).await?;
        client.flush().await?;
        chunk.clear();
    }
    Ok(())
}

/// Bytes of a message whose end has not come yet; nothing more is read once they turn out not to be RESP. The cache itself
/// tells the client.
#[derive(Default)]
struct Unread {
    bytes: BytesMut,
    malformed: bool,
}

impl Unread {
    fn add(&mut self, chunk: &[u8]) {
        if !self.malformed {
            self.bytes.extend_from_slice(chunk);
        }
    }

    fn next<T>(
        &mut self,
        parse: impl Fn(&[u8]) -> Result<Option<T>, resp::Malformed>,
        length: impl Fn(&T) -> usize,
    ) -> Option<T> {
        let Ok(parsed) = parse(&self.bytes) else {
            self.malformed = true;
            self.bytes.clear();
            return None;
        };
        self.bytes.advance(parsed.as_ref().map_or(0, length));
        parsed
    }
}

/// What a connection's commands are still waiting for.
struct Observer {
    counters: Arc<Counters>,
    /// For each command without a reply: whether it is a `GET`.
    unanswered: Mutex<VecDeque<bool>>,
}

impl Observer {
    fn new(counters: Arc<Counters>) -> Self {
        Self {
            counters,
            unanswered: Mutex::default(),
        }
    }

    /// Counts commands; true if they begin a new request. A client that sends on before it has its answers does not wait
    /// again: that is the same request.
    fn commands(&self, unread: &mut Unread, chunk: &[u8]) -> bool {
        self.counters
            .add(Counter::CacheBytesReceived, chunk.len() as u64);
        unread.add(chunk);
        let mut unanswered = self.unanswered.lock().expect("no holder panics");
        let was_idle = unanswered.is_empty();
        while let Some(command) = unread.next(resp::command, |command| command.length) {
            self.counters.add(Counter::CacheCommands, 1);
            match command.name.as_str() {
                "GET" => self.counters.add(Counter::CacheGets, 1),
                "SET" => self.counters.add(Counter::CacheSets, 1),
                _ => {}
            }
            unanswered.push_back(command.name == "GET");
        }
        let begins = was_idle && !unanswered.is_empty();
        self.counters.add(Counter::CacheRequests, u64::from(begins));
        self.counters
            .add(Counter::CacheRoundTrips, u64::from(begins));
        begins
    }

    fn replies(&self, unread: &mut Unread, chunk: &[u8]) {
        self.counters
            .add(Counter::CacheBytesSent, chunk.len() as u64);
        unread.add(chunk);
        let mut unanswered = self.unanswered.lock().expect("no holder panics");
        while let Some(reply) = unread.next(resp::reply, |reply| reply.length) {
            if reply.kind == ReplyKind::Push {
                continue;
            }
            if unanswered.pop_front() == Some(true) {
                match reply.kind {
                    ReplyKind::Null => self.counters.add(Counter::CacheMisses, 1),
                    ReplyKind::Value => self.counters.add(Counter::CacheHits, 1),
                    ReplyKind::Error | ReplyKind::Push => {}
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn counts_do_not_depend_on_where_the_streams_are_cut(gets in 1..20_u64, sets in 0..20_u64, cut in 1..60_usize) {
            let get = resp::encode(&[b"get", b"stadiums"]).repeat(gets as usize);
            let set = resp::encode(&[b"SET", b"stadiums", b"\r\n$-1\r\n"]).repeat(sets as usize);
            let answers = ["$2\r\n[]\r\n".repeat(gets as usize), "+OK\r\n".repeat(sets as usize)].concat();
            let observer = Observer::new(Arc::default());
            let (mut requests, mut replies) = (Unread::default(), Unread::default());
            for chunk in [get, set].concat().chunks(cut) {
                observer.commands(&mut requests, chunk);
            }
            for chunk in answers.as_bytes().chunks(cut) {
                observer.replies(&mut replies, chunk);
            }
            let counts = observer.counters.read();
            prop_assert_eq!(counts[Counter::CacheRequests], 1);
            prop_assert_eq!(counts[Counter::CacheCommands], gets + sets);
            prop_assert_eq!(counts[Counter::CacheGets], gets);
            prop_assert_eq!(counts[Counter::CacheHits], gets);
            prop_assert_eq!(counts[Counter::CacheMisses], 0);
            prop_assert_eq!(counts[Counter::CacheSets], sets);
        }

        #[test]
        fn arbitrary_streams_are_carried_on(chunks: Vec<Vec<u8>>) {
            let observer = Observer::new(Arc::default());
            let (mut requests, mut replies) = (Unread::default(), Unread::default());
            for chunk in chunks {
                observer.commands(&mut requests, &chunk);
                observer.replies(&mut replies, &chunk);
            }
        }
    }
}
