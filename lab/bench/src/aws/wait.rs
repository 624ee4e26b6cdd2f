//! How long to wait before AWS is asked again. Its quotas are those of an account in a Region, and forty people who measure at
//! the same time share them: who asks rarely, and at another moment than the others, is answered.

use std::time::Duration;

/// A test with a stand-in for AWS need not wait for it: milliseconds instead of a first pause's length.
const FOR_TESTS: &str = "LAB_AWS_PAUSE_MS";

/// Pauses that grow by half each time, up to a longest, each between half and one and a half times as long as the last said:
/// those who began together ask at different moments.
pub(super) struct Pauses {
    next: Duration,
    longest: Duration,
}

impl Pauses {
    /// Around `first` to begin with.
    pub(super) fn new(first: Duration, longest: Duration) -> Self {
        let for_tests = std::env::var(FOR_TESTS).ok().and_then(|ms| ms.parse().ok());
        Self {
            next: for_tests.map_or(first, Duration::from_millis),
            longest,
        }
    }

    /// Waits.
    pub(super) async fn pause(&mut self) {
        tokio::time::sleep(self.length()).await;
    }

    fn length(&mut self) -> Duration {
        let now = self.next;
        self.next = (now * 3 / 2).min(self.longest);
        now.mul_f64(0.5 + fastrand::f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_the_longest_and_differ() {
        let mut pauses = Pauses {
            next: Duration::from_secs(4),
            longest: Duration::from_secs(9),
        };
        for middle in [4.0, 6.0, 9.0, 9.0] {
            let length = pauses.length().as_secs_f64();
            assert!((middle * 0.5..middle * 1.5).contains(&length), "{length}");
        }
        let first = || {
            let next = Duration::from_secs(4);
            Pauses { next, ..pauses }.length()
        };
        assert_ne!(first(), first());
    }
}
