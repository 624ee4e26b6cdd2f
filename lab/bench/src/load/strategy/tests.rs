//! The format, its errors, and when requests arrive.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use expect_test::expect_file;
use proptest::prelude::{Just, Strategy as _, prop_assert, prop_assert_eq, prop_oneof, proptest};

use super::{Arrivals, Metric, Phase, Strategy};

const SECOND: Duration = Duration::from_secs(1);

fn with_phases(phases: &str) -> String {
    format!("config:\n  phases:\n{phases}\nscenarios:\n  - flow:\n      - get:\n          url: /\n")
}

fn parse(text: &str) -> Result<Strategy, super::Error> {
    Strategy::parse(text, Path::new("my.yml"))
}

fn shipped(name: &str) -> Strategy {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/load");
    Strategy::load(&folder.join(name)).unwrap()
}

#[test]
fn the_samples_own_ramp_is_read() {
    let ramp = shipped("ramp.yml");
    assert_eq!(ramp.name, "ramp");
    assert_eq!(ramp.duration(), 70 * SECOND);
    assert_eq!(ramp.apdex_threshold, Duration::from_millis(100));
    assert_eq!((ramp.path.as_str(), ramp.expect.status), ("/", Some(200)));
    assert_eq!(ramp.expect.content_type.as_deref(), Some("json"));
    // 20 s around 10.5/s and 50 s around 60/s.
    assert_eq!(ramp.arrivals().count(), 210 + 3000);
    assert_eq!(
        ramp.describe(),
        "20 s from 1/s to 20/s, 50 s from 20/s to 100/s: 3210 requests in 70 s, 45.9/s on average"
    );
}

#[test]
fn the_other_strategies_are_read() {
    assert_eq!(shipped("sustained.yml").requests(), 3000);
    let burst = shipped("burst.yml");
    assert_eq!(burst.arrivals().count(), 10 + 150 + 150);
    assert_eq!(burst.duration(), 12 * SECOND);
    // Nothing arrives in the pause.
    let pause = 6 * SECOND..11 * SECOND;
    assert!(burst.arrivals().all(|at| !pause.contains(&at)));
}

#[test]
fn every_way_of_ensuring_is_read() {
    let text = with_phases("    - duration: 1m\n      rampTo: 2\n").replace(
        "config:\n",
        "config:\n  plugins:\n    ensure:\n      thresholds:\n        - http.response_time.p99: 250\n  ensure:\n    p95: 200\n    maxErrorRate: 1\n",
    );
    let strategy = parse(&text).unwrap();
    let metrics: Vec<Metric> = strategy.ensure.iter().map(|it| it.metric).collect();
    assert_eq!(
        metrics,
        [
            Metric::Percentile(990),
            Metric::Percentile(950),
            Metric::ErrorRate
        ]
    );
    assert_eq!(strategy.phases[0].duration, 60 * SECOND);
    let p99 = strategy.ensure[0];
    assert_eq!(p99.broken_by(249.9), None);
    assert_eq!(
        p99.broken_by(250.0).unwrap(),
        "http.response_time.p99 is 250.0 ms, and the strategy wants less than 250 ms"
    );
    assert_eq!(strategy.ensure[2].broken_by(1.0), None);
    assert_eq!(
        strategy.ensure[2].broken_by(1.5).unwrap(),
        "maxErrorRate is 1.5 %, and the strategy wants at most 1 %"
    );
}

/// A good file with these lines under `config`, `config` itself included.
fn with_config(lines: &str) -> String {
    GOOD.replace("config:\n", &format!("config:\n  {lines}\n"))
}

/// A good file with these lines instead of its phase's duration and rate.
fn with_phase(lines: &str) -> String {
    with_phases(&format!("    - {lines}\n"))
}

/// A good file with this instead of the request's `url: /`.
fn with_get(lines: &str) -> String {
    GOOD.replace("url: /", lines)
}

/// What the mistakes below are made in.
const GOOD: &str = "config:\n  phases:\n    - duration: 1\n      arrivalRate: 1\n\nscenarios:\n  - flow:\n      - get:\n          url: /\n";

