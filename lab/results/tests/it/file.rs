//! The results file: its shape, what it refuses, and how sessions are merged.

use std::fs;
use std::path::Path;

use crate::common::{measurement, session};
use expect_test::{expect, expect_file};
use lab_results::file::Error;
use lab_results::schema::{Place, ResultsFile, Session};
use proptest::prelude::*;

fn file_of(sessions: Vec<Session>) -> ResultsFile {
    ResultsFile {
        sessions,
        ..ResultsFile::new(Place::Local)
    }
}

fn text_of(file: &ResultsFile) -> String {
    let mut bytes = Vec::new();
    file.write(&mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// What `load` says about a file of this content, without the folder's name.
fn complaint(content: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("local.json");
    fs::write(&path, content).unwrap();
    let error = ResultsFile::load(&path).unwrap_err().to_string();
    error.replace(folder.path().to_str().unwrap(), "results")
}

/// What each session still holds.
fn contents(file: &ResultsFile) -> Vec<(&str, Vec<&str>)> {
    let contents = file.sessions.iter().map(|session| {
        let steps = session.measurements.keys().map(String::as_str);
        (session.conditions.id.as_str(), steps.collect())
    });
    contents.collect()
}

/// The session that holds the newest measurement of a step.
fn latest<'a>(file: &'a ResultsFile, step: &str) -> &'a str {
    &file.latest(Some("region"), step).unwrap().0.conditions.id
}

#[test]
fn the_format_is_that_of_the_committed_example_which_is_read() {
    let example = file_of(vec![session("2026-10-08-1", &["05-elasticache", "floor"])]);
    expect_file!["example.json"].assert_eq(&text_of(&example));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/example.json");
    assert_eq!(ResultsFile::load(&path).unwrap(), example);
}

#[test]
fn a_round_is_one_line_however_long() {
    let mut long = session("long", &["00-unoptimized"]);
    long.measurements.get_mut("00-unoptimized").unwrap().rounds[0].closed_us = vec![123_456; 5000];
    let short = session("long", &["00-unoptimized"]);
    let [short, long] = [short, long].map(|it| text_of(&file_of(vec![it])).lines().count());
    assert_eq!(short, long);
}

#[test]
fn malformed_json_is_located_and_the_way_out_is_named() {
    expect!["results/local.json:2:14: this is no results file: trailing comma at line 2 column 14. Move it away, and the next run writes a new one"]
        .assert_eq(&complaint("{\n  \"schema\":2,}"));
    expect!["results/local.json:1:0: this is no results file: EOF while parsing a value at line 1 column 0. Move it away, and the next run writes a new one"]
        .assert_eq(&complaint(""));
}

