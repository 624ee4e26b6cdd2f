//! What the steps would gain over other distances.

use lab_results::facts::Facts;
use lab_results::schema::{ResultsFile, Session};
use lab_results::sensitivity::{Sensitivity, assumptions};
use lab_results::view::compare;
use std::path::Path;

use crate::common;

/// Two steps: `far` waits for the database twice, `near` for the cache once; each has 400 µs of its own, 300 without distance.
fn sessions() -> [Session; 2] {
    let measured = |profile: &str, far: u64, near: u64| {
        let mut session = common::session(profile, &["far", "near"]);
        if let Some(network) = &mut session.conditions.network {
            profile.clone_into(&mut network.profile);
        }
        for (name, us, counter, count) in [
            ("far", far, "database.round_trips", 2.0),
            ("near", near, "cache.round_trips", 1.0),
        ] {
            let measurement = session.measurements.get_mut(name).unwrap();
            measurement.from = (name == "near").then(|| "far".to_owned());
            for round in &mut measurement.rounds {
                round.warm_us = vec![us; 3];
                round.warm_duration_us = vec![us; 3];
                round.counts_warm = [(counter.to_owned(), count)].into();
            }
        }
        session
    };
    // The example's database is 1,000 µs away and its cache 500.
    [
        measured("region", 2 * 1000 + 400, 500 + 400),
        measured("loopback", 300, 300),
    ]
}

fn facts() -> Facts {
    let fact = |value: &str| {
        format!(
            "{{ {value}, unit = \"ms\", source = \"a test\", date = \"2026-11\", sure = \"low\" }}"
        )
    };
    let (zero, far, near) = (
        fact("value = 0"),
        fact("value = 1, low = 0.2, high = 5"),
        fact("value = 0.5, low = 0.5, high = 3"),
    );
    let link = |service: &str, round_trip: &str| {
        format!(
            "[network.region.{service}]\nround_trip = {round_trip}\nservice = {zero}\nsession_setup = {zero}\n"
        )
    };
    let text = link("database", &far) + &link("cache", &near) + &link("parameters", &zero);
    Facts::parse(&text, Path::new("facts.toml")).unwrap()
}

#[test]
fn a_gain_is_told_over_all_distances_that_the_facts_allow() {
    let [region, loopback] = sessions();
    let names = ["far", "near"].map(str::to_owned);
    let known = assumptions(&facts(), "region").unwrap();
    let sensitivity = Sensitivity::of(known, &region, &loopback, &names);
    let [far, near] = &sensitivity.steps[..] else {
        panic!("{} steps", sensitivity.steps.len());
    };
    let delays = |database: f64, cache: f64| {
        let mut delays = [0.0; 9];
        (delays[0], delays[3]) = (database, cache);
        delays
    };
    // Where it was measured the model says what was measured, with and without distance.
    assert!((far.median_us(&delays(1000.0, 500.0)) - 2400.0).abs() < 1e-6);
    assert!((far.median_us(&delays(0.0, 0.0)) - 300.0).abs() < 1e-6);
    // Halfway between, half of what differs: 350 of its own.
    assert!((near.median_us(&delays(1000.0, 250.0)) - 600.0).abs() < 1e-6);
    assert!((far.error() - (300.0 + 2000.0 - 2400.0) / 2400.0).abs() < 1e-9);
    let gains = sensitivity.gains(far, near);
    // Database 0.2 ms, cache 3 ms; database 5 ms, cache 0.5 ms.
    assert!(
        (gains.low - (400.0 + 320.0) / 3400.0).abs() < 1e-6,
        "{gains:?}"
    );
    assert!((gains.high - 10_400.0 / 900.0).abs() < 1e-6, "{gains:?}");
}

#[test]
fn both_networks_are_needed() {
    let [region, loopback] = sessions();
    let known = assumptions(&facts(), "region").unwrap();
    let mut file = common::reference();
    file.sessions = vec![region];
    let report = |file: &ResultsFile| compare::sensitivity(file, &[], known.clone());
    assert!(report(&file).is_none());
    file.sessions.push(loopback);
    let text = report(&file).unwrap().text(Some(100));
    assert!(
        text.contains("Faster or slower, as the distances are: near."),
        "{text}"
    );
    assert!(
        text.contains("database round trip 200 µs to 5.00 ms"),
        "{text}"
    );
}

#[test]
fn a_range_lies_around_its_value() {
    let text = "[a]\nb = { value = 1, low = 2, unit = \"ms\", source = \"a test\", date = \"2026-11\", sure = \"low\" }";
    let error = Facts::parse(text, Path::new("facts.toml"))
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "facts.toml: a.b: its low and high must lie around its value, and none below 0"
    );
}
