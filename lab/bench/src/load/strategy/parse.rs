//! From the file to a strategy.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_saphyr::{Error as Yaml, Spanned};

use super::ensure::{Threshold, of_name};
use super::file::{Apdex, Ensure, Expectation, File, Get, Scenario, Value};
use super::phase::{Arrivals, Phase};
use super::{Expect, Strategy, file};

/// Artillery's own default.
const APDEX_THRESHOLD: Duration = Duration::from_millis(500);

/// Longer phases are a mistake in the unit.
const LONGEST_PHASE: f64 = 24.0 * 3600.0;

/// What is wrong, and where.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}:{line}: {problem}", path.display())]
pub struct Error {
    /// The file.
    pub path: PathBuf,
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it, and what to do.
    pub problem: String,
}

/// A line and what is wrong there.
type Problem = (u64, String);

/// Reads a strategy.
pub(super) fn parse(text: &str, path: &Path) -> Result<Strategy, Error> {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let mut place = String::new();
    let read = serde_saphyr::with_deserializer_from_str(text, |yaml| {
        serde_path_to_error::deserialize(yaml).map_err(|error| {
            place = error.path().to_string();
            error.into_inner()
        })
    });
    let file = read.map_err(|error| not_understood(&error, &place));
    let strategy = file.and_then(|file| strategy(file, name.into_owned()));
    strategy.map_err(|(line, problem)| Error {
        path: path.to_owned(),
        line: line.max(1) as usize,
        problem,
    })
}

fn not_understood(error: &Yaml, place: &str) -> Problem {
    let error = error.without_snippet();
    let problem = match error {
        Yaml::Unexpected { expected, .. } => {
            let wanted = match *expected {
                "mapping start" => "a mapping, lines of `key: value`",
                "sequence start" => "a list, lines that begin with -",
                other => other,
            };
            let place = if place == "." { "a strategy" } else { place };
            format!("{place} must be {wanted}")
        }
        Yaml::DuplicateMappingKey { key, .. } => {
            format!("{} stands here twice", key.as_deref().unwrap_or("a key"))
        }
        Yaml::MultipleDocuments { .. } => {
            "a second document begins here: a strategy is one".to_owned()
        }
        Yaml::SerdeUnknownField {
            field, expected, ..
        } if expected.is_empty() => format!("the lab does not know the setting {field}"),
        Yaml::SerdeUnknownField {
            field, expected, ..
        } => format!(
            "the lab does not know {field} here: it knows {}",
            expected.join(", ")
        ),
        other => format!("this is no strategy: {other}"),
    };
    (error.location().map_or(1, |at| at.line()), problem)
}

fn at<T>(value: &Spanned<T>, problem: impl Into<String>) -> Problem {
    (value.referenced.line(), problem.into())
}

fn strategy(file: File, name: String) -> Result<Strategy, Problem> {
    let File { config, scenarios } = file;
    let phases = config
        .phases
        .iter()
        .map(phase)
        .collect::<Result<Vec<_>, _>>()?;
    let mut apdex_threshold = APDEX_THRESHOLD;
    for apdex in [config.plugins.apdex, config.apdex].into_iter().flatten() {
        apdex_threshold = threshold_of(&apdex)?.unwrap_or(apdex_threshold);
    }
    let mut thresholds = Vec::new();
    for ensure in [config.plugins.ensure, config.ensure].into_iter().flatten() {
        thresholds.extend(ensured(&ensure)?);
    }
    if phases.is_empty() {
        return Err((
            1,
            "config.phases is missing: it says what is sent and when".to_owned(),
        ));
    }
    let (path, expect) = request(&scenarios)?;
    let strategy = Strategy {
        name,
        phases,
        apdex_threshold,
        ensure: thresholds,
        path,
        expect,
    };
    if strategy.arrivals().is_empty() {
        return Err((1, "no phase sends anything".to_owned()));
    }
    Ok(strategy)
}

fn phase(phase: &Spanned<file::Phase>) -> Result<Phase, Problem> {
    let file::Phase {
        duration,
        pause,
        arrival_rate,
        ramp_to,
        arrival_count,
        ..
    } = &phase.value;
    let read = |key, value: &Option<Value>| value.as_ref().map(|it| number(key, it)).transpose();
    let time = |key, value: &Option<Value>| value.as_ref().map(|it| seconds(key, it)).transpose();
    let count = arrival_count.as_ref();
    let count = count.map(|it| whole("arrivalCount", it)).transpose()?;
    let (duration, arrivals) = match (
        time("duration", duration)?,
        time("pause", pause)?,
        read("arrivalRate", arrival_rate)?,
        read("rampTo", ramp_to)?,
        count,
    ) {
        (None, Some(pause), None, None, None) => (pause, Arrivals::None),
        (Some(duration), None, Some(rate), to, None) => {
            (duration, Arrivals::Rate(rate, to.unwrap_or(rate)))
        }
        // Artillery begins such a ramp at zero.
        (Some(duration), None, None, Some(to), None) => (duration, Arrivals::Rate(0.0, to)),
        (Some(duration), None, None, None, Some(count)) => (duration, Arrivals::Count(count)),
        _ => {
            let wanted = "a phase is a pause alone, or a duration with arrivalRate (and rampTo) or arrivalCount";
            return Err(at(phase, wanted));
        }
    };
    Ok(Phase { duration, arrivals })
}

