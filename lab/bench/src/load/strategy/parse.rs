//! From YAML to a strategy.

use std::path::Path;
use std::time::Duration;

use super::ensure::{Metric, Threshold, of_name};
use super::phase::{Arrivals, Phase};
use super::yaml::{Error, Node, read};
use super::{Expect, Strategy};

/// Artillery's own default.
const APDEX_THRESHOLD: Duration = Duration::from_millis(500);

/// Longer phases are a mistake in the unit.
const LONGEST_PHASE: f64 = 24.0 * 3600.0;

/// Reads a strategy.
pub(super) fn parse(text: &str, path: &Path) -> Result<Strategy, Error> {
    read(text, path, |root| strategy(root, path))
}

fn strategy(root: Node<'_>, path: &Path) -> Result<Strategy, Error> {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let mut strategy = Strategy {
        name: name.into_owned(),
        target: None,
        phases: Vec::new(),
        apdex_threshold: APDEX_THRESHOLD,
        ensure: Vec::new(),
        path: String::new(),
        expect: Expect {
            status: None,
            content_type: None,
        },
    };
    for (key, value) in root.entries("a strategy")? {
        match key.as_str() {
            "config" => config(value, &mut strategy)?,
            "scenarios" => scenarios(value, &mut strategy)?,
            _ => return Err(unknown(value, &key, &["config", "scenarios"])),
        }
    }
    if strategy.phases.is_empty() {
        return Err(root.error("config.phases is missing: it says what is sent and when"));
    }
    if strategy.path.is_empty() {
        return Err(root.error("scenarios is missing: it says what is asked for"));
    }
    if strategy.arrivals().is_empty() {
        return Err(root.error("no phase sends anything"));
    }
    Ok(strategy)
}

fn unknown(at: Node<'_>, key: &str, known: &[&str]) -> Error {
    at.error(format!(
        "the lab does not know {key} here: it knows {}",
        known.join(", ")
    ))
}

fn config(config: Node<'_>, strategy: &mut Strategy) -> Result<(), Error> {
    for (key, value) in config.entries("config")? {
        match key.as_str() {
            "target" => strategy.target = Some(value.text("target")?),
            "phases" => {
                for each in value.elements("phases")? {
                    strategy.phases.push(phase(each)?);
                }
            }
            "plugins" => plugins(value, strategy)?,
            "apdex" => apdex(value, strategy)?,
            "ensure" => ensure(value, strategy)?,
            _ => {
                let known = ["target", "phases", "plugins", "apdex", "ensure"];
                return Err(unknown(value, &key, &known));
            }
        }
    }
    Ok(())
}

fn phase(phase: Node<'_>) -> Result<Phase, Error> {
    let (mut duration, mut pause) = (None, None);
    let (mut rate, mut ramp_to, mut count, mut name) = (None, None, None, None);
    for (key, value) in phase.entries("a phase")? {
        match key.as_str() {
            "duration" => duration = Some(seconds(value, "duration")?),
            "pause" => pause = Some(seconds(value, "pause")?),
            "arrivalRate" => rate = Some(value.number("arrivalRate")?),
            "rampTo" => ramp_to = Some(value.number("rampTo")?),
            "arrivalCount" => count = Some(whole(value, "arrivalCount")?),
            "name" => name = Some(value.text("name")?),
            _ => {
                let known = [
                    "duration",
                    "arrivalRate",
                    "rampTo",
                    "arrivalCount",
                    "pause",
                    "name",
                ];
                return Err(unknown(value, &key, &known));
            }
        }
    }
    let (duration, arrivals) = match (duration, pause, rate, ramp_to, count) {
        (None, Some(pause), None, None, None) => (pause, Arrivals::None),
        (Some(duration), None, Some(rate), to, None) => {
            (duration, Arrivals::Rate(rate, to.unwrap_or(rate)))
        }
        // Artillery begins such a ramp at zero.
        (Some(duration), None, None, Some(to), None) => (duration, Arrivals::Rate(0.0, to)),
        (Some(duration), None, None, None, Some(count)) => (duration, Arrivals::Count(count)),
        _ => {
            return Err(phase.error(
                "a phase is a pause alone, or a duration with arrivalRate (and rampTo) or arrivalCount",
            ));
        }
    };
    Ok(Phase {
        duration,
        arrivals,
        name,
    })
}

/// A number of seconds, or a text such as `2m`.
fn seconds(value: Node<'_>, what: &str) -> Result<Duration, Error> {
    const UNITS: [(&str, f64); 4] = [("ms", 1e-3), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];
    let text = value.text(what)?;
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = &text[digits.len()..];
    let factor = match unit {
        "" => Some(1.0),
        _ => UNITS
            .iter()
            .find(|(name, _)| *name == unit)
            .map(|(_, factor)| *factor),
    };
    let number: Option<f64> = digits.trim().parse().ok();
    let seconds = number.zip(factor).map(|(number, factor)| number * factor);
    let usable = seconds.filter(|seconds| *seconds > 0.0 && *seconds <= LONGEST_PHASE);
    usable.map(Duration::from_secs_f64).ok_or_else(|| {
        value.error(format!(
            "{what} must be a time above zero and up to a day, in seconds or such as 90s or 2m; this is {text}"
        ))
    })
}

