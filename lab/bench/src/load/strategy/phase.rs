//! A phase of a strategy, and when its requests are sent.

use std::fmt;
use std::time::Duration;

/// Some time with one kind of arrivals.
#[derive(Debug, Clone, PartialEq)]
pub struct Phase {
    /// How long it lasts.
    pub duration: Duration,
    /// What arrives meanwhile.
    pub arrivals: Arrivals,
}

/// What arrives during a phase.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Arrivals {
    /// Nothing: `pause`.
    None,
    /// Requests per second, from the first to the second of these: `arrivalRate`, `rampTo`.
    Rate(f64, f64),
    /// So many, evenly spread: `arrivalCount`.
    Count(u32),
}

impl Phase {
    /// How many requests arrive, rounded down: the last one would arrive when the phase is over.
    pub fn count(&self) -> usize {
        match self.arrivals {
            Arrivals::None => 0,
            // The mean of two rates that are themselves rounded may be a hair below a whole number.
            Arrivals::Rate(from, to) => {
                (f64::midpoint(from, to) * self.duration.as_secs_f64() + 1e-9) as usize
            }
            Arrivals::Count(count) => count as usize,
        }
    }

    /// When each request arrives, counted from the phase's begin: evenly, not at random as Artillery's ramps do, so that two
    /// runs offer the same.
    pub fn arrivals(&self) -> impl Iterator<Item = Duration> + use<'_> {
        let seconds = self.duration.as_secs_f64();
        (0..self.count()).map(move |number| {
            let at = match self.arrivals {
                Arrivals::None => 0.0,
                Arrivals::Rate(from, to) => ramp(from, to, seconds, number as f64),
                Arrivals::Count(count) => seconds * number as f64 / f64::from(count),
            };
            Duration::from_secs_f64(at.clamp(0.0, seconds))
        })
    }
}

/// When so many requests have arrived, in seconds: the time t at which `from t + (to - from) t² / 2 seconds` is `number`.
fn ramp(from: f64, to: f64, seconds: f64, number: f64) -> f64 {
    let slope = (to - from) / seconds;
    // Of the two forms of the solution the one that does not divide by a slope of zero, nor lose digits near it.
    let root = (from * from + 2.0 * slope * number).max(0.0).sqrt();
    if number == 0.0 {
        return 0.0;
    }
    2.0 * number / (from + root)
}

impl fmt::Display for Phase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.duration.as_secs_f64();
        match self.arrivals {
            Arrivals::None => write!(formatter, "{seconds} s pause"),
            Arrivals::Rate(from, to) if from.to_bits() == to.to_bits() => {
                write!(formatter, "{seconds} s at {from}/s")
            }
            Arrivals::Rate(from, to) => write!(formatter, "{seconds} s from {from}/s to {to}/s"),
            Arrivals::Count(count) => write!(formatter, "{count} within {seconds} s"),
        }
    }
}
