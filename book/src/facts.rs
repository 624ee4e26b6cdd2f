//! Tables made of facts alone.

use std::fmt::Write as _;

use anyhow::Result;
use lab_results::facts::{Facts, Sure};

/// Zones that infra/lib/network.ts uses, with an endpoint in each.
const ZONES: f64 = 2.0;

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
