//! How much is measured.

use std::time::Duration;

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// Fresh environments of each target.
    pub rounds: u32,
    /// Warm invocations of each environment that are not kept, as fast as they come, before all others: for a runtime that
    /// compiles while it runs.
    pub warm_up: u32,
    /// Paced warm invocations of each environment.
    pub paced: u32,
    /// Pause before each of them.
    pub gap: Duration,
    /// Invocations of the closed loop, at most.
    pub closed: u32,
    /// Duration of the closed loop, at most.
    pub closed_time: Duration,
}

impl Extent {
    /// Enough for intervals.
    pub const FULL: Self = Self {
        rounds: 12,
        warm_up: 0,
        paced: 30,
        gap: GAP,
        closed: 200,
        closed_time: Duration::from_millis(1500),
    };
    /// A first impression; too few rounds for intervals.
    pub const QUICK: Self = Self {
        rounds: 2,
        warm_up: 0,
        paced: 10,
        gap: GAP,
        closed: 50,
        closed_time: Duration::from_millis(300),
    };
    /// What each memory size gets in a tuning: no closed loop, since nobody chooses a size by it.
    pub const TUNING: Self = Self {
        rounds: 10,
        warm_up: 0,
        paced: 10,
        gap: GAP,
        closed: 0,
        closed_time: Duration::ZERO,
    };
    /// The same, for a first impression.
    pub const QUICK_TUNING: Self = Self {
        rounds: 3,
        ..Self::TUNING
    };
}

/// Far enough apart that every invocation finds the environment frozen, its caches cold and a fresh CPU quota, as with
/// real traffic.
pub const GAP: Duration = Duration::from_millis(25);
