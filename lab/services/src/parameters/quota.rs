//! Parameter Store's shared quota.

use std::time::{Duration, Instant};

/// A quota that refills evenly: after a quiet second its whole rate is there at once.
#[derive(Debug)]
pub(super) struct Quota {
    per_second: Option<u32>,
    /// The time by which everything granted so far is paid back.
    paid_back: Instant,
}

impl Quota {
    /// `None` grants everything.
    pub fn new(per_second: Option<u32>, now: Instant) -> Self {
        Self {
            per_second,
            paid_back: now,
        }
    }

    /// Takes one request out of the quota, if there is room.
    pub fn grant(&mut self, now: Instant) -> bool {
        let Some(per_second) = self.per_second else {
            return true;
        };
        let Some(price) = Duration::from_secs(1).checked_div(per_second) else {
            return false;
        };
        let paid_back = self.paid_back.max(now) + price;
        let granted = paid_back <= now + Duration::from_secs(1);
        if granted {
            self.paid_back = paid_back;
        }
        granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_grants_its_rate_and_no_more() {
        let start = Instant::now();
        let mut quota = Quota::new(Some(40), start);
        let granted = |quota: &mut Quota, now| (0..100).filter(|_| quota.grant(now)).count();
        assert_eq!(granted(&mut quota, start), 40);
        assert_eq!(granted(&mut quota, start + Duration::from_millis(250)), 10);
        assert_eq!(granted(&mut quota, start + Duration::from_mins(1)), 40);
        assert_eq!(granted(&mut Quota::new(None, start), start), 100);
        assert_eq!(granted(&mut Quota::new(Some(0), start), start), 0);
    }
}
