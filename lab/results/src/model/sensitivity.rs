//! What the steps would gain over other distances than those that the lab assumes.
//!
//! A warm request waits for counts x delays; what its median has beyond that is taken from the measurements, between what is
//! left without any distance (profile `loopback`) and what is left under `region`, as far as the delays lie between the two.
//! The model's own error is that of the same arithmetic from `loopback` to `region`, where the answer is known.

use crate::facts::{Error, Facts};
use crate::schema::{Link, Measurement, Metric, Network, Session};

/// A constant of the network and the range that it may have, microseconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Assumption {
    /// Its fact, for example `network.region.cache.round_trip`.
    pub key: String,
    /// The shortest that a source supports.
    pub low_us: f64,
    /// What the network profile has.
    pub likely_us: f64,
    /// The longest that a source supports.
    pub high_us: f64,
}

/// The constants of a network profile, and the counts that each is multiplied with: as `lab_services` waits.
const CONSTANTS: [(&str, &str); 9] = [
    ("database.round_trip", "database.round_trips"),
    ("database.service", "database.requests"),
    ("database.session_setup", "database.sessions"),
    ("cache.round_trip", "cache.round_trips"),
    ("cache.service", "cache.requests"),
    ("cache.session_setup", "cache.tls_handshakes"),
    ("parameters.round_trip", "parameters.round_trips"),
    ("parameters.service", "parameters.requests"),
    ("parameters.session_setup", "parameters.tls_handshakes"),
];

/// The constants of a network profile with their ranges; a fact without one is certain.
pub fn assumptions(facts: &Facts, profile: &str) -> Result<Vec<Assumption>, Error> {
    let constants = CONSTANTS.iter().map(|(name, _)| {
        let key = format!("network.{profile}.{name}");
        let likely_us = facts.duration(&key)?.as_secs_f64() * 1e6;
        let (low, high) = facts.range(&key)?;
        Ok(Assumption {
            low_us: low.as_secs_f64() * 1e6,
            likely_us,
            high_us: high.as_secs_f64() * 1e6,
            key,
        })
    });
    constants.collect()
}

/// A network's constants in their order, microseconds.
fn delays_of(network: &Network) -> [f64; CONSTANTS.len()] {
    let Network {
        database,
        cache,
        parameters,
        ..
    } = network;
    let of = |link: &Link| [link.round_trip_us, link.service_us, link.session_setup_us];
    let all = [database, cache, parameters].map(of);
    std::array::from_fn(|index| all[index / 3][index % 3] as f64)
}

/// A step whose median is known with and without distance.
#[derive(Debug, Clone)]
pub struct Modelled {
    /// Its name.
    pub name: String,
    /// The step that it changes.
    pub from: Option<String>,
    /// What each constant is multiplied with, in their order.
    pub counts: Vec<f64>,
    /// As measured with distance, microseconds.
    pub region_us: f64,
    /// As measured without, microseconds.
    pub loopback_us: f64,
    /// What a request waited for where it was measured with distance, microseconds.
    network_us: f64,
}

impl Modelled {
    /// Of a step that both sessions measured; none where a median is missing.
    fn of(
        name: &str,
        region: &Measurement,
        loopback: &Measurement,
        network: &Network,
    ) -> Option<Self> {
        let counted = region.counts_warm();
        let counts = CONSTANTS.iter();
        let counts = counts.map(|(_, counter)| counted.get(*counter).copied().unwrap_or_default());
        let mut modelled = Self {
            name: name.to_owned(),
            from: region.from.clone(),
            counts: counts.collect(),
            region_us: region.median(Metric::Warm)?,
            loopback_us: loopback.median(Metric::Warm)?,
            network_us: 0.0,
        };
        modelled.network_us = modelled.waits_us(&delays_of(network));
        Some(modelled)
    }

    /// What a warm request waits for under these delays, microseconds.
    fn waits_us(&self, delays: &[f64]) -> f64 {
        let products = self.counts.iter().zip(delays);
        products.map(|(count, delay)| count * delay).sum()
    }

    /// The median under these delays, microseconds.
    pub fn median_us(&self, delays: &[f64]) -> f64 {
        let network = self.waits_us(delays);
        let rest = self.region_us - self.network_us;
        // How far between no distance and the measured one; beyond it nothing is known, and the rest stays as it was there.
        let part = if self.network_us > 0.0 {
            (network / self.network_us).min(1.0)
        } else {
            1.0
        };
        network + self.loopback_us + (rest - self.loopback_us) * part
    }

    /// By how much `loopback` and the delays together miss the median that was measured, as a share of it.
    pub fn error(&self) -> f64 {
        (self.loopback_us + self.network_us - self.region_us) / self.region_us
    }
}

/// What is known of the steps, and the range of every constant.
#[derive(Debug, Clone)]
pub struct Sensitivity {
    /// The constants.
    pub assumptions: Vec<Assumption>,
    /// The steps, in the order in which they were asked for.
    pub steps: Vec<Modelled>,
}

/// The smallest and the largest value that something has over all ranges.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// Smallest.
    pub low: f64,
    /// Largest.
    pub high: f64,
}

impl Sensitivity {
    /// Of the steps that two sessions measured, one under the profile of the assumptions and one without distance.
    pub fn of(
        assumptions: Vec<Assumption>,
        region: &Session,
        loopback: &Session,
        steps: &[String],
    ) -> Self {
        let modelled = steps.iter().filter_map(|name| {
            let [here, there] = [region, loopback].map(|it| it.measurements.get(name));
            let network = region.conditions.network.as_ref()?;
            Modelled::of(name, here?, there?, network)
        });
        Self {
            steps: modelled.collect(),
            assumptions,
        }
    }

    /// A step's median over all ranges, microseconds.
    pub fn medians(&self, step: &Modelled) -> Range {
        self.over_all(|delays| step.median_us(delays))
    }

    /// How many times as fast a step is as another one, over all ranges.
    pub fn gains(&self, before: &Modelled, after: &Modelled) -> Range {
        self.over_all(|delays| before.median_us(delays) / after.median_us(delays))
    }

    /// The step of a name.
    pub fn step(&self, name: &str) -> Option<&Modelled> {
        self.steps.iter().find(|step| step.name == name)
    }

    /// Smallest and largest value at every combination of shortest, likely and longest delays. A ratio of two sums of
    /// products is largest and smallest at the ends of its ranges; the likely values are where the rest bends.
    fn over_all(&self, value: impl Fn(&[f64]) -> f64) -> Range {
        let mut delays: Vec<f64> = self.assumptions.iter().map(|it| it.likely_us).collect();
        let mut range = Range {
            low: f64::INFINITY,
            high: f64::NEG_INFINITY,
        };
        self.visit(0, &mut delays, &mut |delays| {
            let value = value(delays);
            range.low = range.low.min(value);
            range.high = range.high.max(value);
        });
        range
    }

    fn visit(&self, from: usize, delays: &mut Vec<f64>, see: &mut impl FnMut(&[f64])) {
        let Some(assumption) = self.assumptions.get(from) else {
            see(delays);
            return;
        };
        let mut ends = vec![assumption.low_us, assumption.likely_us, assumption.high_us];
        ends.dedup();
        for delay in ends {
            delays[from] = delay;
            self.visit(from + 1, delays, see);
        }
    }
}
