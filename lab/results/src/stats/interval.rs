//! How far a median or a ratio of medians can be trusted.
//!
//! Invocations of one environment share its luck (memory layout, connection, what else runs on the machine), so they are
//! not independent, and an interval computed from them would be far too narrow. Rounds are: each starts a fresh
//! environment. The intervals resample whole rounds with replacement, and two steps of a session with the same
//! round numbers, because round n of both ran side by side and shares the machine's drift.
//!
//! Rounds of one session share that hour and that start of every service, so an interval from one session holds within
//! that session. Where everything was started several times, the intervals resample sessions, then the rounds of each
//! drawn one.
//!
//! With 10 or 12 rounds a plain percentile bootstrap is too narrow: where two steps are the same, 7 to 10 of 100 sessions
//! would see a change. The interval therefore takes wider percentiles of the same resamples, the "expanded percentile" of
//! T. Hesterberg, "What Teachers Should Know About the Bootstrap", The American Statistician 69 (4), 2015: that makes 3
//! to 6 of 100, and about 2 for metrics with a single sample a round. With several sessions their number counts instead of
//! that of the rounds: three of them need nearly the whole range of the resamples. Where sessions do not differ that is
//! wider than needed (1 miss in 100 instead of 5); where they differ as much as rounds do, it misses in 6 to 8 of 100, and
//! where they differ far more, in more: three sessions cannot know that. `tests/coverage.rs` simulates all of it.

use crate::stats::{interpolate, percentile};

/// Rounds below which no interval is given.
pub const MINIMUM_ROUNDS: usize = 10;

/// How sure the intervals are, two-sided.
pub const CONFIDENCE: f64 = 0.95;

/// Quantile of the normal distribution that belongs to [`CONFIDENCE`].
const NORMAL_QUANTILE: f64 = 1.959_964;

const RESAMPLES: usize = 10_000;

const MEDIAN: f64 = 0.5;

/// Fixed, so that the same file always gives the same interval.
const SEED: u64 = 0x5eed;

/// The range that holds the true value in 95 of 100 cases: within its session if there was one, else for any session.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// A percentile and its interval, in the samples' unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Of all rounds pooled.
    pub value: f64,
    /// Absent with fewer than [`MINIMUM_ROUNDS`] rounds.
    pub interval: Option<Interval>,
}

/// One step against another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// How many times better the later step is: above 1 is better.
    pub ratio: f64,
    /// Absent with fewer than [`MINIMUM_ROUNDS`] rounds.
    pub interval: Option<Interval>,
}

/// What may be said about a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The whole interval lies above 1.
    Faster,
    /// The whole interval lies below 1.
    Slower,
    /// The interval spans 1.
    NoMeasurableChange,
}

impl Comparison {
    /// The verdict; none without an interval.
    pub fn verdict(&self) -> Option<Verdict> {
        self.interval.map(|interval| {
            if interval.low > 1.0 {
                Verdict::Faster
            } else if interval.high < 1.0 {
                Verdict::Slower
            } else {
                Verdict::NoMeasurableChange
            }
        })
    }
}

/// How many rounds each session has, in their order.
pub type Sessions = [usize];

/// The median of all rounds pooled; none without samples. Nothing is resampled for it.
pub fn median(rounds: &[Vec<f64>]) -> Option<f64> {
    Pooled::new(rounds).quantile(&vec![1; rounds.len()], MEDIAN)
}

/// The value below which `share` (0 to 1) of the samples of all rounds lie, with its interval.
pub fn estimate(rounds: &[Vec<f64>], sessions: &Sessions, share: f64) -> Option<Estimate> {
    let pooled = Pooled::new(rounds);
    let value = pooled.quantile(&vec![1; rounds.len()], share)?;
    let interval = bootstrap_each(&[sessions], |weights| pooled.quantile(&weights[0], share));
    Some(Estimate { value, interval })
}

/// The median of `numerator` divided by the median of `denominator`; none without samples or if the denominator is zero.
pub fn ratio(numerator: &[Vec<f64>], denominator: &[Vec<f64>]) -> Option<f64> {
    let ratio = median(numerator)? / median(denominator)?;
    ratio.is_finite().then_some(ratio)
}

/// The median of `numerator` divided by the median of `denominator`, paired round by round.
///
/// None without samples or if the denominator is zero. No interval if the numbers of rounds differ: then the rounds were not interleaved.
pub fn compare(
    numerator: &[Vec<f64>],
    denominator: &[Vec<f64>],
    sessions: &Sessions,
) -> Option<Comparison> {
    let ratio = ratio(numerator, denominator)?;
    let (above, below) = (Pooled::new(numerator), Pooled::new(denominator));
    let paired = numerator.len() == denominator.len();
    let resampled = |weights: &[Vec<u32>]| {
        let median = |of: &Pooled| of.quantile(&weights[0], MEDIAN);
        Some(median(&above)? / median(&below)?)
    };
    let interval = paired
        .then(|| bootstrap_each(&[sessions], resampled))
        .flatten();
    Some(Comparison { ratio, interval })
}

