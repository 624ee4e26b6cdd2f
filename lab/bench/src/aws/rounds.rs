//! What the client saw and what Lambda reported, put together.

use std::time::Duration;

use lab_lambda::Report;
use lab_results::schema::Round;

/// What a client saw of one round: the requests were sent one after the other, so their REPORT lines come in this order.
#[derive(Debug, Default)]
pub struct SentRound {
    /// The first request after a change of the configuration.
    pub first: Duration,
    /// The paced ones.
    pub warm: Vec<Duration>,
    /// Those of the closed loop.
    pub closed: Vec<Duration>,
    /// How long the closed loop took.
    pub elapsed: Duration,
    /// The API's own throttle ended the closed loop: that request never reached the function.
    pub throttled: bool,
}

impl SentRound {
    /// How many requests these are.
    pub fn requests(&self) -> usize {
        1 + self.warm.len() + self.closed.len()
    }
}

/// What a round was, or why it is none.
#[derive(Debug)]
pub struct Joined {
    /// None where the first request met an environment of before the change.
    pub round: Option<Round>,
    /// Warm requests that started another environment: they are no samples of a warm one.
    pub cold_among_warm: usize,
}

/// Joins a round with its reports, of which there is one for each request.
pub fn join(sent: &SentRound, reports: &[Report]) -> Joined {
    let [first, later @ ..] = reports else {
        unreachable!("a round has a first request")
    };
    let (paced, closed) = later.split_at(sent.warm.len());
    let warm = || {
        sent.warm
            .iter()
            .zip(paced)
            .filter(|(_, report)| report.init.is_none())
    };
    let closed_warm = sent
        .closed
        .iter()
        .zip(closed)
        .filter(|(_, report)| report.init.is_none());
    let round = first.init.map(|init| Round {
        init_us: us(init),
        first_us: us(sent.first.saturating_sub(init)),
        first_duration_us: us(first.duration),
        warm_us: warm().map(|(latency, _)| us(*latency)).collect(),
        warm_duration_us: warm().map(|(_, report)| us(report.duration)).collect(),
        closed_us: closed_warm.map(|(latency, _)| us(*latency)).collect(),
        closed_per_second: sent.closed.len() as f64 / sent.elapsed.as_secs_f64(),
        max_memory_mib: reports
            .iter()
            .map(|report| report.max_memory_mb)
            .max()
            .unwrap_or_default(),
        ..Round::default()
    });
    Joined {
        round,
        cold_among_warm: later.iter().filter(|report| report.init.is_some()).count(),
    }
}

fn us(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn report(duration: u32, init: Option<u32>) -> Report {
        Report {
            request_id: "1".to_owned(),
            duration: MS * duration,
            memory_mb: 256,
            max_memory_mb: 20 + duration,
            init: init.map(|init| MS * init),
            status: None,
            trace: None,
        }
    }

    fn sent() -> SentRound {
        SentRound {
            first: MS * 120,
            warm: vec![MS * 11, MS * 12],
            closed: vec![MS * 13, MS * 14],
            elapsed: MS * 40,
            throttled: false,
        }
    }

    #[test]
    fn the_client_of_a_cold_start_waits_for_init_and_the_rest() {
        let reports = [
            report(30, Some(60)),
            report(3, None),
            report(4, None),
            report(5, None),
            report(6, None),
        ];
        let joined = join(&sent(), &reports);
        let round = joined.round.unwrap();
        assert_eq!(
            (round.init_us, round.first_us, round.first_duration_us),
            (60_000, 60_000, 30_000)
        );
        assert_eq!(round.warm_us, [11_000, 12_000]);
        assert_eq!(round.warm_duration_us, [3_000, 4_000]);
        assert_eq!(round.closed_us, [13_000, 14_000]);
        assert!((round.closed_per_second - 50.0).abs() < 1e-9);
        assert_eq!(round.max_memory_mib, 50);
        assert_eq!(joined.cold_among_warm, 0);
    }

    #[test]
    fn a_start_among_the_warm_requests_is_no_warm_sample() {
        let reports = [
            report(30, Some(60)),
            report(3, None),
            report(9, Some(61)),
            report(9, Some(62)),
            report(6, None),
        ];
        let joined = join(&sent(), &reports);
        let round = joined.round.unwrap();
        assert_eq!(
            (round.warm_us, round.warm_duration_us),
            (vec![11_000], vec![3_000])
        );
        assert_eq!(round.closed_us, [14_000]);
        assert_eq!(joined.cold_among_warm, 2);
    }

    #[test]
    fn a_round_that_did_not_start_cold_is_none() {
        let reports = [
            report(3, None),
            report(3, None),
            report(3, None),
            report(3, None),
            report(3, None),
        ];
        assert!(join(&sent(), &reports).round.is_none());
    }
}
