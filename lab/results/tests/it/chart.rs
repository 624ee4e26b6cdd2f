//! The ladder, drawn from a session that could be real.

use crate::common::{measurement, session};
use expect_test::expect_file;
use lab_results::chart::ladder;
use lab_results::schema::Session;

fn example() -> Session {
    let mut session = session("1", &[]);
    session.conditions.method.rounds = 12;
    for (name, warm_us) in [
        ("00-unoptimized", 69_800),
        ("03-parameters-extension", 3000),
        ("floor", 400),
    ] {
        session
            .measurements
            .insert(name.to_owned(), measurement(12, warm_us));
    }
    let graviton = session.measurements["floor"].clone();
    session
        .measurements
        .insert("06-graviton".to_owned(), graviton);
    let graviton = session.measurements.get_mut("06-graviton").unwrap();
    "arm64".clone_into(&mut graviton.architecture);
    graviton.measured_on = Some("x86_64".to_owned());
    session
}

#[test]
fn the_ladder_is_that_of_the_committed_picture() {
    let svg = ladder(&example()).unwrap();
    assert_eq!(svg, ladder(&example()).unwrap());
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
    let mut session = example();
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
