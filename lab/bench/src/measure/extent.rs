//! How much is measured.

use std::time::Duration;

use lab_results::conditions::SPARSE_GAP_MS;

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
    /// Of the random order of the targets in each round.
    pub seed: u64,
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
        seed: 0,
    };
    /// A first impression; too few rounds for intervals.
    pub const QUICK: Self = Self {
        rounds: 2,
        warm_up: 0,
        paced: 10,
        gap: GAP,
        closed: 50,
        closed_time: Duration::from_millis(300),
        seed: 0,
    };
    /// What each memory size gets in a tuning: no closed loop, since nobody chooses a size by it.
    pub const TUNING: Self = Self {
        rounds: 10,
        warm_up: 0,
        paced: 10,
        gap: GAP,
        closed: 0,
        closed_time: Duration::ZERO,
        seed: 0,
    };
    /// The same, for a first impression.
    pub const QUICK_TUNING: Self = Self {
        rounds: 3,
        ..Self::TUNING
    };
}

impl Extent {
    /// The same with the paced invocations this far apart. A second or more apart there are fewer of them and no closed loop.
    #[must_use]
    pub fn apart(self, gap: Duration) -> Self {
        let extent = Self { gap, ..self };
        if !extent.is_sparse() {
            return extent;
        }
        Self {
            rounds: self.rounds.min(10),
            paced: SPARSE_SPAN.div_duration_f64(gap).ceil().max(3.0) as u32,
            closed: 0,
            closed_time: Duration::ZERO,
            ..extent
        }
    }

    /// The same with a random seed, small enough for every reader of JSON.
    #[must_use]
    pub fn seeded(self) -> Self {
        let seed = fastrand::u64(..1 << 53);
        Self { seed, ..self }
    }

    /// Whether the paced invocations are a second or more apart, so that what a function keeps for seconds grows old between
    /// them.
    pub fn is_sparse(&self) -> bool {
        self.gap.as_secs_f64() * 1000.0 >= SPARSE_GAP_MS
    }
}

/// Sparse traffic goes on for this long in each environment: past the ten seconds that the steps' caches hold an answer.
const SPARSE_SPAN: Duration = Duration::from_secs(14);

/// Far enough apart that every invocation finds the environment frozen, its CPU caches cold and a fresh CPU quota. What a
/// function keeps for seconds is fresh each time: `--gap` measures traffic where it is not.
pub const GAP: Duration = Duration::from_millis(25);
