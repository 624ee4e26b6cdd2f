//! Which chapters are said to be about what was counted.

use std::time::Duration;

use expect_test::expect_file;
use lab_results::advice::{Advice, Signal};
use lab_results::schema::{Conditions, Measurement, ResultsFile};
use lab_results::trace::Temperature;
use lab_results::view::advice::section;
use lab_results::view::section::{USUAL_WIDTH, text};

use crate::common::{facts, measurement, reference, repository, session};

const PROFILE: Option<&str> = Some("region");

fn advice(measurement: &Measurement, conditions: &Conditions) -> Advice {
    Advice::of(measurement, conditions, &facts().cpu().unwrap())
}

fn signals(advice: &Advice) -> Vec<Signal> {
    advice.findings.iter().map(|it| it.signal).collect()
}

/// What is found of a step of the reference. What its first requests use of the CPU is taken from its cold timeline: the
/// reference may be older than that field of a round.
fn of_step(reference: &ResultsFile, step: &str) -> Vec<Signal> {
    let (session, measured) = reference.latest(PROFILE, step).unwrap();
    let cold = reference.traces.iter().find(|trace| {
        let is_cold = trace.temperature == Temperature::Cold;
        trace.step == step && is_cold && trace.conditions.profile() == PROFILE
    });
    let usage = cold.unwrap().usage;
    let mut measured = measured.clone();
    for round in &mut measured.rounds {
        round.first_cpu_us = Some(usage.cpu_us as u64);
        round.first_throttled_us = usage.throttled_us.map(|us| us as u64);
    }
    let advice = advice(&measured, &session.conditions);
    assert_eq!(advice.unknown, Vec::<&str>::new());
    signals(&advice)
}

#[test]
fn the_steps_of_the_reference_find_what_comes_after_them() {
    let reference = reference();
    let of = |step: &str| of_step(&reference, step);
    let has = |step: &str, signal| of(step).contains(&signal);
    let unoptimized = of("00-unoptimized");
    for signal in [Signal::Sets, Signal::Connecting, Signal::Parameters] {
        assert!(unoptimized.contains(&signal), "{unoptimized:?}");
    }
    assert!(!has("01-drop-the-orm", Signal::Sets));
    assert!(has("01-drop-the-orm", Signal::Connecting));
    assert!(!has("02-reuse-connections", Signal::Connecting));
    assert!(has("02-reuse-connections", Signal::Parameters));
    assert!(!has("04-keep-the-parameters", Signal::Parameters));
    assert!(has("04-keep-the-parameters", Signal::Database));
    assert!(!has("05-elasticache", Signal::Database));
    assert!(has("06-graviton", Signal::FirstThrottled));
    assert!(!has("07-memory", Signal::WarmThrottled));
    assert!(has("08-one-thread", Signal::FirstCpu));
    assert!(!has("09-lean-tls", Signal::FirstCpu));
    assert!(has("10-cache-the-response", Signal::Cache));
    assert_eq!(of("12-bare-runtime"), []);
}

#[test]
fn what_a_file_does_not_hold_is_unknown_and_not_absent() {
    let session = session("1", &["mine"]);
    let mut measured = session.measurements["mine"].clone();
    for round in &mut measured.rounds {
        round.first_cpu_us = None;
        round.warm_throttled_us = None;
        round.counts_warm.clear();
    }
    let mut conditions = session.conditions.clone();
    conditions.network = None;
    let advice = advice(&measured, &conditions);
    assert_eq!(signals(&advice), []);
    assert_eq!(advice.unknown.len(), 3, "{:?}", advice.unknown);
}

#[test]
fn a_connection_that_is_opened_once_is_no_habit_and_answers_that_are_kept_are_not_asked_for_alike()
{
    let conditions = session("1", &[]).conditions;
    let found = |counts: [(&str, f64); 2]| {
        let mut measured = measurement(2, 1500);
        for (round, (name, count)) in measured.rounds.iter_mut().zip(counts) {
            round.counts_warm = [(name.to_owned(), count)].into();
        }
        signals(&advice(&measured, &conditions))
    };
    let handshakes = |count| found([("cache.tls_handshakes", count); 2]);
    assert_eq!(handshakes(0.1), []);
    assert_eq!(handshakes(1.0), [Signal::Connecting]);
    let asked = |one, other| {
        let counter = "database.round_trips";
        found([(counter, one), (counter, other)])
    };
    assert_eq!(asked(2.0, 2.0), [Signal::Database]);
    assert_eq!(asked(2.0, 1.4), []);
    assert_eq!(asked(0.5, 0.5), []);
}

#[test]
fn throttling_at_another_size_is_counted_in_periods() {
    let cpu = facts().cpu().unwrap();
    let used = Duration::from_micros(57_425);
    // 57.4 ms in slices of 5.79 ms: nine are used up, and after each it stands still for the rest of 20 ms.
    let at = |memory| cpu.most_throttled(used, memory).as_millis();
    assert_eq!([512, 1024, 1769, 3008].map(at), [127, 33, 0, 0]);
    assert_eq!(cpu.memory_for(used), 1769);
    assert_eq!(cpu.memory_for(Duration::from_millis(5)), 443);
    assert_eq!(
        cpu.most_throttled(Duration::from_millis(5), 443),
        Duration::ZERO
    );
    assert_eq!(cpu.most_throttled(Duration::ZERO, 128), Duration::ZERO);
}

#[test]
fn every_chapter_is_there() {
    for chapter in Signal::ALL.into_iter().flat_map(Signal::chapters) {
        let file = repository().join(format!("book/chapters/{chapter}.md"));
        assert!(file.exists(), "{}", file.display());
    }
}

#[test]
fn it_is_told_in_a_table_that_fits_a_terminal() {
    let (conditions, cpu) = (session("1", &[]).conditions, facts().cpu().unwrap());
    let mut slow = measurement(12, 40_000);
    for round in &mut slow.rounds {
        let counts = [
            ("cache.round_trips", 1.0),
            ("database.connections", 1.0),
            ("database.round_trips", 11.0),
            ("database.sets", 2.0),
            ("database.tls_handshakes", 1.0),
            ("parameters.get_parameters", 1.0),
            ("parameters.tls_handshakes", 1.0),
        ];
        let counts = counts.map(|(name, count)| (name.to_owned(), count));
        round.counts_warm = counts.into();
        round.warm_cpu_us = Some(6500.0);
        round.warm_throttled_us = Some(2600.0);
        round.first_duration_us = 387_000;
        round.first_cpu_us = Some(57_400);
        round.first_throttled_us = Some(301_000);
    }
    let mut uneven = measurement(12, 1500);
    let mut nothing = measurement(12, 600);
    for round in &mut uneven.rounds {
        round.counts_warm.clear();
        round.warm_throttled_us = Some(165.0);
    }
    for round in &mut nothing.rounds {
        round.counts_warm.clear();
        round.warm_network_us = Some(0.0);
        round.first_cpu_us = None;
    }
    let told = [
        ("./target/lambda/orders/bootstrap", slow),
        ("uneven", uneven),
        ("nothing", nothing),
    ];
    let sections = told.map(|(name, measured)| section(name, &measured, &conditions, &cpu));
    let text = text(&sections, Some(USUAL_WIDTH));
    let longest = text.lines().map(|line| line.chars().count()).max();
    assert!(longest <= Some(USUAL_WIDTH), "{text}");
    expect_file!["advice.txt"].assert_eq(&text);
}