/// Files that the lab does not understand, and what is wrong with them.
fn mistakes() -> Vec<(&'static str, String)> {
    let (phases, scenarios) = GOOD.split_at(GOOD.find("scenarios").unwrap());
    let good = |more: &str| format!("{GOOD}{more}");
    let with = |from: &str, to: &str| GOOD.replace(from, to);
    vec![
        ("nothing", String::new()),
        ("no YAML", "config: [1, 2\nscenarios: {".to_owned()),
        ("a list", "- config\n".to_owned()),
        ("two documents", good("---\nmore: 1\n")),
        ("a key twice", with_config("target: a\n  target: b")),
        ("a key that is none", with("config:", "before: 1\nconfig:")),
        ("another plugin", with_config("plugins:\n    fuzzer: {}")),
        (
            "several things",
            with_config("defaults: {}\n  plugins:\n    fuzzer: {}")
                .replace("url: /", "url: /\n          headers: {}"),
        ),
        ("no phases", scenarios.to_owned()),
        ("no scenario", phases.to_owned()),
        ("phases as text", with_phases("    never\n")),
        ("a phase without a rate", with_phase("duration: 10")),
        (
            "a rate and a count",
            with_phase("duration: 10\n      arrivalRate: 1\n      arrivalCount: 1"),
        ),
        (
            "a pause with a rate",
            with_phase("pause: 10\n      arrivalRate: 1"),
        ),
        (
            "users at a time",
            with_phase("duration: 10\n      arrivalRate: 1\n      maxVusers: 5"),
        ),
        (
            "a negative rate",
            with_phase("duration: 10\n      arrivalRate: -1"),
        ),
        (
            "a rate in words",
            with_phase("duration: 10\n      arrivalRate: many"),
        ),
        (
            "no time at all",
            with_phase("duration: 0\n      arrivalRate: 1"),
        ),
        (
            "another unit",
            with_phase("duration: 10 parsecs\n      arrivalRate: 1"),
        ),
        (
            "half a request",
            with_phase("duration: 10\n      arrivalCount: 1.5"),
        ),
        ("nothing sent", with_phase("pause: 10")),
        (
            "two scenarios",
            good("  - flow:\n      - get:\n          url: /b\n"),
        ),
        ("two requests", good("      - get:\n          url: /b\n")),
        (
            "a loop",
            with("get:\n          url: /", "loop:\n          - think: 1"),
        ),
        ("a post", with("- get", "- post")),
        (
            "headers",
            with_get("url: /\n          headers:\n            a: b"),
        ),
        ("a variable", with_get("url: \"/{{ id }}\"")),
        ("a whole URL", with_get("url: https://example.com/")),
        ("no URL", with_get("name: list")),
        (
            "another expectation",
            with_get("url: /\n          expect:\n            - hasProperty: id"),
        ),
        (
            "no status",
            with_get("url: /\n          expect:\n            statusCode: 1000"),
        ),
        (
            "a condition",
            with_config("ensure:\n    conditions:\n      - expression: \"a < b\""),
        ),
        (
            "another metric",
            with_config("ensure:\n    thresholds:\n      - http.codes.200: 1"),
        ),
        ("apdex", with_config("apdex:\n    treshold: 100")),
    ]
}

#[test]
fn what_is_not_understood_is_named_by_its_line() {
    let mut told = String::new();
    for (mistake, text) in mistakes() {
        let error = parse(&text).expect_err(mistake);
        assert!(
            (1..=text.lines().count().max(1)).contains(&error.line),
            "{mistake}: {error}"
        );
        writeln!(told, "{mistake}\n  {error}").unwrap();
    }
    expect_file!["../../../tests/golden/strategy.txt"].assert_eq(&told);
}

#[test]
fn what_changes_nothing_is_passed_over_by_name() {
    let text = with_config(
        "tls:\n    rejectUnauthorized: false\n  statsInterval: 5\n  environments:\n    dev:\n      target: a\n  \
         variables: {a: [1, 2.5, true, null]}\n  plugins:\n    metrics-by-endpoint: {}\n    expect:\n      outputFormat: json",
    );
    let text = text
        .replace("- flow", "- weight: 2\n    flow")
        .replace("url: /", "url: /\n          capture: {}");
    let strategy = parse(&text).unwrap();
    assert_eq!(
        strategy.passed_over,
        [
            "config.tls",
            "config.statsInterval",
            "config.environments",
            "config.variables",
            "config.plugins.metrics-by-endpoint",
            "config.plugins.expect.outputFormat",
            "scenarios[].weight",
            "scenarios[].flow[].get.capture",
        ]
    );
    assert!(parse(GOOD).unwrap().passed_over.is_empty());
}

