//! The network to each neighbour: how far it is, and what it does with its own time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The way to one neighbour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Link {
    /// The time that bytes need to the neighbour and back.
    pub round_trip: Duration,
    /// The neighbour's own time for one request. It is not distance: a handshake does not pay it.
    pub service_time: Duration,
    /// The neighbour's own time for a new session, for example to check an IAM token.
    pub session_setup: Duration,
}

/// The way to every neighbour. The default is loopback: no distance and no time beyond what the programs themselves need.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Network {
    /// To PostgreSQL through RDS Proxy.
    pub database: Link,
    /// To ElastiCache.
    pub cache: Link,
    /// To Parameter Store.
    pub parameters: Link,
}

/// A [`Link`] that may change while connections are open.
#[derive(Debug, Default)]
pub(crate) struct LiveLink {
    round_trip: AtomicU64,
    service_time: AtomicU64,
    session_setup: AtomicU64,
}

impl LiveLink {
    pub fn set(&self, link: Link) {
        self.round_trip
            .store(link.round_trip.as_nanos() as u64, Ordering::Relaxed);
        self.service_time
            .store(link.service_time.as_nanos() as u64, Ordering::Relaxed);
        self.session_setup
            .store(link.session_setup.as_nanos() as u64, Ordering::Relaxed);
    }

    pub fn get(&self) -> Link {
        Link {
            round_trip: self.round_trip(),
            service_time: Duration::from_nanos(self.service_time.load(Ordering::Relaxed)),
            session_setup: Duration::from_nanos(self.session_setup.load(Ordering::Relaxed)),
        }
    }

    pub fn round_trip(&self) -> Duration {
        Duration::from_nanos(self.round_trip.load(Ordering::Relaxed))
    }
}
