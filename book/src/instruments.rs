//! Small figures that a reader can change: what `book/instruments.js` starts from, and what stands there without scripts.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use lab_results::facts::Facts;
use lab_results::format::duration;
use lab_results::schema::Metric;
use lab_results::service_facts::Cpu;
use lab_workspace::Step;
use serde_json::{Value, json};

use crate::measured::{Measured, PROFILE};
use crate::tables::picture;

/// How long 11 serves what it keeps without asking, and until when it serves it at all: seconds, as in its source.
const FRESH_S: u32 = 1;
const KEPT_S: u32 = 10;

const STYLE: &str = "\
.paper{fill:#fff}.text{fill:#1f2328}.run{fill:#3572c6}.wait{fill:#fff;stroke:#b35900;stroke-dasharray:4 3}.line{stroke:#59636e}
@media (prefers-color-scheme:dark){.paper{fill:#0d1117}.text{fill:#f0f6fc}.run{fill:#5b9bf3}.wait{fill:#0d1117;stroke:#f0a35e}.line{stroke:#9198a1}}
text{font:13px system-ui,sans-serif}.name{font-weight:600}";

fn instrument(name: &str, data: &Value, fallback: &str) -> String {
    format!(
        "<div class=\"instrument\" data-instrument=\"{name}\">\n<script type=\"application/json\">{data}</script>\n\
         <div class=\"static\">\n\n{fallback}\n\n</div>\n</div>"
    )
}

/// How long CPU time takes at a memory size, period by period. Drawn for 2 and 4 ms at 256 MB.
pub fn quota(facts: &Facts) -> Result<String> {
    let cpu = facts.cpu()?;
    let period = cpu.period.as_secs_f64() * 1e3;
    let data = json!({ "period": period, "vcpu": cpu.memory_per_vcpu_mib, "check": [
        { "memory": 256, "cpu": 2, "wall": wall_ms(&cpu, 256, 2.0) },
        { "memory": 256, "cpu": 4, "wall": wall_ms(&cpu, 256, 4.0) },
        { "memory": 1024, "cpu": 35, "wall": wall_ms(&cpu, 1024, 35.0) },
    ] });
    Ok(instrument("quota", &data, &picture(&strips(&cpu))))
}

/// From the begin of a period until one thread has had so much CPU time, milliseconds.
fn wall_ms(cpu: &Cpu, memory_mb: u32, cpu_ms: f64) -> f64 {
    let used = std::time::Duration::from_secs_f64(cpu_ms / 1e3);
    cpu_ms + cpu.most_throttled(used, memory_mb).as_secs_f64() * 1e3
}

fn strips(cpu: &Cpu) -> String {
    let scale = 12.0;
    let quota = cpu.quota(256).as_secs_f64() * 1e3;
    let period = cpu.period.as_secs_f64() * 1e3;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 760 150\" role=\"img\"><title>2 ms of CPU fit into a slice at 256 MB, 4 ms wait for the next period</title>\
         <desc>At 256 MB an environment may use {quota:.1} ms of each period of {period} ms. A request of 2 ms takes 2 ms; one of 4 ms takes {:.1} ms.</desc>\
         <style>{STYLE}</style><rect class=\"paper\" width=\"760\" height=\"150\" rx=\"6\"/>\
         <text class=\"text name\" x=\"16\" y=\"24\">At 256 MB, {quota:.1} ms of each {period} ms</text>",
        wall_ms(cpu, 256, 4.0)
    );
    for (row, ms) in [2.0, 4.0].into_iter().enumerate() {
        let y = 42 + row * 46;
        let x = |at: f64| 150.0 + at * scale;
        let _ = write!(
            svg,
            "<text class=\"text\" x=\"16\" y=\"{}\">{ms} ms of CPU</text>",
            y + 16
        );
        let first = f64::min(ms, quota);
        let _ = write!(
            svg,
            "<rect class=\"run\" x=\"{}\" y=\"{y}\" width=\"{:.1}\" height=\"22\"/>",
            x(0.0),
            first * scale
        );
        if ms > quota {
            let _ = write!(
                svg,
                "<rect class=\"wait\" x=\"{:.1}\" y=\"{y}\" width=\"{:.1}\" height=\"22\"/><rect class=\"run\" x=\"{:.1}\" y=\"{y}\" width=\"{:.1}\" height=\"22\"/>",
                x(quota),
                (period - quota) * scale,
                x(period),
                (ms - quota) * scale
            );
        }
        let _ = write!(
            svg,
            "<text class=\"text\" x=\"{:.1}\" y=\"{}\">{:.1} ms</text>",
            x(wall_ms(cpu, 256, ms)) + 8.0,
            y + 16,
            wall_ms(cpu, 256, ms)
        );
    }
    let _ = write!(
        svg,
        "<line class=\"line\" x1=\"{0}\" y1=\"36\" x2=\"{0}\" y2=\"118\"/><text class=\"text\" x=\"{0}\" y=\"136\" text-anchor=\"middle\">next period</text></svg>",
        150.0 + period * scale
    );
    svg
}

/// Two steps to one scale, the modelled waiting apart from the rest: how far the book goes, and not by which step.
pub fn span(measured: &Measured, steps: [&Step; 2]) -> Result<String> {
    let mut bars = Vec::new();
    for step in steps {
        let (_, measurement) = measured.of(step, PROFILE)?;
        let median = measurement.median(Metric::Warm);
        let median = median.with_context(|| format!("{} has no warm requests", step.name))?;
        let network = measurement.mean(|round| round.warm_network_us);
        bars.push((&step.name, median, network.unwrap_or_default()));
    }
    let most = bars
        .iter()
        .map(|(_, median, _)| *median)
        .fold(0.0, f64::max);
    let told: Vec<String> = bars
        .iter()
        .map(|(name, median, network)| {
            format!(
                "{name}: {}, of which {} are the modelled network",
                duration(*median),
                duration(*network)
            )
        })
        .collect();
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 760 138\" role=\"img\"><title>A warm request, first and last, to scale</title>\
         <desc>{}.</desc><style>{STYLE}</style><rect class=\"paper\" width=\"760\" height=\"138\" rx=\"6\"/>\
         <text class=\"text name\" x=\"16\" y=\"24\">A warm request, first and last, to scale</text>",
        told.join(". ")
    );
    for (row, (name, median, network)) in bars.into_iter().enumerate() {
        let (y, width) = (38 + row * 34, |us: f64| 460.0 * us / most);
        let (waits, rest) = (
            width(network.min(median)),
            width((median - network).max(0.0)),
        );
        let _ = write!(
            svg,
            "<text class=\"text\" x=\"16\" y=\"{0}\">{name}</text><rect class=\"wait\" x=\"190\" y=\"{y}\" width=\"{waits:.1}\" height=\"22\"/>\
             <rect class=\"run\" x=\"{1:.1}\" y=\"{y}\" width=\"{rest:.1}\" height=\"22\"/><text class=\"text\" x=\"{2:.1}\" y=\"{0}\">{3}</text>",
            y + 16,
            190.0 + waits,
            198.0 + waits + rest,
            duration(median)
        );
    }
    svg.push_str("<text class=\"text\" x=\"16\" y=\"124\">Median. Dashed: the modelled network; filled: what was measured beyond it.</text></svg>");
    Ok(picture(&svg))
}

