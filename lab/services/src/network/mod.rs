//! The network to each service: how far it is, and what the service does with its own time.

pub mod counts;
pub(crate) mod delay;
pub mod delay_check;
pub(crate) mod listener;

use std::sync::Mutex;
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
pub(crate) struct LiveLink(Mutex<Link>);

impl LiveLink {
    pub fn set(&self, link: Link) {
        *self.0.lock().expect("no holder panics") = link;
    }

    pub fn get(&self) -> Link {
        *self.0.lock().expect("no holder panics")
    }
}
