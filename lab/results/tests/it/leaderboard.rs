//! Lines that people paste, and who is first.

use crate::common::{measurement, session};
use lab_results::leaderboard::{Crate, Error, LONGEST, Line, Result as Measured, rank};
use lab_results::schema::Session;
use proptest::prelude::*;

fn measured(name: &str, p50_us: f64, network_us: f64) -> Crate {
    Crate {
        name: name.to_owned(),
        memory_mb: 256,
        p50_us,
        network_us,
        keeps_contract: Some(true),
    }
}

fn result(label: &str, floor_us: f64, crates: Vec<Crate>) -> Measured {
    Measured {
        label: label.to_owned(),
        profile: "region".to_owned(),
        limited: true,
        rounds: 12,
        floor_us,
        crates,
    }
}

fn with_floor(steps: &[(&str, u64)]) -> Session {
    let mut session = session("1", &[]);
    session.conditions.method.rounds = 12;
    for (name, warm_us) in steps.iter().chain(&[("floor", 400)]) {
        let mut measurement = measurement(12, *warm_us);
        measurement.keeps_contract = Some(*name != "floor");
        session.measurements.insert((*name).to_owned(), measurement);
    }
    session
}

#[test]
fn own_crates_are_shown_and_else_the_fastest_step() {
    let names = |session: &Session| -> Vec<String> {
        let result = Measured::of(session, "ada").unwrap();
        result
            .crates
            .iter()
            .map(|shown| shown.name.clone())
            .collect()
    };
    let steps = [("03-parameters-extension", 3000), ("05-elasticache", 1500)];
    assert_eq!(names(&with_floor(&steps)), ["05-elasticache"]);
    let with_mine = [steps[0], ("mine", 2000), steps[1], ("./my/bootstrap", 5000)];
    assert_eq!(names(&with_floor(&with_mine)), ["my/bootstrap", "mine"]);
    assert_eq!(
        Measured::of(&session("1", &["mine"]), "ada"),
        None,
        "no floor"
    );
}

#[test]
fn a_line_is_short_and_comes_back_as_it_was() {
    let session = with_floor(&[("mine", 2900)]);
    let result = Measured::of(&session, "Ada Lovelace").unwrap();
    let line = Line(result.clone()).to_string();
    assert!(line.starts_with("lab1 Ada_Lovelace region limited r12 floor="));
    assert!(line.len() < 300, "{line}");
    let read = Line::parse(&format!("10:42 ada:  {line} :-)")).unwrap().0;
    assert_eq!(read.label, "Ada_Lovelace");
    assert_eq!(read.crates[0].keeps_contract, Some(true));
    assert!((read.crates[0].p50_us - result.crates[0].p50_us).abs() < 1.0);
    assert_eq!(Line::parse("good morning"), Err(Error::NoResult));
    let wide = line.replace(' ', "  \u{a0}");
    let wide = wide
        .replacen("lab1  \u{a0}", "lab1 ", 1)
        .replace("\u{a0}#", " #");
    assert_eq!(Line::parse(&wide).unwrap().0, read, "other white space");
}

#[test]
fn many_crates_with_long_names_still_fit() {
    let crates = (0..20).map(|number| measured(&format!("{number}{}", "ü".repeat(60)), 9e5, 8e5));
    let line = Line(result(&"x".repeat(500), 412.0, crates.collect())).to_string();
    assert!(line.chars().count() <= LONGEST, "{line}");
    assert!(Line::parse(&line).unwrap().0.crates.len() > 2);
}

#[test]
fn a_wrong_checksum_is_told_with_its_label() {
    let line = Line(result("eve", 412.0, vec![measured("mine", 2900.0, 1500.0)])).to_string();
    let changed = line.replace("2900", "1900");
    let error = Line::parse(&changed).unwrap_err().to_string();
    assert!(error.contains("checksum of eve's line"), "{error}");
    let cut = line.split(" #").next().unwrap();
    assert!(matches!(Line::parse(cut), Err(Error::Checksum { .. })));
}

#[test]
fn the_same_crate_is_equally_good_on_a_fast_and_on_a_slow_laptop() {
    // 1,500 µs of distance on both; the work is three floors on both.
    let of = |label, floor_us, work_us| {
        result(
            label,
            floor_us,
            vec![measured("mine", 1500.0 + work_us, 1500.0)],
        )
    };
    let slow = of("slow", 600.0, 1800.0);
    let fast = of("fast", 200.0, 600.0);
    let better = of("better", 600.0, 1200.0);
    let results = [slow, fast, better];
    let (groups, unranked) = rank(&results);
    assert!(unranked.is_empty());
    let [group] = &groups[..] else {
        panic!("{groups:?}")
    };
    let labels = group
        .ranked
        .iter()
        .map(|ranked| ranked.result.label.as_str());
    let wanted = ["better", "slow", "fast"];
    assert!(labels.eq(wanted), "less code first, ties in their order");
    assert!((group.ranked[1].score_us - group.ranked[2].score_us).abs() < 1e-6);
    assert!((group.floor_us - 600.0).abs() < 1e-9);
}

#[test]
fn broken_contracts_are_unranked_and_other_conditions_ranked_apart() {
    let crate_ = || vec![measured("mine", 2900.0, 1500.0)];
    let names = ["unlimited", "broken", "good", "unasked", "loopback"];
    let mut results = names.map(|name| result(name, 400.0, crate_()));
    results[0].limited = false;
    results[1].crates[0].keeps_contract = Some(false);
    results[3].crates[0].keeps_contract = None;
    "loopback".clone_into(&mut results[4].profile);
    let (groups, unranked) = rank(&results);
    let seen: Vec<_> = groups
        .iter()
        .map(|group| (group.limited, group.profile, group.ranked.len()))
        .collect();
    assert_eq!(
        seen,
        [
            (true, "loopback", 1),
            (true, "region", 1),
            (false, "region", 1)
        ]
    );
    let unranked: Vec<&str> = unranked
        .iter()
        .map(|(result, _)| result.label.as_str())
        .collect();
    assert_eq!(unranked, ["broken", "unasked"]);
}

proptest! {
    #[test]
    fn any_label_gives_one_line_that_is_read_again(label in "\\PC{0,60}", name in "\\PC{1,60}") {
        let line = Line(result(&label, 412.0, vec![measured(&name, 2900.0, 1500.0)])).to_string();
        prop_assert_eq!(line.lines().count(), 1);
        prop_assert!(line.chars().count() <= LONGEST);
        let read = Line::parse(&line).unwrap().0;
        prop_assert_eq!(read.crates.len(), 1);
        prop_assert_eq!(Line(read).to_string(), line);
    }
}