#[test]
fn durations_have_all_of_artillerys_units() {
    for (text, seconds) in [
        ("90", 90.0),
        ("100ms", 0.1),
        ("250 msecs", 0.25),
        ("30 seconds", 30.0),
        ("1.5m", 90.0),
        ("5min", 300.0),
        ("2 Hours", 7200.0),
        ("1hr", 3600.0),
        ("1d", 86_400.0),
    ] {
        let strategy = parse(&with_phase(&format!(
            "duration: {text}\n      arrivalRate: 100"
        )));
        assert_eq!(
            strategy.unwrap().duration(),
            Duration::from_secs_f64(seconds),
            "{text}"
        );
    }
}

#[test]
fn a_day_of_requests_needs_no_memory() {
    let day = parse(&with_phase("duration: 1d\n      arrivalRate: 100000")).unwrap();
    assert_eq!(day.requests(), 8_640_000_000);
    assert!((day.peak_rate() - 100_000.0).abs() < f64::EPSILON);
    let mut arrivals = day.arrivals();
    assert_eq!(arrivals.nth(100_000), Some(SECOND));
    let burst = shipped("burst.yml");
    assert_eq!(burst.requests(), burst.arrivals().count());
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = Strategy::load(Path::new("nowhere.yml")).unwrap_err();
    assert!(format!("{error:#}").contains("nowhere.yml"), "{error:#}");
}

fn phase() -> impl proptest::strategy::Strategy<Value = Phase> {
    let rate = 0.0..200.0_f64;
    let arrivals = prop_oneof![
        Just(Arrivals::None),
        (rate.clone(), rate).prop_map(|(from, to)| Arrivals::Rate(from, to)),
        (0..2000_u32).prop_map(Arrivals::Count),
    ];
    (100..60_000_u64, arrivals).prop_map(|(ms, arrivals)| Phase {
        duration: Duration::from_millis(ms),
        arrivals,
    })
}

/// How many requests a phase has offered after so many seconds, by its definition.
fn offered(phase: &Phase, at: f64) -> f64 {
    let whole = phase.duration.as_secs_f64();
    match phase.arrivals {
        Arrivals::None => 0.0,
        Arrivals::Rate(from, to) => from * at + (to - from) * at * at / (2.0 * whole),
        Arrivals::Count(count) => f64::from(count) * at / whole,
    }
}

proptest! {
    #[test]
    fn requests_arrive_in_their_order_and_within_the_phase(phase in phase()) {
        let arrivals: Vec<Duration> = phase.arrivals().collect();
        prop_assert_eq!(arrivals.len(), phase.count());
        prop_assert!(arrivals.is_sorted());
        prop_assert!(arrivals.iter().all(|at| *at <= phase.duration));
    }

    #[test]
    fn at_any_time_as_many_have_arrived_as_the_rate_says(phase in phase(), share in 0.0..1.0_f64) {
        let at = phase.duration.mul_f64(share);
        let arrived = phase.arrivals().filter(|arrival| *arrival <= at).count() as f64;
        let wanted = offered(&phase, at.as_secs_f64());
        // The first one arrives at once.
        prop_assert!((arrived - wanted).abs() <= 1.0 + 1e-6, "{} arrived, {} wanted", arrived, wanted);
    }

    #[test]
    fn no_file_makes_it_panic(text in "[a-z:\\- \n\\[\\]{}\"'&*!|>0-9.]{0,200}") {
        let _ = parse(&text);
    }

    #[test]
    fn phases_are_read_as_they_are_written(duration in 1..1000_u32, from in 0..1000_u32, to in 1..1000_u32) {
        let text = with_phases(&format!("    - duration: {duration}\n      arrivalRate: {from}\n      rampTo: {to}\n"));
        if let Ok(strategy) = parse(&text) {
            prop_assert_eq!(strategy.phases[0].arrivals, Arrivals::Rate(from.into(), to.into()));
            prop_assert_eq!(strategy.duration(), Duration::from_secs(duration.into()));
        } else {
            prop_assert_eq!(duration * (from + to) / 2, 0);
        }
    }
}
