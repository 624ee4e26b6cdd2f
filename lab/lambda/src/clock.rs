//! The clock on the wall, as AWS's formats have it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The time since 1970-01-01 UTC.
pub(crate) fn since_epoch() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

/// The same in milliseconds, the unit of deadlines.
pub(crate) fn epoch_ms() -> u64 {
    since_epoch().as_millis() as u64
}
