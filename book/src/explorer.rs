//! What the page's script needs to compute the ladder over the reader's own distances: `book/instruments.js`.
//!
//! A warm request waits for counts x delays; what its median has beyond that lies between what was left without any distance
//! (profile `loopback`) and what was left under `region`.

use anyhow::{Context as _, Result};
use lab_results::conditions::{Link, Network};
use lab_results::schema::{Measurement, Metric, Session};
use lab_workspace::short_step;
use serde_json::{Value, json};

use crate::measured::{Measured, PROFILE};

/// A delay: its name for readers, its key, what it is multiplied with, and the end of its slider in microseconds.
struct Delay {
    name: &'static str,
    key: &'static str,
    counter: &'static str,
    most_us: u64,
}

const DELAYS: [Delay; 5] = [
    Delay {
        name: "round trip to the database",
        key: "database.round_trip",
        counter: "database.round_trips",
        most_us: 6_000,
    },
    Delay {
        name: "a new database session",
        key: "database.session_setup",
        counter: "database.sessions",
        most_us: 40_000,
    },
    Delay {
        name: "round trip to the cache",
        key: "cache.round_trip",
        counter: "cache.round_trips",
        most_us: 3_000,
    },
    Delay {
        name: "round trip to Parameter Store",
        key: "parameters.round_trip",
        counter: "parameters.round_trips",
        most_us: 3_000,
    },
    Delay {
        name: "Parameter Store's own time",
        key: "parameters.service",
        counter: "parameters.requests",
        most_us: 50_000,
    },
];

/// A step as the script sees it; all times in microseconds.
#[derive(Debug, Clone)]
struct Step {
    region_us: f64,
    loopback_us: f64,
    cpu_us: f64,
    throttled_us: f64,
    counts: Vec<f64>,
}

impl Step {
    fn of(region: &Measurement, loopback: &Measurement) -> Option<Self> {
        let counts = region.counts_warm();
        let counted = DELAYS.iter().map(|it| counts.get(it.counter).copied());
        Some(Self {
            region_us: region.median(Metric::Warm)?,
            loopback_us: loopback.median(Metric::Warm)?,
            cpu_us: region.mean(|round| round.warm_cpu_us)?,
            throttled_us: region.mean(|round| round.warm_throttled_us).unwrap_or(0.0),
            counts: counted.map(Option::unwrap_or_default).collect(),
        })
    }

    fn network_us(&self, delays: &[f64]) -> f64 {
        let products = self.counts.iter().zip(delays);
        products.map(|(count, delay)| count * delay).sum()
    }

    /// The median under these delays, microseconds: what the script has to compute as well.
    fn median_us(&self, delays: &[f64], likely: &[f64]) -> f64 {
        let (network, measured) = (self.network_us(delays), self.network_us(likely));
        let rest = self.region_us - measured;
        let part = if measured > 0.0 {
            (network / measured).min(1.0)
        } else {
            1.0
        };
        network + self.loopback_us + (rest - self.loopback_us) * part
    }
}

/// The figure with its data; without scripts and on paper it is the two measured ladders.
pub fn figure(measured: &Measured, fallback: &str) -> Result<String> {
    let data = data(measured)?.to_string().replace("</", "<\\/");
    Ok(format!(
        "<div class=\"instrument\" data-instrument=\"explorer\">\n<script type=\"application/json\">{data}</script>\n\
         <div class=\"static\">\n\n{fallback}\n\n</div>\n</div>"
    ))
}

fn data(measured: &Measured) -> Result<Value> {
    let region = ladder(measured, PROFILE)?;
    let loopback = ladder(measured, "loopback")?;
    let network = region.conditions.network.as_ref();
    let network = network.context("the reference's ladder has no modelled network")?;
    let likely: Vec<f64> = DELAYS.iter().map(|it| delay_us(network, it.key)).collect();
    let facts = measured.workspace.facts()?;
    let delays = DELAYS.iter().zip(&likely).map(|(delay, likely)| {
        let fact = facts.duration(&format!("network.{PROFILE}.{}", delay.key))?;
        let [low, high] = [fact, fact].map(|it| it.as_secs_f64() * 1e6);
        Ok(json!({ "name": delay.name, "likely": likely, "low": low.min(*likely), "high": high.max(*likely), "most": delay.most_us }))
    });
    let delays: Vec<Value> = delays.collect::<Result<_>>()?;
    let mut steps = Vec::new();
    for step in measured
        .workspace
        .steps
        .iter()
        .filter(|it| it.number().is_some())
    {
        let (here, there) = (
            region.measurements.get(&step.name),
            loopback.measurements.get(&step.name),
        );
        let Some(known) = here
            .zip(there)
            .and_then(|(here, there)| Step::of(here, there))
        else {
            continue;
        };
        // The script computes these again and draws nothing if it comes to something else.
        let settings = [
            likely.clone(),
            vec![0.0; likely.len()],
            likely.iter().map(|it| it * 2.5).collect(),
        ];
        let check = settings.map(|delays| known.median_us(&delays, &likely));
        steps.push(json!({
            "name": step.name, "short": short_step(&step.name), "region": known.region_us, "loopback": known.loopback_us,
            "cpu": known.cpu_us, "throttled": known.throttled_us, "counts": known.counts, "check": check,
        }));
    }
    Ok(json!({ "delays": delays, "steps": steps }))
}

fn ladder<'a>(measured: &'a Measured, profile: &str) -> Result<&'a Session> {
    let first = measured
        .workspace
        .steps
        .first()
        .context("there are no steps")?;
    let session = measured
        .reference
        .newest_with(Some(profile), &[&first.name, "floor"]);
    session.with_context(|| format!("the reference has no ladder under {profile}"))
}

fn delay_us(network: &Network, key: &str) -> f64 {
    let (service, what) = key.split_once('.').unwrap_or((key, ""));
    let link: &Link = match service {
        "database" => &network.database,
        "cache" => &network.cache,
        _ => &network.parameters,
    };
    let us = match what {
        "round_trip" => link.round_trip_us,
        "service" => link.service_us,
        _ => link.session_setup_us,
    };
    us as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_gives_what_was_measured_where_it_was_measured() {
        let measured = Measured::load(lab_workspace::Workspace::load().unwrap()).unwrap();
        let data = data(&measured).unwrap();
        let steps = data["steps"].as_array().unwrap();
        assert!(steps.len() >= 13, "{}", steps.len());
        for step in steps {
            let of = |value: &Value| value.as_f64().unwrap();
            let near = |one: f64, other: f64| assert!((one - other).abs() < 0.5, "{step}");
            near(of(&step["check"][0]), of(&step["region"]));
            let waits = of(&step["check"][2]) > of(&step["check"][0]);
            // What waits for nothing is as it was measured, at any distance.
            let measured = if waits { "loopback" } else { "region" };
            near(of(&step["check"][1]), of(&step[measured]));
        }
    }
}
