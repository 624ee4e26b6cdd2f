//! The network to each service: how far it is, and what the service does with its own time.

pub mod counts;
pub(crate) mod delay;
pub mod delay_check;
pub(crate) mod listener;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

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

/// A [`Link`] that may change while connections are open.
#[derive(Debug, Default)]
pub(crate) struct LiveLink {
    round_trip: LiveDuration,
    service_time: LiveDuration,
    session_setup: LiveDuration,
}

impl LiveLink {
    pub fn set(&self, link: Link) {
        self.round_trip.set(link.round_trip);
        self.service_time.set(link.service_time);
        self.session_setup.set(link.session_setup);
    }

    pub fn get(&self) -> Link {
        Link {
            round_trip: self.round_trip.get(),
            service_time: self.service_time.get(),
            session_setup: self.session_setup.get(),
        }
    }

    pub fn round_trip(&self) -> Duration {
        self.round_trip.get()
    }
}

/// Nanoseconds.
#[derive(Debug, Default)]
struct LiveDuration(AtomicU64);

impl LiveDuration {
    fn set(&self, duration: Duration) {
        self.0.store(duration.as_nanos() as u64, Ordering::Relaxed);
    }

    fn get(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }
}
