//! The ladder over the reader's own distances: what `book/instruments.js` needs for the arithmetic of [`Modelled`], and what came
//! out of that for some distances, which the script has to get as well.

use anyhow::{Context as _, Result};
use lab_results::conditions::{Link, Network};
use lab_results::schema::Session;
use lab_results::sensitivity::{Modelled, Sensitivity, assumptions};
use lab_workspace::short_step;
use serde_json::{Value, json};

use crate::measured::{Measured, PROFILE};

/// The delays as readers know them, and how far a slider goes, microseconds.
const SLIDERS: [(&str, &str, f64); 5] = [
    ("database.round_trip", "round trip to the database", 6e3),
    ("database.session_setup", "a new database session", 4e4),
    ("cache.round_trip", "round trip to the cache", 3e3),
    (
        "parameters.round_trip",
        "round trip to Parameter Store",
        3e3,
    ),
    ("parameters.service", "Parameter Store's own time", 5e4),
];

/// The figure with its data; without scripts and on paper it is `fallback`.
pub fn figure(measured: &Measured, fallback: &str) -> Result<String> {
    let data = data(measured)?.to_string().replace("</", "<\\/");
    Ok(format!(
        "<div class=\"instrument\" data-instrument=\"explorer\">\n<script type=\"application/json\">{data}</script>\n\
         <div class=\"static\">\n\n{fallback}\n\n</div>\n</div>"
    ))
}

fn data(measured: &Measured) -> Result<Value> {
    let (known, sliders) = known(measured)?;
    let delays = sliders.iter().map(|(index, name, most)| {
        let it = &known.assumptions[*index];
        json!({ "name": name, "likely": it.likely_us, "low": it.low_us, "high": it.high_us, "most": most })
    });
    let likely: Vec<f64> = known.assumptions.iter().map(|it| it.likely_us).collect();
    let scaled = |by: f64| -> Vec<f64> { likely.iter().map(|it| it * by).collect() };
    let settings = [scaled(1.0), scaled(0.0), scaled(2.5)];
    let steps = known.steps.iter().map(|step| {
        let counts = sliders.iter().map(|(index, ..)| step.counts[*index]);
        let (cpu, throttled) = used(measured, step);
        json!({
            "name": step.name, "short": short_step(&step.name), "region": step.region_us, "loopback": step.loopback_us,
            "cpu": cpu, "throttled": throttled, "counts": counts.collect::<Vec<_>>(),
            "check": settings.iter().map(|delays| step.median_us(delays)).collect::<Vec<_>>(),
        })
    });
    let steps: Vec<Value> = steps.collect();
    Ok(json!({ "delays": delays.collect::<Vec<_>>(), "steps": steps }))
}

/// A slider: which of the assumptions it moves, its name, its end.
type Slider = (usize, &'static str, f64);

/// The ladder with the delays that it was measured with: `data/facts.toml` may have others by now.
fn known(measured: &Measured) -> Result<(Sensitivity, Vec<Slider>)> {
    let [region, loopback] = [PROFILE, "loopback"].map(|profile| ladder(measured, profile));
    let (region, loopback) = (region?, loopback?);
    let network = region.conditions.network.as_ref();
    let network = network.context("the reference's ladder has no modelled network")?;
    let mut all = assumptions(measured.workspace.facts()?, PROFILE)?;
    let mut sliders = Vec::new();
    for (index, it) in all.iter_mut().enumerate() {
        let name = it.key.rsplitn(3, '.').take(2).collect::<Vec<_>>();
        let (service, what) = (name[1], name[0]);
        it.likely_us = delay_us(network, service, what);
        it.low_us = it.low_us.min(it.likely_us);
        it.high_us = it.high_us.max(it.likely_us);
        let key = format!("{service}.{what}");
        let slider = SLIDERS.iter().find(|(of, ..)| *of == key);
        sliders.extend(slider.map(|(_, name, most)| (index, *name, *most)));
    }
    let steps = measured.workspace.steps.iter();
    let steps = steps.filter(|step| step.number().is_some());
    let names: Vec<String> = steps.map(|step| step.name.clone()).collect();
    Ok((Sensitivity::of(all, region, loopback, &names), sliders))
}

/// CPU time and throttling of a warm request, microseconds, as means.
fn used(measured: &Measured, step: &Modelled) -> (f64, f64) {
    let found = measured.reference.latest(Some(PROFILE), &step.name);
    let mean = |of: fn(&lab_results::schema::Round) -> Option<f64>| {
        found.and_then(|(_, it)| it.mean(of)).unwrap_or_default()
    };
    (
        mean(|round| round.warm_cpu_us),
        mean(|round| round.warm_throttled_us),
    )
}

fn ladder<'a>(measured: &'a Measured, profile: &str) -> Result<&'a Session> {
    let first = measured.workspace.steps.first();
    let first = first.context("there are no steps")?;
    let wanted = [first.name.as_str(), "floor"];
    let session = measured.reference.newest_with(Some(profile), &wanted);
    session.with_context(|| format!("the reference has no ladder under {profile}"))
}

fn delay_us(network: &Network, service: &str, what: &str) -> f64 {
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
        assert_eq!(data["delays"].as_array().unwrap().len(), SLIDERS.len());
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
