//! Using up CPU time and memory.

use std::io::Write as _;
use std::time::{Duration, Instant};

/// So many rounds of arithmetic, each of which needs the result of the last one.
pub fn work(rounds: u64) {
    let mut value = 1_u64;
    for _ in 0..rounds {
        value = std::hint::black_box(value.wrapping_mul(6_364_136_223_846_793_005).rotate_left(7));
    }
}

/// Spins for this long by the clock on the wall, and answers the pauses that it met, in ms: moments at which it stood
/// still, longer than one.
pub fn pauses(duration: Duration) -> Vec<f64> {
    let start = Instant::now();
    let mut last = start;
    let mut pauses = Vec::new();
    while last - start < duration {
        let now = Instant::now();
        let pause = (now - last).as_secs_f64() * 1000.0;
        if pause > 1.0 {
            pauses.push(pause);
        }
        last = now;
    }
    pauses
}

/// Uses this much CPU time, as far as the wall clock can tell when nothing is throttled.
pub fn spin(duration: Duration) {
    let start = Instant::now();
    while start.elapsed() < duration {
        std::hint::spin_loop();
    }
}

/// Takes memory until it is killed; where nothing is limited, it ends by itself.
pub fn allocate() -> ! {
    let mut taken: Vec<Vec<u8>> = Vec::new();
    while taken.len() < 512 {
        taken.push(vec![1; 1 << 20]);
    }
    let _ = writeln!(std::io::stderr(), "nobody holds it back");
    std::process::exit(9);
}
