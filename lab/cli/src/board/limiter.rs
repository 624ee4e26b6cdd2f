//! How much one address may send.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Addresses that are remembered before those are forgotten that may send as much as a new one.
const REMEMBERED: usize = 1024;

/// So many at once, and one more after each pause. A room behind one address may send at the same time.
const BURST: f64 = 60.0;
const PAUSE: Duration = Duration::from_secs(1);

/// A token bucket for each address.
#[derive(Debug, Default)]
pub struct Limiter(HashMap<IpAddr, (f64, Instant)>);

impl Limiter {
    /// Takes one, or says after what time there will be one.
    pub fn take(&mut self, address: IpAddr, now: Instant) -> Result<(), Duration> {
        if self.0.len() > REMEMBERED {
            self.0.retain(|_, bucket| filled(*bucket, now) < BURST);
        }
        let bucket = self.0.entry(address).or_insert((BURST, now));
        *bucket = (filled(*bucket, now), now);
        if bucket.0 < 1.0 {
            return Err(PAUSE.mul_f64(1.0 - bucket.0));
        }
        bucket.0 -= 1.0;
        Ok(())
    }
}

fn filled((tokens, since): (f64, Instant), now: Instant) -> f64 {
    let passed = now.saturating_duration_since(since);
    (tokens + passed.div_duration_f64(PAUSE)).min(BURST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_sends_a_thousand_a_minute_is_told_to_wait_and_the_others_are_not() {
        let (mut limiter, begin) = (Limiter::default(), Instant::now());
        let [loud, quiet] = [[10, 0, 0, 1], [10, 0, 0, 2]].map(IpAddr::from);
        let at = |number: u32| begin + Duration::from_mins(1) / 1000 * number;
        let taken = (0..1000).filter(|number| limiter.take(loud, at(*number)).is_ok());
        let taken = taken.count();
        assert!(
            (110..=120).contains(&taken),
            "60 at once, then one a second: {taken}"
        );
        let wait = limiter.take(loud, at(999)).unwrap_err();
        assert!(wait <= PAUSE, "{wait:?}");
        limiter.take(quiet, at(999)).unwrap();
        limiter.take(loud, at(999) + wait).unwrap();
    }

    #[test]
    fn addresses_are_forgotten() {
        let (mut limiter, begin) = (Limiter::default(), Instant::now());
        for number in 0..10 * REMEMBERED as u32 {
            let now = begin + Duration::from_secs(number.into());
            limiter
                .take(IpAddr::from(number.to_be_bytes()), now)
                .unwrap();
        }
        assert!(limiter.0.len() <= REMEMBERED + 1);
    }
}
