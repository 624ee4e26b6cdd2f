//! Ladder, distribution, waterfall and tuning matrix, drawn from results that could be real.

use std::collections::BTreeMap;

use crate::common::{measurement, session};
use expect_test::expect_file;
use lab_results::chart::{distribution, ladder, tuning, tuning_curve, waterfall};
use lab_results::conditions::Conditions;
use lab_results::price::Prices;
use lab_results::schema::{Measurement, Session};
use lab_results::trace::{Asked, Init, Span, Temperature, Trace, Usage};
use lab_results::tuning::{Strategy, Tuning, choose};
use lab_results::view::tuning::{Shown, sections};

/// Twelve rounds of each.
fn measured(steps: &[(&str, u64)]) -> Session {
    let mut session = session("1", &[]);
    session.conditions.method.rounds = 12;
    for (name, warm_us) in steps {
        let measured = measurement(12, *warm_us);
        session.measurements.insert((*name).to_owned(), measured);
    }
    session
}

fn example() -> Session {
    measured(&[
        ("00-unoptimized", 69_800),
        ("05-elasticache", 1700),
        ("floor", 400),
    ])
}

/// One of its steps was not timed on the architecture that it is deployed on.
fn example_of_the_ladder() -> Session {
    let mut session = measured(&[
        ("00-unoptimized", 69_800),
        ("03-parameters-extension", 3000),
        ("06-graviton", 400),
        ("floor", 400),
    ]);
    let graviton = session.measurements.get_mut("06-graviton").unwrap();
    "arm64".clone_into(&mut graviton.architecture);
    graviton.measured_on = Some("x86_64".to_owned());
    session
}

fn conditions() -> Conditions {
    session("1", &[]).conditions
}

fn prices() -> Prices {
    Prices {
        request: 2e-7,
        gb_second_x86_64: 1.666_67e-5,
        gb_second_arm64: 1.333_34e-5,
        http_api_request: 1e-6,
    }
}

fn tuned(step: &str, sizes: &[(u32, u64)]) -> Tuning {
    let sizes = sizes.iter().map(|&(memory_mb, warm_us)| Measurement {
        memory_mb,
        ..measurement(3, warm_us)
    });
    Tuning {
        step: step.to_owned(),
        memory_mb: 256,
        conditions: conditions(),
        sizes: sizes.collect(),
        failed: BTreeMap::new(),
    }
}

fn trace(step: &str, temperature: Temperature) -> Trace {
    let span = |name: &str, start_us, end_us| Span {
        name: name.to_owned(),
        start_us,
        end_us,
        failed: name == "cache_set",
    };
    let usage = Usage {
        cpu_us: 3500.0,
        throttled_us: Some(200.0),
        network_us: 9000.0,
    };
    Trace {
        step: step.to_owned(),
        memory_mb: 256,
        temperature,
        conditions: conditions(),
        chosen_from: 7,
        init: (temperature == Temperature::Cold).then_some(Init {
            duration_us: 5000.0,
            usage,
        }),
        answered_us: 20_000.0,
        idle_us: 20_100.0,
        handler: Some(span("handler", 300.0, 19_800.0)),
        phases: vec![
            span("cache_get", 400.0, 1500.0),
            span("connect", 1500.0, 14_000.0),
            span("query", 14_100.0, 18_000.0),
            span("cache_set", 18_000.0, 19_700.0),
        ],
        services: Vec::new(),
        usage,
    }
}

#[test]
fn the_ladder_is_that_of_the_committed_picture() {
    let svg = ladder(&example_of_the_ladder()).unwrap();
    assert_eq!(svg, ladder(&example_of_the_ladder()).unwrap());
    expect_file!["ladder.svg"].assert_eq(&svg);
}

#[test]
fn names_are_escaped_and_long_paths_shown_by_their_end() {
    let mut session = session("1", &[]);
    session.measurements.insert(
        "./target/lambda/my-<own>/bootstrap".to_owned(),
        measurement(1, 500),
    );
    let svg = ladder(&session).unwrap();
    assert!(
        svg.contains(">…mbda/my-&lt;own&gt;/bootstrap</text>"),
        "{svg}"
    );
    assert!(
        svg.contains(
            "<desc id=\"ladder-description\">./target/lambda/my-&lt;own&gt;/bootstrap with"
        ),
        "{svg}"
    );
    assert!(
        !svg.contains("class=\"whisker\""),
        "one round has no interval: {svg}"
    );
    assert!(svg.contains("too few rounds for intervals"));
}