/// What 11 does with bytes of an age.
pub fn age() -> String {
    let data = json!({ "fresh": FRESH_S, "kept": KEPT_S });
    let fallback = format!(
        "| age when the request arrives | what it gets |\n|---|---|\n| up to {FRESH_S} s | the kept bytes |\n\
         | up to {KEPT_S} s | the kept bytes, which are then fetched anew |\n| more | it waits for new bytes |\n"
    );
    instrument("age", &data, &fallback)
}

/// At which rate the account's limits are met.
pub fn limits(facts: &Facts) -> Result<String> {
    let number = |key: &str, unit: &str| facts.number(key, unit);
    let concurrency = number("limits.concurrency", "environments")?;
    let each = number("limits.rate_per_environment", "requests/s")?;
    let quota = number("parameter_store.quota", "requests/s")?;
    let data = json!({ "concurrency": concurrency, "new": number("limits.concurrency_new_account", "environments")?, "each": each, "quota": quota });
    let fallback = format!(
        "Requests under way = rate x duration (Little's law). With {concurrency} environments, requests of 200 ms meet the concurrency quota at {} a second; \
         requests of 20 ms meet the request rate, {} a second; and a function that asks Parameter Store in every request meets its quota at {quota} a second.",
        concurrency / 0.2,
        concurrency * each
    );
    Ok(instrument("limits", &data, &fallback))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_milliseconds_fit_at_256_mb_and_four_wait() {
        let workspace = lab_workspace::Workspace::load().unwrap();
        let cpu = workspace.facts().unwrap().cpu().unwrap();
        assert!((wall_ms(&cpu, 256, 2.0) - 2.0).abs() < 1e-9);
        let wall = wall_ms(&cpu, 256, 4.0);
        assert!(wall > 20.0 && wall < 22.0, "{wall}");
        assert!(
            (wall_ms(&cpu, 3008, 35.0) - 35.0).abs() < 1e-9,
            "a whole vCPU"
        );
    }
}
