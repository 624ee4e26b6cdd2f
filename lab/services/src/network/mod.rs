//! The network to each service: how far it is, and what the service does with its own time.

pub mod counts;
pub(crate) mod delay;
pub mod delay_check;
pub(crate) mod listener;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The way to one service.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Link {
    /// The time of one round trip of bytes.
    pub round_trip: Duration,
    /// The service's own time for one request. It is not distance: a handshake does not pay it.
    pub service_time: Duration,
    /// The service's own time for a new session, for example to check an IAM token.
    pub session_setup: Duration,
}

/// The way to every service. The default is loopback: no distance and no time beyond what the programs themselves need.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Network {
    /// To PostgreSQL through RDS Proxy.
    pub database: Link,
    /// To ElastiCache.
    pub cache: Link,
    /// To Parameter Store.
    pub parameters: Link,
}

/// A stretch of time in which a client of a service waited: from the arrival of its last bytes until the service's answer has left.
/// What a service sends to a client that waits for nothing belongs to none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// Its bytes arrived on this machine, before any modelled distance.
    pub start: Instant,
    /// The last of the answer was written.
    pub end: Instant,
}

/// A [`Link`] that may change while connections are open, and the waits of its clients.
#[derive(Debug, Default)]
pub(crate) struct LiveLink {
    link: Mutex<Link>,
    watched: AtomicBool,
    waits: Mutex<Vec<Wait>>,
}

impl LiveLink {
    pub fn set(&self, link: Link) {
        *self.link.lock().expect("no holder panics") = link;
    }

    pub fn get(&self) -> Link {
        *self.link.lock().expect("no holder panics")
    }

    /// Notes a wait, if anybody has ever asked for them.
    pub fn note(&self, wait: Wait) {
        if self.watched.load(Ordering::Relaxed) {
            self.waits.lock().expect("no holder panics").push(wait);
        }
    }

    /// The waits since the last call; the first one begins the noting.
    pub fn take_waits(&self) -> Vec<Wait> {
        self.watched.store(true, Ordering::Relaxed);
        std::mem::take(&mut *self.waits.lock().expect("no holder panics"))
    }
}