#[test]
fn a_wrong_shape_names_the_field() {
    expect!["results/local.json:1:37: this is no results file: unknown field `session`, expected one of `schema`, `where`, `sessions`, `loads`, `tune`, `traces` at line 1 column 37. Move it away, and the next run writes a new one"]
        .assert_eq(&complaint(r#"{"schema":2,"where":"local","session":[]    }"#));
}

#[test]
fn another_version_is_named_before_its_shape_is_judged() {
    expect!["results/local.json was written by schema 7, and this lab reads schema 2: move the file away and measure again: cargo lab run"]
        .assert_eq(&complaint(r#"{"schema":7,"runs":{}}"#));
}

#[test]
fn numbers_that_cannot_be_are_refused_both_ways() {
    let mut bad = session("bad", &["floor"]);
    bad.measurements.get_mut("floor").unwrap().rounds[0].closed_per_second = f64::NAN;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("local.json");
    let error = file_of(vec![bad]).save(&path).unwrap_err();
    assert!(matches!(error, Error::Invalid { .. }), "{error}");
    assert!(!path.exists());

    let text = text_of(&file_of(vec![session("bad", &["floor"])]));
    expect![[r#"results/local.json: session "bad", step "floor": round 0 has another number of latencies than of durations. Move the file away, or remove that session from it"#]]
        .assert_eq(&complaint(&text.replace("\"warm_us\":[1500,", "\"warm_us\":[")));
}

#[test]
fn an_unwritable_folder_is_named_before_and_after_measuring() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("results");
    fs::write(&file, "a file where the folder should be").unwrap();
    let path = file.join("local.json");
    let before = ResultsFile::prepare(&path, Place::Local).unwrap_err();
    let after = ResultsFile::add(&path, Place::Local, session("1", &["floor"])).unwrap_err();
    for error in [before, after] {
        assert!(matches!(error, Error::Write { .. }), "{error}");
        assert!(error.to_string().contains("results/local.json"), "{error}");
    }
}

#[test]
fn preparing_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let results = folder.path().join("results");
    let file = ResultsFile::prepare(&results.join("local.json"), Place::Local).unwrap();
    assert_eq!(file, ResultsFile::new(Place::Local));
    assert_eq!(fs::read_dir(results).unwrap().count(), 0);
}

#[test]
fn results_of_two_places_do_not_mix() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.json");
    ResultsFile::add(&path, Place::Aws, session("1", &["floor"])).unwrap();
    let error = ResultsFile::add(&path, Place::Local, session("2", &["floor"])).unwrap_err();
    assert!(matches!(error, Error::Place { .. }), "{error}");
}

#[test]
fn a_new_session_takes_the_place_of_what_it_measured_again() {
    let mut file = file_of(vec![
        session("1", &["00", "05", "floor"]),
        session("2", &["06"]),
    ]);
    file.merge(session("3", &["05", "06", "floor"]));
    assert_eq!(
        contents(&file),
        [("1", vec!["00"]), ("3", vec!["05", "06", "floor"])]
    );
}

#[test]
fn another_network_or_a_memory_size_given_by_hand_takes_no_place() {
    let mut loopback = session("loopback", &["05"]);
    loopback.conditions.network.as_mut().unwrap().profile = "loopback".to_owned();
    let mut large = session("large", &["05"]);
    let overridden = large.measurements.get_mut("05").unwrap();
    (overridden.memory_mb, overridden.memory_overridden) = (1024, true);

    let mut file = file_of(vec![session("1", &["05"])]);
    file.merge(loopback);
    file.merge(large.clone());
    assert_eq!(
        contents(&file),
        [
            ("1", vec!["05"]),
            ("loopback", vec!["05"]),
            ("large", vec!["05"])
        ]
    );
    assert_eq!(latest(&file, "05"), "1");

    large.conditions.id = "large again".to_owned();
    file.merge(large);
    assert_eq!(
        contents(&file),
        [
            ("1", vec!["05"]),
            ("loopback", vec!["05"]),
            ("large again", vec!["05"])
        ]
    );
}

#[test]
fn a_quick_session_takes_the_place_of_quick_ones_only() {
    let quick = |id: &str| {
        let mut session = session(id, &["05"]);
        session.conditions.method.quick = true;
        session
    };
    let mut file = file_of(vec![session("full", &["05"])]);
    file.merge(quick("quick"));
    file.merge(quick("quick again"));
    assert_eq!(
        contents(&file),
        [("full", vec!["05"]), ("quick again", vec!["05"])]
    );
    assert_eq!(latest(&file, "05"), "full");
    file.merge(session("full again", &["05"]));
    assert_eq!(contents(&file), [("full again", vec!["05"])]);
}

#[test]
fn steps_are_only_compared_within_one_session() {
    let mut file = file_of(vec![session("1", &["04", "05"])]);
    file.merge(session("2", &["03", "04"]));
    let newest = file.newest_with(Some("region"), &["03", "04"]).unwrap();
    assert_eq!(newest.conditions.id, "2");
    assert_eq!(file.newest_with(Some("region"), &["04", "05"]), None);
    assert_eq!(latest(&file, "05"), "1");
    assert_eq!(file.latest(Some("loopback"), "05"), None);
}

#[test]
fn sessions_added_at_the_same_time_all_arrive() {
    let folder = tempfile::tempdir().unwrap();
    let path = &folder.path().join("local.json");
    std::thread::scope(|scope| {
        for number in 0..8 {
            let name = format!("step-{number}");
            scope.spawn(move || {
                ResultsFile::add(path, Place::Local, session(&name, &[name.as_str()])).unwrap()
            });
        }
    });
    assert_eq!(ResultsFile::load(path).unwrap().sessions.len(), 8);
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        1,
        "something was left beside the file"
    );
}

proptest! {
    #[test]
    fn what_was_saved_is_loaded(
        steps in prop::collection::vec("[^\\x00]{1,12}", 1..4),
        label in prop::option::of(".*"),
        rounds in 1_u64..4,
        warm in 200_u64..u64::MAX / 2,
        mean in 0.0..1e12,
    ) {
        let names: Vec<&str> = steps.iter().map(String::as_str).collect();
        let mut original = session("1", &names);
        original.conditions.label = label;
        for old in original.measurements.values_mut() {
            *old = measurement(rounds, warm);
            old.rounds[0].closed_per_second = mean;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("local.json");
        let file = file_of(vec![original]);
        file.save(&path).unwrap();
        prop_assert_eq!(ResultsFile::load(&path).unwrap(), file);
    }
}

/// With so many rounds of every step, `gap_ms` apart.
fn apart(id: &str, gap_ms: f64) -> Session {
    let mut session = session(id, &["00", "05"]);
    session.conditions.method.paced_gap_ms = gap_ms;
    session
}

#[test]
fn sparse_traffic_stands_beside_the_usual_one() {
    let mut file = file_of(vec![apart("usual", 25.0)]);
    file.merge(apart("2 s", 2000.0));
    file.merge(apart("15 s", 15_000.0));
    file.merge(apart("2 s again", 2000.0));
    let ids: Vec<&str> = contents(&file).into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, ["usual", "15 s", "2 s again"]);
    assert_eq!(latest(&file, "05"), "usual");
    let sparse = |gap| {
        let found = file.newest_apart(Some("region"), &["00", "05"], gap);
        found.map(|session| session.conditions.id.as_str())
    };
    assert_eq!(sparse(2000.0), Some("2 s again"));
    assert_eq!(sparse(3000.0), None);
}

#[test]
fn another_hour_is_added_to_what_was_measured_alike() {
    let mut file = file_of(vec![apart("usual", 25.0), apart("15 s", 15_000.0)]);
    let mut later = apart("an hour later", 25.0);
    later.conditions.started = "2026-10-08T13:00:00Z".to_owned();
    file.join(later.clone()).unwrap();
    file.join(later.clone()).unwrap();
    let [usual, _] = &file.sessions[..] else {
        panic!("{} sessions", file.sessions.len());
    };
    let method = &usual.conditions.method;
    assert_eq!((method.sessions, method.rounds), (Some(3), 3));
    let measurement = &usual.measurements["05"];
    assert_eq!(measurement.sessions(), [1, 1, 1]);
    assert_eq!(measurement.rounds[2].session, 2);

    later.conditions.build.commit = Some("another".to_owned());
    assert!(file.join(later).unwrap_err().contains("same source"));
}