/// Samples of something and of what it is measured by, in the rounds of one session.
#[derive(Debug, Clone, Copy)]
pub struct Scaled<'a> {
    /// The samples, round by round.
    pub samples: &'a [Vec<f64>],
    /// The yardstick's, in the same rounds.
    pub yardstick: &'a [Vec<f64>],
    /// How many rounds each start of everything has.
    pub sessions: &'a Sessions,
}

/// One session's median, in multiples of its yardstick's median, divided by another session's.
///
/// Rounds of two sessions did not run side by side: each session is resampled by itself, and within it sample and
/// yardstick stay together. None without samples, or where a median is not positive.
pub fn compare_apart(numerator: Scaled, denominator: Scaled) -> Option<Comparison> {
    let sides = [numerator, denominator];
    let is_paired = |side: &Scaled| side.samples.len() == side.yardstick.len();
    if !sides.iter().all(is_paired) {
        return None;
    }
    let rounds = sides.map(|side| side.samples.len());
    let sessions = sides.map(|side| side.sessions);
    let pooled = sides.map(|side| [side.samples, side.yardstick].map(Pooled::new));
    let multiple = |side: usize, weights: &[Vec<u32>]| {
        let medians = pooled[side]
            .each_ref()
            .map(|it| it.quantile(&weights[side], MEDIAN));
        let [above, below] = medians.map(|it| it.filter(|median| *median > 0.0));
        Some(above? / below?)
    };
    let ratio = |weights: &[Vec<u32>]| Some(multiple(0, weights)? / multiple(1, weights)?);
    Some(Comparison {
        ratio: ratio(&rounds.map(|count| vec![1; count]))?,
        interval: bootstrap_each(&sessions, ratio),
    })
}

/// All samples in ascending order, each with its round, so that a percentile of a resample is one walk and no sort.
struct Pooled {
    samples: Vec<(f64, usize)>,
    round_lengths: Vec<usize>,
}

impl Pooled {
    fn new(rounds: &[Vec<f64>]) -> Self {
        let indexed = rounds.iter().enumerate();
        let mut samples: Vec<_> = indexed
            .flat_map(|(round, samples)| samples.iter().map(move |&sample| (sample, round)))
            .collect();
        samples.sort_by(|a, b| a.0.total_cmp(&b.0));
        Self {
            samples,
            round_lengths: rounds.iter().map(Vec::len).collect(),
        }
    }

    /// The value below which `share` of the samples lie when round `r` was drawn `weights[r]` times.
    fn quantile(&self, weights: &[u32], share: f64) -> Option<f64> {
        let drawn = self.round_lengths.iter().zip(weights);
        let count: usize = drawn
            .map(|(&length, &weight)| length * weight as usize)
            .sum();
        let rank = count.checked_sub(1)? as f64 * share;
        let (lower_rank, upper_rank) = (rank.floor() as usize, rank.ceil() as usize);
        let mut passed = 0;
        let mut lower = None;
        for &(sample, round) in &self.samples {
            passed += weights[round] as usize;
            if lower.is_none() && passed > lower_rank {
                lower = Some(sample);
            }
            if passed > upper_rank {
                return lower.map(|lower| interpolate(lower, sample, rank.fract()));
            }
        }
        None
    }
}

/// Resamples the rounds of each side by itself and takes the expanded percentiles of the statistic.
fn bootstrap_each(
    sides: &[&Sessions],
    statistic: impl Fn(&[Vec<u32>]) -> Option<f64>,
) -> Option<Interval> {
    let rounds = sides.iter().map(|sessions| sessions.iter().sum());
    if rounds.clone().min()? < MINIMUM_ROUNDS {
        return None;
    }
    #[cfg(test)]
    tests::RESAMPLED.with(|times| times.set(times.get() + 1));
    let mut random = fastrand::Rng::with_seed(SEED);
    let mut weights: Vec<Vec<u32>> = rounds.map(|count| vec![0; count]).collect();
    let mut values = Vec::with_capacity(RESAMPLES);
    for _ in 0..RESAMPLES {
        for (weights, sessions) in weights.iter_mut().zip(sides) {
            draw(&mut random, weights, sessions);
        }
        values.push(statistic(&weights)?);
    }
    values.sort_by(f64::total_cmp);
    let tail = expanded_tail(sides.iter().map(|sessions| independent(sessions)).min()?);
    let (low, high) = (percentile(&values, tail)?, percentile(&values, 1.0 - tail)?);
    (low.is_finite() && high.is_finite()).then_some(Interval { low, high })
}

/// Draws sessions, and of each drawn one as many rounds as it has; counts how often each round was drawn.
fn draw(random: &mut fastrand::Rng, weights: &mut [u32], sessions: &Sessions) {
    weights.fill(0);
    for _ in sessions {
        // One session is always itself, and takes nothing from the random numbers of its rounds.
        let drawn = match sessions.len() {
            1 => 0,
            several => random.usize(..several),
        };
        let before: usize = sessions[..drawn].iter().sum();
        for _ in 0..sessions[drawn] {
            weights[before + random.usize(..sessions[drawn])] += 1;
        }
    }
}

