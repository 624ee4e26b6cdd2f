//! Whether this machine has become the limit: how busy its CPUs are, second by second.

use std::fs;
use std::time::{Duration, Instant};

pub use lab_results::load::SATURATED_PERCENT;

/// CPU time of all CPUs since boot, in the kernel's ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ticks {
    idle: u64,
    all: u64,
}

impl Ticks {
    /// The first line of `/proc/stat`: user, nice, system, idle, iowait, irq, softirq, steal, and guest times that are in
    /// the first two already.
    fn parse(stat: &str) -> Option<Self> {
        let line = stat.lines().next()?.strip_prefix("cpu ")?;
        let ticks: Vec<u64> = line
            .split_ascii_whitespace()
            .take(8)
            .map(|number| number.parse().ok())
            .collect::<Option<_>>()?;
        Some(Self {
            idle: ticks.get(3)? + ticks.get(4)?,
            all: ticks.iter().sum(),
        })
    }

    fn now() -> Option<Self> {
        Self::parse(&fs::read_to_string("/proc/stat").ok()?)
    }

    /// How busy the CPUs were between the two, percent. CPU time that the host took away counts as busy: nobody here had it.
    fn busy_since(self, earlier: Self) -> u8 {
        let all = self.all.saturating_sub(earlier.all);
        let idle = self.idle.saturating_sub(earlier.idle).min(all);
        ((all - idle) * 100)
            .checked_div(all)
            .unwrap_or_default()
            .min(100) as u8
    }
}

/// Watches until it is dropped; hands each whole second on.
pub(super) async fn watch(begin: Instant, mut each: impl FnMut(u8)) {
    let mut last = Ticks::now();
    for second in 1.. {
        tokio::time::sleep_until((begin + Duration::from_secs(second)).into()).await;
        let now = Ticks::now();
        if let Some((now, last)) = now.zip(last) {
            each(now.busy_since(last));
        }
        last = now;
    }
}

/// The first second in which the machine was the limit.
pub fn saturated_from(busy_percent: &[u8]) -> Option<u32> {
    let first = busy_percent
        .iter()
        .position(|percent| *percent >= SATURATED_PERCENT)?;
    u32::try_from(first).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn busy_is_what_is_neither_idle_nor_waiting_for_a_disk() {
        let ticks = |text| Ticks::parse(text).unwrap();
        let before = ticks("cpu  100 0 50 800 50 0 0 0 0 0\ncpu0 1 2 3\n");
        let after = ticks("cpu  160 0 70 810 60 0 0 0 0 0\n");
        assert_eq!(after.busy_since(before), 80);
        assert_eq!(after.busy_since(after), 0);
        assert_eq!(Ticks::parse("intr 1 2 3"), None);
        assert!(Ticks::now().is_some(), "this machine has a /proc/stat");
    }

    #[test]
    fn the_machine_is_the_limit_from_the_first_busy_second() {
        assert_eq!(saturated_from(&[10, 94, 95, 20]), Some(2));
        assert_eq!(saturated_from(&[10, 94]), None);
    }
}