/// A number that is finite and not negative.
fn number(key: &str, value: &Value) -> Result<f64, Problem> {
    let number: Option<f64> = value.value.parse().ok();
    let usable = number.filter(|number| number.is_finite() && *number >= 0.0);
    let problem = || {
        format!(
            "{key} must be a number that is not negative, this is {}",
            value.value
        )
    };
    usable.ok_or_else(|| at(value, problem()))
}

fn whole(key: &str, value: &Value) -> Result<u32, Problem> {
    let number = number(key, value)?;
    if number.fract() != 0.0 || number > f64::from(u32::MAX) {
        return Err(at(
            value,
            format!("{key} must be a whole number, this is {number}"),
        ));
    }
    Ok(number as u32)
}

/// A number of seconds, or a text such as `2m`.
fn seconds(key: &str, value: &Value) -> Result<Duration, Problem> {
    let text = &value.value;
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match &text[digits.len()..] {
        "ms" => 1e-3,
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => f64::NAN,
    };
    let seconds = digits
        .trim()
        .parse()
        .map_or(f64::NAN, |number: f64| number * factor);
    if seconds > 0.0 && seconds <= LONGEST_PHASE {
        return Ok(Duration::from_secs_f64(seconds));
    }
    let wanted = "must be a time above zero and up to a day, in seconds or such as 90s or 2m";
    Err(at(value, format!("{key} {wanted}; this is {text}")))
}

fn threshold_of(apdex: &Apdex) -> Result<Option<Duration>, Problem> {
    let Some(value) = &apdex.threshold else {
        return Ok(None);
    };
    let seconds = number("threshold", value)? / 1e3;
    let threshold = Duration::try_from_secs_f64(seconds);
    Ok(Some(threshold.map_err(|error| {
        at(value, format!("threshold: {error}"))
    })?))
}

fn ensured(ensure: &Ensure) -> Result<Vec<Threshold>, Problem> {
    if let Some(conditions) = &ensure.conditions {
        let wanted = "thresholds hold one metric each, such as - http.response_time.p95: 200";
        return Err(at(
            conditions,
            format!("the lab knows no conditions: {wanted}"),
        ));
    }
    let thresholds = ensure.thresholds.iter().map(|(name, limit)| {
        let metric = of_name(name).map_err(|problem| at(limit, problem))?;
        let limit = number(name, limit)?;
        Ok(Threshold { metric, limit })
    });
    thresholds.collect()
}

/// The path that is asked for, and what is expected.
fn request(scenarios: &[Spanned<Scenario>]) -> Result<(String, Expect), Problem> {
    let scenario = match scenarios {
        [] => {
            return Err((
                1,
                "scenarios is missing: it says what is asked for".to_owned(),
            ));
        }
        [only] => &only.value,
        [_, second, ..] => {
            let count = scenarios.len();
            let problem = format!("there are {count} scenarios: the lab sends one kind of request");
            return Err(at(second, problem));
        }
    };
    let Get { url, expect, .. } = match &scenario.flow.value[..] {
        [only] if only.value.get.value.url.is_none() => {
            let problem = "url is missing: the path that is asked for, such as \"/\"";
            return Err(at(&only.value.get, problem));
        }
        [only] => &only.value.get.value,
        steps => {
            let line = steps
                .get(1)
                .map_or(&scenario.flow.referenced, |it| &it.referenced)
                .line();
            let count = steps.len();
            return Err((
                line,
                format!("a flow of {count} steps: the lab sends one request for each arrival"),
            ));
        }
    };
    let url = url.as_ref().map(path).transpose()?.unwrap_or_default();
    Ok((url, expected(&expect.0)?))
}

fn path(url: &Value) -> Result<String, Problem> {
    let path = &url.value;
    if path.contains("{{") {
        return Err(at(url, "the lab fills in no variables: write the path"));
    }
    if !path.starts_with('/') {
        let problem = format!(
            "url must be a path that begins with /, this is {path}: --url names the server"
        );
        return Err(at(url, problem));
    }
    Ok(path.clone())
}

fn expected(all: &[Expectation]) -> Result<Expect, Problem> {
    let mut expect = Expect {
        status: None,
        content_type: None,
    };
    for Expectation {
        status_code,
        content_type,
    } in all
    {
        if let Some(value) = status_code {
            let status = whole("statusCode", value)?;
            let known = u16::try_from(status)
                .ok()
                .filter(|it| (100..600).contains(it));
            let problem = || at(value, format!("{status} is no HTTP status"));
            expect.status = Some(known.ok_or_else(problem)?);
        }
        expect.content_type = content_type.clone().or(expect.content_type);
    }
    Ok(expect)
}
