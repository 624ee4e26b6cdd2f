//! Answers that are cached for a while.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use bytes::Bytes;

#[derive(Debug)]
pub struct Cache {
    size: usize,
    time_to_live: Duration,
    entries: HashMap<String, (Instant, Bytes)>,
}

impl Cache {
    /// A cache for `size` answers; it stays empty if either is zero.
    pub fn new(size: usize, time_to_live: Duration) -> Self {
        Self {
            size,
            time_to_live,
            entries: HashMap::new(),
        }
    }

    /// The answer to a request, if it is there and not too old.
    pub fn get(&self, request: &str, now: Instant) -> Option<Bytes> {
        let (stored, answer) = self.entries.get(request)?;
        (now < *stored + self.time_to_live).then(|| answer.clone())
    }

    /// Caches an answer; the oldest makes room for it.
    pub fn put(&mut self, request: String, answer: Bytes, now: Instant) {
        if self.size == 0 || self.time_to_live.is_zero() {
            return;
        }
        if self.entries.len() >= self.size && !self.entries.contains_key(&request) {
            let oldest = self
                .entries
                .iter()
                .min_by_key(|(_, (stored, _))| *stored)
                .map(|(request, _)| request.clone());
            oldest.and_then(|oldest| self.entries.remove(&oldest));
        }
        self.entries.insert(request, (now, answer));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    #[test]
    fn an_answer_lives_for_its_time() {
        let start = Instant::now();
        let mut cache = Cache::new(10, MINUTE);
        cache.put("a".into(), "1".into(), start);
        assert_eq!(
            cache
                .get("a", start + MINUTE - Duration::from_nanos(1))
                .as_deref(),
            Some(&b"1"[..])
        );
        assert_eq!(cache.get("a", start + MINUTE), None);
        cache.put("a".into(), "2".into(), start + MINUTE);
        assert_eq!(cache.get("a", start + MINUTE).as_deref(), Some(&b"2"[..]));
    }

    #[test]
    fn the_oldest_makes_room() {
        let start = Instant::now();
        let mut cache = Cache::new(2, MINUTE);
        for (seconds, name) in ["a", "b", "a", "c"].into_iter().enumerate() {
            cache.put(
                name.into(),
                name.into(),
                start + Duration::from_secs(seconds as u64),
            );
        }
        let now = start + Duration::from_secs(4);
        assert_eq!(
            ["a", "b", "c"].map(|name| cache.get(name, now).is_some()),
            [true, false, true]
        );
    }
}
