//! Whether this machine has become the limit: how busy its CPUs are, second by second.

use std::time::{Duration, Instant};

use lab_lambda::CpuTicks;

pub use lab_results::load::SATURATED_PERCENT;

/// Watches until it is dropped; hands each whole second on.
pub(super) async fn watch(begin: Instant, mut each: impl FnMut(u8)) {
    let mut last = CpuTicks::now();
    for second in 1.. {
        tokio::time::sleep_until((begin + Duration::from_secs(second)).into()).await;
        let now = CpuTicks::now();
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
    fn the_machine_is_the_limit_from_the_first_busy_second() {
        assert_eq!(saturated_from(&[10, 94, 95, 20]), Some(2));
        assert_eq!(saturated_from(&[10, 94]), None);
    }
}
