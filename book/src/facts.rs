//! Tables made of facts alone.

use std::fmt::Write as _;

use anyhow::Result;
use lab_results::facts::{Fact, Facts, Sure, Value};

/// Zones that infra/lib/network.ts uses, with an endpoint in each.
const ZONES: f64 = 2.0;

/// A fact as people write it: `15 minutes`, `1,769 MB`, `$0.20 per million requests`.
pub fn spoken(fact: &Fact) -> String {
    let unit = fact.unit.as_str();
    let Value::Number(value) = fact.value else {
        return fact.value.to_string();
    };
    if let Some(per) = unit.strip_prefix("USD/") {
        let price = if value >= 0.01 {
            format!("{value:.2}")
        } else {
            fact.value.to_string()
        };
        let per = per.replace("GB-s", "GB-second");
        return format!("${price} per {per}");
    }
    if unit == "s" && value >= 60.0 && value % 60.0 == 0.0 {
        let minutes = (value / 60.0).to_string();
        return format!("{minutes} minute{}", if minutes == "1" { "" } else { "s" });
    }
    let value = if value >= 1000.0 {
        let (thousands, rest) = ((value / 1000.0).floor(), value % 1000.0);
        format!("{thousands},{rest:03}")
    } else {
        fact.value.to_string()
    };
    match (unit, unit.strip_suffix("/s")) {
        ("MiB", _) => format!("{value} MB"),
        (_, Some(what)) if what.starts_with(char::is_lowercase) => {
            format!("{value} {what} a second")
        }
        _ => format!("{value} {unit}").trim().to_owned(),
    }
}

/// What the shared stacks of `infra/` cost from the moment that they exist, USD.
pub fn hourly(facts: &Facts) -> Result<String> {
    let database = facts.number("prices.database.aurora_t4g_medium_hour", "USD/h")?;
    let vcpu = facts.number("prices.database.proxy_vcpu_hour", "USD/vCPU-h")?;
    let vcpus = facts.number("prices.database.proxy_vcpu_minimum", "vCPU")?;
    let cache = facts.number("prices.elasticache.valkey_t4g_micro", "USD/h")?;
    let endpoint = facts.number("prices.network.vpc_endpoint_hour", "USD/h")?;
    let stacks = [
        ("Aurora PostgreSQL, db.t4g.medium", database),
        ("RDS Proxy", vcpu * vcpus),
        ("ElastiCache for Valkey, cache.t4g.micro", cache),
        (
            "the VPC's endpoint for Parameter Store, in two zones",
            endpoint * ZONES,
        ),
    ];
    let mut table = "| | USD an hour | a day |\n|---|--:|--:|\n".to_owned();
    let mut row = |what: &str, hour: f64| {
        let _ = writeln!(table, "| {what} | {hour:.4} | {:.2} |", hour * 24.0);
    };
    for (what, hour) in stacks {
        row(what, hour);
    }
    row("**together**", stacks.iter().map(|(_, hour)| hour).sum());
    Ok(table)
}

/// The facts that are hardly more than a guess.
pub fn unsure(facts: &Facts) -> String {
    let mut table =
        "| in `data/facts.toml` | value | where it comes from |\n|---|--:|---|\n".to_owned();
    for (key, fact) in facts.iter().filter(|(_, fact)| fact.sure == Sure::Low) {
        let (value, unit, source) = (&fact.value, &fact.unit, &fact.source);
        let _ = writeln!(table, "| `{key}` | {value} {unit} | {source} |");
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_written_as_people_write_them() {
        let workspace = lab_workspace::Workspace::load().unwrap();
        let facts = workspace.facts().unwrap();
        for (key, expected) in [
            ("cpu.period", "20 ms"),
            ("cpu.memory_per_vcpu", "1,769 MB"),
            ("prices.lambda.request", "$0.20 per million requests"),
            (
                "prices.lambda.gb_second_arm64",
                "$0.0000133334 per GB-second",
            ),
            ("published.iam_token.life", "15 minutes"),
            ("parameter_store.quota", "40 requests a second"),
            ("cache.bandwidth", "64 Mbit/s"),
        ] {
            assert_eq!(spoken(facts.get(key).unwrap()), expected, "{key}");
        }
    }
}
