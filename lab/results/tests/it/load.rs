//! Loads in a results file, and drawn.

use std::collections::BTreeMap;

use crate::common::session;
use expect_test::expect_file;
use lab_results::chart::ramp;
use lab_results::load::{Latency, Load, Loaded, Series};
use lab_results::schema::{Place, ResultsFile};

/// Seconds of the example.
const SECONDS: u32 = 30;

/// A step that serves so many a second at most, of a ramp from 0 to 60.
fn loaded(at_most: u32) -> Loaded {
    let offered: Vec<u32> = (0..SECONDS).map(|second| 2 * second).collect();
    let served: Vec<u32> = offered.iter().map(|it| *it.min(&at_most)).collect();
    let failed: Vec<u32> = offered
        .iter()
        .zip(&served)
        .map(|(all, right)| all - right)
        .collect();
    let sum = |counts: &[u32]| counts.iter().copied().map(u64::from).sum::<u64>();
    let failures = sum(&failed);
    let first = failed.iter().position(|count| *count > 0);
    Loaded {
        memory_mb: Some(256),
        memory_overridden: false,
        sending_s: f64::from(SECONDS),
        offered: sum(&offered),
        served: sum(&served),
        satisfied: sum(&served),
        tolerated: 0,
        first_error_s: first.map(|second| second as f64),
        errors: (failures > 0)
            .then(|| ("503: throttled".to_owned(), failures))
            .into_iter()
            .collect(),
        logged: BTreeMap::new(),
        counts: BTreeMap::new(),
        cold_starts: Some(3),
        environments: Some(3),
        latency: Latency::of(&[1500, 2000, 30_000]),
        latency_of_all: Latency::of(&[1500, 2000, 30_000]),
        late_p99_us: 120,
        saturated_from_s: first.map(|_| 25),
        series: Series {
            p95_us: vec![2000; offered.len()],
            cold_starts: vec![0; offered.len()],
            busy_percent: vec![50; offered.len()],
            offered,
            served,
            failed,
        },
    }
}

fn load(id: &str, steps: &[(&str, u32)]) -> Load {
    let mut conditions = session(id, &[]).conditions;
    conditions.method.parameter_quota = Some(40);
    Load {
        conditions,
        strategy: "ramp".to_owned(),
        phases: "30 s from 0/s to 60/s: 870 requests in 30 s, 29.0/s on average".to_owned(),
        through: "in the emulated service of this process".to_owned(),
        apdex_threshold_ms: 100.0,
        concurrency: Some(10),
        steps: steps
            .iter()
            .map(|(name, at_most)| ((*name).to_owned(), loaded(*at_most)))
            .collect(),
    }
}

#[test]
fn a_load_is_drawn_as_the_committed_picture() {
    let load = load("1", &[("00-unoptimized", 40), ("05-elasticache", 100)]);
    let svg = ramp(&load).unwrap();
    assert_eq!(svg, ramp(&load).unwrap());
    expect_file!["load.svg"].assert_eq(&svg);
}

#[test]
fn names_are_escaped_and_nothing_is_nothing() {
    let named = load("1", &[("./my <own>", 40)]);
    assert!(ramp(&named).unwrap().contains("./my &lt;own&gt;"));
    assert_eq!(ramp(&load("1", &[])), None);
}

#[test]
fn a_load_comes_back_from_a_file_with_its_series_a_line_each() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("results.json");
    let load = load("1", &[("05-elasticache", 40)]);
    ResultsFile::add_load(&path, Place::Local, load.clone()).unwrap();
    ResultsFile::add(&path, Place::Local, session("2", &["floor"])).unwrap();
    let file = ResultsFile::load(&path).unwrap();
    assert_eq!((&file.loads[..], file.sessions.len()), (&[load][..], 1));
    let text = std::fs::read_to_string(&path).unwrap();
    let offered = text.lines().find(|line| line.contains("\"offered\": ["));
    assert!(offered.unwrap().contains("58]"), "{offered:?}");
}

#[test]
fn the_newest_load_of_a_step_takes_the_place_of_the_older_one_under_the_same_conditions() {
    let mut file = ResultsFile::new(Place::Local);
    file.merge_load(load("1", &[("00-unoptimized", 40), ("05-elasticache", 40)]));
    let mut other = load("2", &[("05-elasticache", 50)]);
    other.concurrency = Some(50);
    file.merge_load(other);
    file.merge_load(load("3", &[("05-elasticache", 60)]));
    let kept: Vec<(&str, Vec<&str>)> = file
        .loads
        .iter()
        .map(|load| {
            (
                load.conditions.id.as_str(),
                load.steps.keys().map(String::as_str).collect(),
            )
        })
        .collect();
    assert_eq!(
        kept,
        [
            ("1", vec!["00-unoptimized"]),
            ("2", vec!["05-elasticache"]),
            ("3", vec!["05-elasticache"])
        ]
    );
    file.merge_load(load("4", &[("00-unoptimized", 30), ("05-elasticache", 30)]));
    assert_eq!(file.loads.len(), 2, "a load that has nothing left goes");
}

#[test]
fn numbers_that_do_not_add_up_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("results.json");
    let refused = |change: fn(&mut Loaded)| {
        let mut load = load("1", &[("05-elasticache", 40)]);
        change(load.steps.get_mut("05-elasticache").unwrap());
        let error = ResultsFile::add_load(&path, Place::Local, load).unwrap_err();
        assert!(!path.exists());
        error.to_string()
    };
    let error = refused(|loaded| loaded.served += 1);
    assert!(
        error.contains("05-elasticache") && error.contains("do not add up"),
        "{error}"
    );
    assert!(refused(|loaded| loaded.sending_s = 0.0).contains("no time"));
    let shorter = refused(|loaded| loaded.series.served.truncate(3));
    assert!(shorter.contains("differ in length"), "{shorter}");
}
