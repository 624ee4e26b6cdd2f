//! `data/facts.toml` of this repository, and how a wrong one is refused.

#![expect(clippy::float_cmp, reason = "the expected values are exact")]

use std::path::Path;
use std::time::Duration;

use crate::common::{facts, prices};
use expect_test::expect;
use lab_results::facts::{Facts, Value};
use lab_results::price::billed_ms;

fn complaint(text: &str, read: impl Fn(&Facts) -> Result<(), lab_results::facts::Error>) -> String {
    let parsed = Facts::parse(text, Path::new("data/facts.toml"));
    parsed
        .and_then(|facts| read(&facts))
        .unwrap_err()
        .to_string()
}

const FACT: &str =
    r#"a.b = { value = 1.5, unit = "ms", source = "a page", date = "2026-10", sure = "low" }"#;

#[test]
fn everything_that_the_lab_computes_with_is_there() {
    let facts = facts();
    assert!(facts.iter().count() > 80);
    facts.limits().unwrap();
    facts.extension().unwrap();
    facts.prices().unwrap();
    assert_eq!(facts.parameter_store_quota().unwrap(), 40);
    assert_eq!(facts.network_profiles(), ["loopback", "region"]);
}

#[test]
fn the_cpu_quotas_are_those_of_the_memory_sizes() {
    let cpu = facts().cpu().unwrap();
    let quotas = [128, 256, 512, 1024, 1769].map(|memory| cpu.quota(memory).as_micros());
    assert_eq!(quotas, [1447, 2894, 5788, 11_577, 20_000]);
    assert_eq!(cpu.init_quota(), Duration::from_millis(40));
}

#[test]
fn the_network_profiles_are_region_and_nothing() {
    let facts = facts();
    let region = facts.network("region").unwrap();
    assert_eq!(
        (
            region.database.round_trip_us,
            region.database.session_setup_us
        ),
        (1500, 10_000)
    );
    assert_eq!(
        (
            region.parameters.round_trip_us,
            region.parameters.service_us
        ),
        (600, 15_000)
    );
    assert_eq!(region.cache.round_trip(), Duration::from_millis(1));
    let loopback = facts.network("loopback").unwrap();
    for link in [loopback.database, loopback.cache, loopback.parameters] {
        assert_eq!(link, lab_results::schema::Link::default());
    }
}

#[test]
fn a_million_requests_cost_what_the_price_list_gives() {
    let prices = prices();
    let lambda = |ms: f64, memory, architecture| {
        let cost = prices.million(&[ms * 1e3], memory, architecture).unwrap();
        (cost.lambda() * 1000.0).round() / 1000.0
    };
    assert_eq!(lambda(250.0, 256, "x86_64"), 1.242);
    assert_eq!(lambda(9.0, 1024, "x86_64"), 0.35);
    assert_eq!(lambda(9.0, 1024, "arm64"), 0.32);
    assert_eq!(lambda(2.0, 128, "arm64"), 0.203);
    let cost = prices.million(&[9000.0], 1024, "arm64").unwrap();
    assert!((cost.total() - cost.lambda() - 1.0).abs() < 1e-9);
    assert_eq!(prices.million(&[], 128, "arm64"), None);
    assert_eq!(prices.million(&[1.0], 128, "riscv64"), None);
}

#[test]
fn each_invocation_is_billed_in_whole_milliseconds() {
    assert_eq!(
        [84.0, 1000.0, 1001.0, 3100.0].map(billed_ms),
        [1.0, 1.0, 2.0, 4.0]
    );
    let prices = prices();
    let (apart, once) = (
        prices.million(&[100.0, 1100.0], 1024, "arm64"),
        prices.million(&[1500.0], 1024, "arm64"),
    );
    // 1 ms and 2 ms, not the mean of 0.6 ms rounded up.
    assert!((apart.unwrap().compute / once.unwrap().compute - 0.75).abs() < 1e-9);
}

#[test]
fn a_fact_carries_what_it_rests_on() {
    let facts = facts();
    let fact = facts.get("published.sample.before").unwrap();
    assert_eq!(
        (&fact.value, fact.unit.as_str()),
        (&Value::Number(250.0), "ms")
    );
    for (key, fact) in facts.iter() {
        assert!(
            fact.source.len() > 8,
            "{key}: {:?} says nothing",
            fact.source
        );
    }
}

#[test]
fn a_missing_fact_and_a_wrong_unit_are_named() {
    expect!["data/facts.toml: a.c: there is no such fact: add it to the file"].assert_eq(
        &complaint(FACT, |facts| facts.number("a.c", "ms").map(drop)),
    );
    expect![[r#"data/facts.toml: a.b: its unit is "ms", but "USD" is needed"#]].assert_eq(
        &complaint(FACT, |facts| facts.number("a.b", "USD").map(drop)),
    );
    expect!["data/facts.toml: a.b: 1.5 must be a whole number that is not negative"].assert_eq(
        &complaint(FACT, |facts| facts.integer("a.b", "ms").map(drop)),
    );
    expect![[r#"data/facts.toml: a.b: "soon" is a word, but a number is needed"#]].assert_eq(
        &complaint(&FACT.replace("1.5", "\"soon\""), |facts| {
            facts.duration("a.b").map(drop)
        }),
    );
    expect!["data/facts.toml: a.b: cannot convert float seconds to Duration: value is negative"]
        .assert_eq(&complaint(&FACT.replace("1.5", "-1.5"), |facts| {
            facts.duration("a.b").map(drop)
        }));
}

#[test]
fn an_unknown_network_profile_lists_the_known_ones() {
    let error = facts().network("moon").unwrap_err().to_string();
    assert!(
        error.starts_with(r#"there is no network profile "moon" in "#),
        "{error}"
    );
    assert!(error.ends_with("; there are: loopback, region"), "{error}");
}

#[test]
fn an_entry_that_is_no_fact_is_refused() {
    let nothing = |_: &Facts| Ok(());
    expect!["data/facts.toml: a.b: missing field `unit`"]
        .assert_eq(&complaint(&FACT.replace("unit = \"ms\", ", ""), nothing));
    expect!["data/facts.toml: a.b: unknown field `sources`, expected one of `value`, `low`, `high`, `unit`, `source`, `date`, `sure`, `note`"]
        .assert_eq(&complaint(&FACT.replace("source", "sources"), nothing));
    expect!["data/facts.toml: a.b: its date must be a year and a month, such as 2026-10"]
        .assert_eq(&complaint(&FACT.replace("2026-10", "autumn"), nothing));
    expect!["data/facts.toml: a.b: its unit and its source must say something"]
        .assert_eq(&complaint(&FACT.replace("a page", ""), nothing));
    expect!["data/facts.toml: a.b: its value must be a finite number"]
        .assert_eq(&complaint(&FACT.replace("1.5", "inf"), nothing));
    expect!["data/facts.toml: a: a fact is a table with value, unit, source, date and sure"]
        .assert_eq(&complaint("a = 1", nothing));
}

#[test]
fn broken_toml_is_located() {
    let error = complaint("[cpu\n", |_| Ok(()));
    assert!(
        error.starts_with("data/facts.toml is no valid TOML: ") && error.contains("line 1"),
        "{error}"
    );
}
