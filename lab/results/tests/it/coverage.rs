//! How often the intervals are wrong, by simulation of sessions whose truth is known.

use fastrand::Rng;
use lab_results::interval::{Verdict, compare};

/// What makes the samples of a session differ, as shares of the latency.
#[derive(Debug, Clone, Copy)]
struct Noise {
    /// The machine's drift, which both steps of a round share.
    drift: f64,
    /// An environment's luck: memory layout, connection, placement.
    environment: f64,
    /// From one invocation to the next.
    invocation: f64,
    /// Share of invocations that are hit by something else and take several times as long.
    hit: f64,
    /// Share of environments in a second mode (placement), half as slow again.
    second_mode: f64,
    /// What each start of everything does to each of the steps.
    session: f64,
}

fn normal(random: &mut Rng) -> f64 {
    let radius = (-2.0 * (1.0 - random.f64()).ln()).sqrt();
    radius * (std::f64::consts::TAU * random.f64()).cos()
}

/// Two steps in the interleaved rounds of these sessions; the second takes `1 / ratio` of the first one's time.
fn measured(random: &mut Rng, noise: Noise, sessions: &[usize], ratio: f64) -> [Vec<Vec<f64>>; 2] {
    let mut steps = [Vec::new(), Vec::new()];
    for rounds in sessions {
        let each = [1.0, 1.0 / ratio].map(|factor| match noise.session {
            0.0 => factor,
            session => factor * (session * normal(random)).exp(),
        });
        add_session(&mut steps, random, noise, *rounds, each);
    }
    steps
}

/// Adds the rounds of one session.
fn add_session(
    steps: &mut [Vec<Vec<f64>>; 2],
    random: &mut Rng,
    noise: Noise,
    rounds: usize,
    factors: [f64; 2],
) {
    for _ in 0..rounds {
        let drift = (noise.drift * normal(random)).exp();
        for (step, factor) in steps.iter_mut().zip(factors) {
            let mode = if random.f64() < noise.second_mode {
                1.5
            } else {
                1.0
            };
            let environment = mode * (noise.environment * normal(random)).exp();
            let invocation = |random: &mut Rng| {
                let hit = if random.f64() < noise.hit {
                    1.0 - 4.0 * (1.0 - random.f64()).ln()
                } else {
                    1.0
                };
                (1000.0
                    * factor
                    * drift
                    * environment
                    * hit
                    * (noise.invocation * normal(random)).exp())
                .round()
            };
            step.push((0..40).map(|_| invocation(random)).collect());
        }
    }
}

/// Shares of so many simulated results whose interval misses the truth, and whose verdict is "faster".
fn simulate(noise: Noise, sessions: &[usize], ratio: f64, times: u32) -> (f64, f64) {
    let mut random = Rng::with_seed(20_261_008);
    let (mut missed, mut faster) = (0, 0);
    for _ in 0..times {
        let [before, after] = measured(&mut random, noise, sessions, ratio);
        let comparison = compare(&before, &after, sessions).unwrap();
        let interval = comparison.interval.unwrap();
        missed += u32::from(!(interval.low..=interval.high).contains(&ratio));
        faster += u32::from(comparison.verdict() == Some(Verdict::Faster));
    }
    (
        f64::from(missed) / f64::from(times),
        f64::from(faster) / f64::from(times),
    )
}

const QUIET: Noise = Noise {
    drift: 0.02,
    environment: 0.02,
    invocation: 0.1,
    hit: 0.02,
    second_mode: 0.0,
    session: 0.0,
};
const BUSY: Noise = Noise {
    drift: 0.2,
    environment: 0.1,
    invocation: 0.3,
    hit: 0.1,
    second_mode: 0.0,
    session: 0.0,
};
const BIMODAL: Noise = Noise {
    drift: 0.05,
    environment: 0.05,
    invocation: 0.15,
    hit: 0.05,
    second_mode: 0.3,
    session: 0.0,
};

/// Of 400 simulated sessions, 5 % are 20.
const SESSIONS: u32 = 400;

#[test]
fn the_same_step_twice_shows_no_change_19_times_of_20() {
    for (noise, rounds) in [
        (QUIET, 10),
        (BUSY, 10),
        (QUIET, 12),
        (BUSY, 12),
        (BIMODAL, 12),
    ] {
        let (missed, _) = simulate(noise, &[rounds], 1.0, SESSIONS);
        assert!(
            missed <= 0.05,
            "{rounds} rounds: {missed} of the sessions saw a change"
        );
        assert!(
            missed >= 0.01,
            "{rounds} rounds: {missed} missed, so the intervals are needlessly wide"
        );
    }
}

#[test]
fn a_real_gain_is_found_and_its_size_is_within_the_interval() {
    for (noise, found) in [(QUIET, 1.0), (BUSY, 0.8)] {
        let (missed, faster) = simulate(noise, &[12], 1.2, SESSIONS);
        assert!(
            missed <= 0.06,
            "{missed} of the intervals miss the true ratio"
        );
        assert!(
            faster >= found,
            "only {faster} of the sessions found the gain"
        );
    }
}

/// Sessions that differ by a third of what environments do, by as much, and by three times as much.
#[test]
fn several_sessions_cover_what_differs_between_them() {
    for (share, most) in [(0.3, 0.05), (1.0, 0.12), (3.0, 0.25)] {
        let session = share * BUSY.environment;
        let noise = Noise { session, ..BUSY };
        let (missed, _) = simulate(noise, &[6, 6, 6], 1.0, 60);
        assert!(missed <= most, "{share}: {missed} of three sessions missed");
        let (missed_by_one, _) = simulate(noise, &[18], 1.0, 60);
        assert!(
            missed_by_one >= missed,
            "{share}: one session of as many rounds missed {missed_by_one}, three {missed}"
        );
    }
}