/// How many independent things the samples come from: sessions, or the rounds of a single one.
fn independent(sessions: &Sessions) -> usize {
    match sessions {
        [rounds] => *rounds,
        several => several.len(),
    }
}

/// Share of the resamples to leave out at each end, in place of 2.5 %: as far out as Student's t is for this few rounds or
/// sessions, and wider by the factor by which the standard error of a resample is too small.
fn expanded_tail(independent: usize) -> f64 {
    let n = independent as f64;
    normal_tail((n / (n - 1.0)).sqrt() * student_quantile(n - 1.0))
}

/// Student's t for [`CONFIDENCE`] from the normal quantile: Abramowitz and Stegun 26.7.5, right to 0.001 from 9 degrees
/// of freedom.
fn student_quantile(degrees: f64) -> f64 {
    let z = NORMAL_QUANTILE;
    z + (z.powi(3) + z) / (4.0 * degrees)
        + (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / (96.0 * degrees.powi(2))
        + (3.0 * z.powi(7) + 19.0 * z.powi(5) + 17.0 * z.powi(3) - 15.0 * z)
            / (384.0 * degrees.powi(3))
}

/// Probability that a standard normal value exceeds `x >= 0`: Abramowitz and Stegun 26.2.17, right to 1e-7.
fn normal_tail(x: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * x);
    let polynomial = t
        * (0.319_381_530
            + t * (-0.356_563_782
                + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
    (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt() * polynomial
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        /// How often this thread has resampled.
        pub(super) static RESAMPLED: Cell<u32> = const { Cell::new(0) };
    }

    #[test]
    fn a_value_alone_is_not_resampled() {
        let rounds = vec![vec![1.0, 2.0, 3.0]; 12];
        let resampled = || RESAMPLED.with(Cell::get);
        let before = resampled();
        assert_eq!(
            (median(&rounds), ratio(&rounds, &rounds)),
            (Some(2.0), Some(1.0))
        );
        assert_eq!(resampled(), before);
        assert!(estimate(&rounds, &[12], MEDIAN).unwrap().interval.is_some());
        assert_eq!(resampled(), before + 1);
    }

    #[test]
    fn the_tail_is_that_of_the_published_table() {
        // Student's t for 97.5 %: 2.2622 with 9 degrees of freedom, 2.0930 with 19.
        assert!((student_quantile(9.0) - 2.2622).abs() < 0.001);
        assert!((student_quantile(19.0) - 2.0930).abs() < 0.001);
        assert!((normal_tail(NORMAL_QUANTILE) - 0.025).abs() < 1e-6);
        assert!(expanded_tail(10) < 0.009 && expanded_tail(10_000) > 0.0249);
    }

    fn scaled<'a>(samples: &'a [Vec<f64>], yardstick: &'a [Vec<f64>]) -> Scaled<'a> {
        let sessions = if samples.len() == 9 { &[9] } else { &[12] };
        Scaled {
            samples,
            yardstick,
            sessions,
        }
    }

    #[test]
    fn sessions_apart_are_compared_in_multiples_of_their_own_yardsticks() {
        let rounds = |us: f64| -> Vec<Vec<f64>> {
            (0..12)
                .map(|round| vec![us, us + f64::from(round)])
                .collect()
        };
        // Another machine: everything takes three times as long.
        let (slow, slow_floor) = (rounds(3000.0), rounds(1200.0));
        let (fast, fast_floor) = (rounds(1000.0), rounds(400.0));
        let same = compare_apart(scaled(&slow, &slow_floor), scaled(&fast, &fast_floor)).unwrap();
        assert!((same.ratio - 1.0).abs() < 0.02, "{same:?}");
        assert_eq!(
            same.verdict(),
            Some(Verdict::NoMeasurableChange),
            "{same:?}"
        );
        let twice = rounds(2000.0);
        let faster =
            compare_apart(scaled(&twice, &fast_floor), scaled(&fast, &fast_floor)).unwrap();
        assert_eq!(faster.verdict(), Some(Verdict::Faster), "{faster:?}");
        let few = compare_apart(
            scaled(&twice[..9], &fast_floor[..9]),
            scaled(&fast, &fast_floor),
        );
        assert_eq!(few.unwrap().interval, None);
        let unpaired = scaled(&twice[..9], &fast_floor);
        assert!(compare_apart(unpaired, scaled(&fast, &fast_floor)).is_none());
    }

    #[test]
    fn a_resample_has_the_median_of_its_drawn_rounds() {
        let pooled = Pooled::new(&[vec![1.0, 2.0], vec![10.0], vec![5.0, 7.0, 9.0]]);
        let median = |weights: &[u32]| pooled.quantile(weights, MEDIAN);
        assert_eq!(median(&[1, 1, 1]), Some(6.0));
        assert_eq!(median(&[0, 3, 0]), Some(10.0));
        assert_eq!(median(&[2, 0, 0]), Some(1.5));
        assert_eq!(median(&[0, 0, 0]), None);
        assert_eq!(pooled.quantile(&[1, 1, 1], 1.0), Some(10.0));
        assert_eq!(pooled.quantile(&[1, 0, 1], 0.25), Some(2.0));
    }
}
