//! Carries messages between a client and its session, and counts what goes by.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::Proxy;
use super::login::Client;
use super::statements;
use super::wire::{self, Message, Messages};
use crate::network::counts::{Counter, Counters};
use crate::network::delay::pause;

/// What both directions of a session have to know.
#[derive(Default)]
struct Progress {
    /// Requests that `ReadyForQuery` has not answered yet.
    unanswered: AtomicU64,
    /// Whether the last `ReadyForQuery` said that a transaction is open.
    in_transaction: AtomicBool,
}

impl Proxy {
    /// Carries messages until the client or PostgreSQL leaves.
    pub async fn relay(&self, client: Client) {
        let Client {
            stream,
            mut messages,
            user,
            database,
            mut session,
        } = client;
        let (mut from_client, mut to_client) = tokio::io::split(stream);
        let progress = Progress::default();
        let client_left = {
            let (mut from_postgresql, mut to_postgresql) = session.stream.split();
            tokio::select! {
                _ = self.requests(&progress, &mut messages, &mut from_client, &mut to_postgresql) => true,
                _ = self.replies(&progress, &mut session.messages, &mut from_postgresql, &mut to_client) => false,
            }
        };
        // Whoever is still there is told; if it is too late for that, nobody is left to care.
        let _ = to_client.shutdown().await;
        if client_left {
            let unanswered = progress.unanswered.load(Ordering::Relaxed);
            let idle = !progress.in_transaction.load(Ordering::Relaxed);
            self.pool
                .give_back(session, &user, &database, unanswered, idle)
                .await;
        }
    }

    async fn requests(
        &self,
        progress: &Progress,
        messages: &mut Messages,
        client: &mut (impl AsyncRead + Unpin),
        session: &mut (impl AsyncWrite + Unpin),
    ) -> io::Result<()> {
        let mut observer = Requests::new(&self.listener.counters);
        loop {
            let mut forward = BytesMut::new();
            let mut left = false;
            let before = observer.waited_for;
            while let Some(message) = messages.next()? {
                left = message.tag() == b'X';
                if left {
                    observer.end_of_session();
                    break;
                }
                let ready_expected = observer.observe(&message);
                progress
                    .unanswered
                    .fetch_add(u64::from(ready_expected), Ordering::Relaxed);
                forward.extend_from_slice(&message.bytes);
            }
            let requests = (observer.waited_for - before) as u32;
            pause(self.listener.link.get().service_time * requests).await?;
            session.write_all(&forward).await?;
            if left || !messages.receive(client).await? {
                return Ok(());
            }
        }
    }

    async fn replies(
        &self,
        progress: &Progress,
        messages: &mut Messages,
        session: &mut (impl AsyncRead + Unpin),
        client: &mut (impl AsyncWrite + Unpin),
    ) -> io::Result<()> {
        while messages.receive(session).await? {
            let mut forward = BytesMut::new();
            while let Some(message) = messages.next()? {
                match message.tag() {
                    b'D' => self.listener.counters.add(Counter::DatabaseRows, 1),
                    b'Z' => {
                        progress
                            .in_transaction
                            .store(message.body() != b"I", Ordering::Relaxed);
                        progress.unanswered.fetch_sub(1, Ordering::Relaxed);
                    }
                    _ => {}
                }
                forward.extend_from_slice(&message.bytes);
            }
            self.listener
                .counters
                .add(Counter::DatabaseBytesSent, forward.len() as u64);
            client.write_all(&forward).await?;
            client.flush().await?;
        }
        Ok(())
    }
}

/// Counts a session's requests as they go by.
struct Requests<'a> {
    counters: &'a Counters,
    /// Requests that the client waits for.
    waited_for: u64,
    pinned: bool,
    /// `Close` messages since the last request.
    closes: u64,
    /// Other messages since the last request.
    others: u64,
    /// The last batch did nothing but close statements.
    only_closed: bool,
}

impl<'a> Requests<'a> {
    fn new(counters: &'a Counters) -> Self {
        Self {
            counters,
            waited_for: 0,
            pinned: false,
            closes: 0,
            others: 0,
            only_closed: false,
        }
    }

    /// Counts a message; true if PostgreSQL will answer it with `ReadyForQuery`.
    fn observe(&mut self, message: &Message) -> bool {
        self.counters
            .add(Counter::DatabaseBytesReceived, message.bytes.len() as u64);
        match message.tag() {
            b'Q' | b'F' => {
                self.counters.add(Counter::DatabaseQueries, 1);
                if message.tag() == b'Q' {
                    self.inspect(wire::text(&mut message.body()));
                }
                self.end_of_request();
                return true;
            }
            b'P' => {
                let mut body = message.body();
                // The statement's name comes first.
                let sql = wire::text(&mut body).and_then(|_| wire::text(&mut body));
                self.inspect(sql);
                self.others += 1;
            }
            b'E' => {
                self.counters.add(Counter::DatabaseQueries, 1);
                self.others += 1;
            }
            b'C' => self.closes += 1,
            b'S' if self.closes > 0 && self.others == 0 => {
                self.counters.add(Counter::DatabaseCloses, self.closes);
                self.closes = 0;
                self.only_closed = true;
                return true;
            }
            b'S' => {
                self.end_of_request();
                return true;
            }
            b'H' => self.end_of_request(),
            _ => self.others += 1,
        }
        false
    }

    fn inspect(&mut self, sql: io::Result<&str>) {
        // PostgreSQL answers text that is not UTF-8 with an error of its own.
        let effects = sql.map(statements::effects).unwrap_or_default();
        self.counters.add(Counter::DatabaseSets, effects.sets);
        if effects.pins && !self.pinned {
            self.pinned = true;
            self.counters.add(Counter::DatabasePinned, 1);
        }
    }

    /// Clients that send several requests without waiting are counted as if they waited for each: what is counted must
    /// not depend on timing.
    fn end_of_request(&mut self) {
        self.counters.add(Counter::DatabaseRoundTrips, 1);
        self.counters.add(Counter::DatabaseRequests, 1);
        self.waited_for += 1;
        self.closes = 0;
        self.others = 0;
        self.only_closed = false;
    }

    /// A client says goodbye when everything it sent has been answered: now the statement that it closed in passing has
    /// cost it a round trip after all.
    fn end_of_session(&mut self) {
        if self.only_closed {
            self.counters.add(Counter::DatabaseRoundTrips, 1);
        }
    }
}
