//! What the real extension's start is assumed to cost.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

use crate::Error;

/// Computes until this thread has used `cpu` in all, and returns `mib` MiB of memory that are really there.
///
/// The clock is that of the thread's CPU time: a throttled environment takes longer, and an idle machine does not.
pub fn pay(cpu: Duration, mib: usize) -> Result<Vec<u8>, Error> {
    // A page that is written to is there; one that was only asked for is not.
    let memory = std::hint::black_box(vec![1; mib * 1024 * 1024]);
    while Duration::from(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)?) < cpu {
        std::hint::black_box((0..1000_u64).sum::<u64>());
    }
    Ok(memory)
}