#[test]
fn what_is_not_as_on_lambda_is_said() {
    let mut session = example_of_the_ladder();
    session.conditions.limits.as_mut().unwrap().cpu = false;
    session.conditions.build.dirty = true;
    let svg = ladder(&session).unwrap();
    assert!(
        svg.contains("without Lambda&apos;s CPU")
            || svg.contains("without Lambda's CPU and memory limits")
    );
    assert!(svg.contains("commit 012345678 with changes."));
}

#[test]
fn a_session_without_latencies_has_no_picture() {
    assert_eq!(ladder(&session("1", &[])), None);
}

#[test]
fn the_distribution_is_that_of_the_committed_picture() {
    expect_file!["distribution.svg"].assert_eq(&distribution(&example()).unwrap());
    assert_eq!(distribution(&session("1", &[])), None);
}

#[test]
fn the_waterfalls_are_those_of_the_committed_pictures() {
    let warm = trace("05-elasticache", Temperature::Warm);
    let other = trace("./my-<own>/bootstrap", Temperature::Warm);
    let picture = waterfall(&[&warm, &other]).unwrap();
    assert!(picture.contains("./my-&lt;own&gt;/bootstrap"), "{picture}");
    expect_file!["waterfall.svg"].assert_eq(&picture);
    let cold = trace("05-elasticache", Temperature::Cold);
    assert!(
        waterfall(&[&cold]).unwrap().contains(">25.0 ms</text>"),
        "init counts"
    );
    assert_eq!(waterfall(&[]), None);
}

#[test]
fn a_timelines_lines_are_the_whole_of_it() {
    for temperature in [Temperature::Cold, Temperature::Warm] {
        let mut trace = trace("05-elasticache", temperature);
        let sum = |trace: &Trace| -> f64 {
            trace
                .bars()
                .iter()
                .map(lab_results::trace::Bar::duration_us)
                .sum()
        };
        assert!((sum(&trace) - trace.whole_us()).abs() < 1e-6);
        let rest = trace.whole_us() - trace.attributed_us();
        assert!(
            (rest - 800.0).abs() < 1e-6,
            "300, 100, 100, 100 and 200: {rest}"
        );
        trace.handler = None;
        trace.phases.clear();
        assert!(
            (sum(&trace) - trace.whole_us()).abs() < 1e-6,
            "without a document as well"
        );
    }
}

#[test]
fn the_matrix_is_that_of_the_committed_picture() {
    let one = tuned(
        "00-unoptimized",
        &[(128, 43_000), (256, 40_600), (1024, 39_000)],
    );
    let other = tuned("05-elasticache", &[(128, 1700), (256, 1500), (1769, 1450)]);
    let picture = tuning(&[&one, &other], &prices()).unwrap();
    expect_file!["tuning.svg"].assert_eq(&picture);
    assert_eq!(tuning(&[], &prices()), None);
}

#[test]
fn the_curves_are_those_of_the_committed_picture() {
    let sizes = [(128, 1700), (256, 1500), (1769, 1450)];
    let one = tuned("05-elasticache", &sizes);
    let other = tuned("09-lean-tls", &sizes);
    let picture = tuning_curve(&[&one, &other]).unwrap();
    expect_file!["tuning_curve.svg"].assert_eq(&picture);
    let of_other_sizes = tuned("floor", &[(128, 400), (512, 400), (1769, 400)]);
    assert_eq!(tuning_curve(&[&one, &of_other_sizes]), None);
    assert_eq!(tuning_curve(&[&one, &other, &one]), None);
    assert_eq!(tuning_curve(&[]), None);
}

#[test]
fn a_size_that_fails_is_a_row_that_says_so_and_the_others_stay() {
    let mut one = tuned("05-elasticache", &[(256, 1500), (1024, 1400)]);
    let why = "the invocation failed: Runtime exited with error: signal: killed";
    one.failed.insert(128, why.to_owned());
    let other = tuned("09-lean-tls", &[(128, 1700), (256, 1500), (1024, 1400)]);
    let sections = sections(&Shown {
        tunings: &[one, other],
        prices: &prices(),
        strategy: Strategy::Cost,
        weight: 0.5,
        baseline: None,
    });
    let sections = sections.unwrap();
    let rows = &sections[0].rows;
    assert_eq!(
        (rows.len(), &rows[0][..2]),
        (3, &["128".to_owned(), "failed".to_owned()][..])
    );
    assert!(
        rows.iter()
            .all(|row| row.len() == sections[0].columns.len())
    );
    let told = format!("128 MB failed: {why}");
    assert!(sections[0].notes.contains(&told), "{:?}", sections[0].notes);
    let matrix = &sections[2];
    assert_eq!(matrix.columns.len(), 4);
    assert_eq!(matrix.rows[0][1], "failed");
    assert_ne!(matrix.rows[1][1], "failed");
}