fn whole(value: Node<'_>, what: &str) -> Result<u32, Error> {
    let number = value.number(what)?;
    if number.fract() != 0.0 || number > f64::from(u32::MAX) {
        return Err(value.error(format!("{what} must be a whole number, this is {number}")));
    }
    Ok(number as u32)
}

/// A plugin is switched on by being there; its settings may be here or in `config`.
fn plugins(plugins: Node<'_>, strategy: &mut Strategy) -> Result<(), Error> {
    for (key, value) in plugins.entries("plugins")? {
        match key.as_str() {
            "apdex" => apdex(value, strategy)?,
            "ensure" => ensure(value, strategy)?,
            "expect" => {
                if let Some((key, value)) = value.entries("expect")?.first() {
                    return Err(
                        value.error(format!("the lab does not know the setting {key} of expect"))
                    );
                }
            }
            _ => return Err(unknown(value, &key, &["apdex", "ensure", "expect"])),
        }
    }
    Ok(())
}

fn apdex(apdex: Node<'_>, strategy: &mut Strategy) -> Result<(), Error> {
    for (key, value) in apdex.entries("apdex")? {
        if key != "threshold" {
            return Err(unknown(value, &key, &["threshold"]));
        }
        let ms = value.number("threshold")?;
        strategy.apdex_threshold = Duration::try_from_secs_f64(ms / 1e3)
            .map_err(|error| value.error(format!("threshold: {error}")))?;
    }
    Ok(())
}

fn ensure(ensure: Node<'_>, strategy: &mut Strategy) -> Result<(), Error> {
    for (key, value) in ensure.entries("ensure")? {
        match key.as_str() {
            "thresholds" => {
                for each in value.elements("thresholds")? {
                    for (name, limit) in each.entries("a threshold")? {
                        strategy.ensure.push(threshold(&name, limit)?);
                    }
                }
            }
            "conditions" => {
                return Err(value.error(
                    "the lab knows no conditions: thresholds hold one metric each, such as - http.response_time.p95: 200",
                ));
            }
            _ => strategy.ensure.push(threshold(&key, value)?),
        }
    }
    Ok(())
}

fn threshold(name: &str, limit: Node<'_>) -> Result<Threshold, Error> {
    let metric: Metric = of_name(name).map_err(|problem| limit.error(problem))?;
    Ok(Threshold {
        metric,
        limit: limit.number(name)?,
    })
}

fn scenarios(scenarios: Node<'_>, strategy: &mut Strategy) -> Result<(), Error> {
    let all = scenarios.elements("scenarios")?;
    let [scenario] = all[..] else {
        let at = all.get(1).unwrap_or(&scenarios);
        return Err(at.error(format!(
            "there are {} scenarios: the lab sends one kind of request",
            all.len()
        )));
    };
    for (key, value) in scenario.entries("a scenario")? {
        match key.as_str() {
            "flow" => flow(value, strategy)?,
            "name" => drop(value.text("name")?),
            _ => return Err(unknown(value, &key, &["flow", "name"])),
        }
    }
    Ok(())
}

fn flow(flow: Node<'_>, strategy: &mut Strategy) -> Result<(), Error> {
    let all = flow.elements("flow")?;
    let [step] = all[..] else {
        let at = all.get(1).unwrap_or(&flow);
        return Err(at.error(format!(
            "a flow of {} steps: the lab sends one request for each arrival",
            all.len()
        )));
    };
    for (key, value) in step.entries("a step of a flow")? {
        if key != "get" {
            return Err(unknown(value, &key, &["get"]));
        }
        get(value, strategy)?;
    }
    Ok(())
}

fn get(get: Node<'_>, strategy: &mut Strategy) -> Result<(), Error> {
    for (key, value) in get.entries("get")? {
        match key.as_str() {
            "url" => strategy.path = url(value)?,
            "expect" if value.is_list() => {
                for each in value.elements("expect")? {
                    expect(each, &mut strategy.expect)?;
                }
            }
            "expect" => expect(value, &mut strategy.expect)?,
            "name" => drop(value.text("name")?),
            _ => return Err(unknown(value, &key, &["url", "expect", "name"])),
        }
    }
    if strategy.path.is_empty() {
        return Err(get.error("url is missing: the path that is asked for, such as \"/\""));
    }
    Ok(())
}

fn url(value: Node<'_>) -> Result<String, Error> {
    let url = value.text("url")?;
    if url.contains("{{") {
        return Err(value.error("the lab fills in no variables: write the path"));
    }
    if !url.starts_with('/') {
        return Err(value.error(format!(
            "url must be a path that begins with /, this is {url}: --url names the server"
        )));
    }
    Ok(url)
}

fn expect(value: Node<'_>, expect: &mut Expect) -> Result<(), Error> {
    for (key, value) in value.entries("expect")? {
        match key.as_str() {
            "statusCode" => {
                let status = whole(value, "statusCode")?;
                let known = u16::try_from(status)
                    .ok()
                    .filter(|it| (100..600).contains(it));
                let problem = || value.error(format!("{status} is no HTTP status"));
                expect.status = Some(known.ok_or_else(problem)?);
            }
            "contentType" => expect.content_type = Some(value.text("contentType")?),
            _ => return Err(unknown(value, &key, &["statusCode", "contentType"])),
        }
    }
    Ok(())
}
