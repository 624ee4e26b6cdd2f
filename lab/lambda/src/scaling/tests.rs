//! The rules of scaling with made-up time.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

fn scaling() -> Scaling {
    Scaling {
        account_concurrency: 1000,
        reserved: None,
        grow_by: 1000,
        grow_within: Duration::from_secs(10),
        rate_per_environment: 10,
        idle: Duration::from_mins(10),
    }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn the_environment_that_was_used_last_is_used_first() {
    let now = Instant::now();
    let mut pool = Pool::new(scaling());
    for _ in 0..3 {
        assert_eq!(pool.acquire(now), Ok(None));
    }
    for name in ["first", "second", "third"] {
        pool.release(now, Some(name));
    }
    assert_eq!(pool.acquire(now), Ok(Some("third")));
    pool.release(now, Some("third"));
    assert_eq!(pool.acquire(now), Ok(Some("third")));
    assert_eq!(pool.acquire(now), Ok(Some("second")));
    assert_eq!(pool.busy(), 2);
}

#[test]
fn growth_refills_continuously_and_never_adds_up() {
    let start = Instant::now();
    let mut pool = Pool::<()>::new(Scaling {
        grow_by: 10,
        ..scaling()
    });
    // An hour of rest is worth no more than the bucket holds.
    let later = start + seconds(3600);
    let started = (0..20).filter(|_| pool.acquire(later).is_ok()).count();
    assert_eq!(started, 10);
    assert_eq!(pool.acquire(later), Err(ThrottleReason::Growth));
    // 10 environments in 10 s: one comes back each second.
    assert_eq!(pool.acquire(later + seconds(1)), Ok(None));
    assert_eq!(
        pool.acquire(later + seconds(1)),
        Err(ThrottleReason::Growth)
    );
    assert_eq!(
        ThrottleReason::Growth.to_string(),
        "ConcurrentInvocationLimitExceeded"
    );
}

#[test]
fn an_idle_environment_is_no_growth() {
    let now = Instant::now();
    let mut pool = Pool::new(Scaling {
        grow_by: 1,
        ..scaling()
    });
    assert_eq!(pool.acquire(now), Ok(None));
    pool.release(now, Some(()));
    assert_eq!(pool.acquire(now), Ok(Some(())));
    assert_eq!(pool.acquire(now), Err(ThrottleReason::Growth));
}

#[test]
fn each_unit_of_concurrency_is_worth_ten_requests_a_second() {
    let now = Instant::now();
    let mut pool = Pool::<()>::new(Scaling {
        reserved: Some(3),
        ..scaling()
    });
    for _ in 0..30 {
        assert_eq!(pool.acquire(now), Ok(None));
        pool.release(now, None);
    }
    let refused = pool.acquire(now).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "ReservedFunctionInvocationRateLimitExceeded"
    );
    // 30 requests a second: the next is let in a thirtieth of a second later.
    assert_eq!(pool.acquire(now + Duration::from_millis(34)), Ok(None));
}

#[test]
fn what_was_idle_too_long_is_taken_out() {
    let now = Instant::now();
    let mut pool = Pool::new(scaling());
    for _ in 0..2 {
        pool.acquire(now).unwrap();
    }
    pool.release(now, Some("old"));
    pool.release(now + seconds(1), Some("new"));
    assert!(pool.take_expired(now + seconds(599)).is_empty());
    assert_eq!(pool.take_expired(now + seconds(600)), ["old"]);
    assert_eq!(pool.acquire(now + seconds(600)), Ok(Some("new")));
    pool.release(now + seconds(700), Some("new"));
    assert_eq!(pool.take_idle(), ["new"]);
}

/// What happens to the pool in the property test.
#[derive(Debug, Clone)]
enum Step {
    Wait(u64),
    Request,
    /// Ends a request; true if its environment lives on.
    End(bool),
    Reap,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        2 => (1_u64..4000).prop_map(Step::Wait),
        6 => Just(Step::Request),
        4 => any::<bool>().prop_map(Step::End),
        1 => Just(Step::Reap),
    ];
    prop::collection::vec(step, 0..200)
}

proptest! {
    #[test]
    fn no_limit_is_ever_broken(
        steps in steps(),
        reserved in prop::option::of(0_u32..6),
        grow_by in 1_u32..6,
        rate_per_environment in 1_u32..4,
    ) {
        let scaling = Scaling {
            account_concurrency: 8,
            reserved,
            grow_by,
            grow_within: Duration::from_secs(10),
            rate_per_environment,
            idle: Duration::from_secs(5),
        };
        let mut pool = Pool::new(scaling.clone());
        let (mut now, mut next) = (Instant::now(), 0_u32);
        let mut running: Vec<u32> = Vec::new();
        let mut idle: Vec<(Instant, u32)> = Vec::new();
        let (mut started, mut accepted) = (Vec::new(), Vec::new());
        for step in steps {
            match step {
                Step::Wait(ms) => now += Duration::from_millis(ms),
                Step::Request => match pool.acquire(now) {
                    Ok(Some(environment)) => {
                        prop_assert_eq!(idle.pop().map(|(_, last)| last), Some(environment));
                        running.push(environment);
                        accepted.push(now);
                    }
                    Ok(None) => {
                        prop_assert!(idle.is_empty(), "an idle one goes before a new one");
                        running.push(next);
                        next += 1;
                        started.push(now);
                        accepted.push(now);
                    }
                    Err(ThrottleReason::Concurrency | ThrottleReason::ReservedConcurrency) => {
                        prop_assert_eq!(running.len() as u32, scaling.concurrency());
                    }
                    Err(ThrottleReason::Growth) => prop_assert!(idle.is_empty() && !started.is_empty()),
                    Err(ThrottleReason::Rate | ThrottleReason::ReservedRate) => prop_assert!(!accepted.is_empty()),
                },
                Step::End(lives) => if let Some(environment) = running.pop() {
                    pool.release(now, lives.then_some(environment));
                    idle.extend(lives.then_some((now, environment)));
                },
                Step::Reap => {
                    let expired = pool.take_expired(now);
                    let (old, young): (Vec<_>, Vec<_>) =
                        idle.iter().partition(|(since, _)| now - *since >= scaling.idle);
                    prop_assert_eq!(expired, old.into_iter().map(|(_, one)| one).collect::<Vec<_>>());
                    idle = young;
                }
            }
            prop_assert!(pool.busy() <= scaling.concurrency());
            prop_assert_eq!(pool.busy() as usize, running.len());
            prop_assert_eq!(pool.idle().count(), idle.len());
        }
        let per_second = scaling.concurrency() * rate_per_environment;
        prop_assert!(fits(&started, grow_by, scaling.grow_within));
        prop_assert!(fits(&accepted, per_second, Duration::from_secs(1)));
    }
}

/// Between any two of these instants lie no more of them than a full bucket holds and what comes back meanwhile.
fn fits(instants: &[Instant], tokens: u32, window: Duration) -> bool {
    instants.iter().enumerate().all(|(first, from)| {
        instants[first..].iter().enumerate().all(|(index, to)| {
            let refilled = (*to - *from).as_secs_f64() / window.as_secs_f64() * f64::from(tokens);
            (index + 1) as f64 <= f64::from(tokens) + refilled + 1e-6
        })
    })
}