#[test]
fn a_tuning_is_summed_up_as_power_tuning_does() {
    // Each of the three rounds has three warm requests of 1600, 1650 and 2400 µs, and 10 and 20 µs more in later rounds.
    let tuning = tuned("05-elasticache", &[(128, 1700), (1024, 1700)]);
    let points = tuning.points(Temperature::Warm, &prices()).unwrap();
    // Of nine, one goes at each end: 1610 1620 1650 1660 1670 2400 2410.
    assert!(
        (points[0].duration_ms - 13.02 / 7.0).abs() < 1e-9,
        "{points:?}"
    );
    // Billed 2 ms or 3 ms: 2.29 on average, 3 rounded up.
    assert!(
        (points[0].cost - 3.0 * 1.666_67e-8 / 8.0).abs() < 1e-15,
        "{points:?}"
    );
    assert!((points[1].cost / points[0].cost - 8.0).abs() < 1e-9);
    let cold = tuning.points(Temperature::Cold, &prices()).unwrap();
    assert!(
        (cold[0].duration_ms - 14.5).abs() < 1e-9,
        "init and the first: {cold:?}"
    );
    assert_eq!(choose(&points, Strategy::Speed).unwrap().memory_mb, 128);
    assert_eq!(choose(&points, Strategy::Cost).unwrap().memory_mb, 128);
    // 3 x (14.5 -> 15 ms) and per round 2 + 2 + 3 ms, at both sizes.
    let ms = f64::from(3 * 15 + 3 * 7);
    let total = ms * 1.666_67e-8 * (128.0 + 1024.0) / 1024.0;
    assert!((tuning.total_cost(&prices()).unwrap() - total).abs() < 1e-15);
}

#[test]
fn pictures_of_one_page_have_ids_of_their_own() {
    let session = example();
    let tuned = tuned("05-elasticache", &[(128, 1700)]);
    let cold = trace("05-elasticache", Temperature::Cold);
    let warm = trace("05-elasticache", Temperature::Warm);
    let pictures = [
        ladder(&session),
        distribution(&session),
        tuning(&[&tuned], &prices()),
        waterfall(&[&cold]),
        waterfall(&[&warm]),
    ];
    let mut ids = Vec::new();
    for picture in pictures.iter().flatten() {
        let found = picture.split(" id=\"").skip(1);
        ids.extend(found.map(|part| part.split('"').next().unwrap().to_owned()));
        assert!(picture.contains("<title id=") && picture.contains("<desc id="));
    }
    assert_eq!(ids.len(), 2 * pictures.len());
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 2 * pictures.len(), "{ids:?}");
}

#[test]
fn without_documents_the_services_are_the_bars() {
    let asked = |service: &str, waits: &[(f64, f64)]| Asked {
        service: service.to_owned(),
        round_trips: waits.len() as u64,
        waits: waits.to_vec(),
    };
    let services = [
        // In init, and of what came behind the answer only the part before it.
        asked("database", &[(-50.0, -20.0), (10.0, 30.0), (95.0, 120.0)]),
        asked("upstream rates", &[(20.0, 60.0)]),
    ];
    let bars = |services: &[Asked]| {
        let known = trace("00", Temperature::Warm);
        let trace = Trace {
            answered_us: 100.0,
            handler: None,
            phases: Vec::new(),
            services: services.to_vec(),
            ..known
        };
        trace.bars()
    };
    let told: Vec<_> = bars(&services)
        .into_iter()
        .map(|bar| (bar.name, bar.pieces))
        .collect();
    assert_eq!(
        told,
        [
            ("database".to_owned(), vec![(10.0, 30.0), (95.0, 100.0)]),
            ("upstream rates".to_owned(), vec![(20.0, 60.0)]),
            (
                "no service asked".to_owned(),
                vec![(0.0, 10.0), (60.0, 95.0)]
            ),
        ]
    );
    assert_eq!(bars(&[])[0].name, "no phases are known");
}
