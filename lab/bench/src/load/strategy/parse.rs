//! From the file to a strategy.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_saphyr::{Error as Yaml, Spanned};

use super::ensure::{Threshold, of_name};
use super::file::{Apdex, Ensure, Expectation, File, Scenario, Value};
use super::phase::{Arrivals, Phase};
use super::{Expect, Strategy, file, keys};

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

type Problem = (u64, String);

impl Strategy {
    /// Reads a file's text; `path` is what errors call it.
    pub fn parse(text: &str, path: &Path) -> Result<Self, Error> {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let mut place = String::new();
        let read = serde_saphyr::with_deserializer_from_str(text, |yaml| {
            serde_path_to_error::deserialize(yaml).map_err(|error| {
                place = error.path().to_string();
                error.into_inner()
            })
        });
        let file = read.map_err(|error| not_understood(&error, &place));
        let found = keys::look_at(text);
        let passed_over = found.passed_over;
        let known = all_at_once(found.unknown).and(file);
        let strategy = known.and_then(|file| strategy(file, name.into_owned(), passed_over));
        strategy.map_err(|(line, problem)| Error {
            path: path.to_owned(),
            line: line.max(1) as usize,
            problem,
        })
    }
}

/// The first of these with its line, and the others behind it.
fn all_at_once(problems: Vec<Problem>) -> Result<(), Problem> {
    let mut problems = problems.into_iter();
    let Some((line, first)) = problems.next() else {
        return Ok(());
    };
    let others = problems.map(|(line, problem)| format!("\n  and in line {line}: {problem}"));
    Err((line, first + &others.collect::<String>()))
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
        other => format!("this is no strategy: {other}"),
    };
    (error.location().map_or(1, |at| at.line()), problem)
}

fn at<T>(value: &Spanned<T>, problem: impl Into<String>) -> Problem {
    (value.referenced.line(), problem.into())
}

fn in_the_file(problem: &str) -> Problem {
    (1, problem.to_owned())
}

fn strategy(file: File, name: String, passed_over: Vec<String>) -> Result<Strategy, Problem> {
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
        let missing = "config.phases is missing: it says what is sent and when";
        return Err(in_the_file(missing));
    }
    let (path, expect) = request(&scenarios)?;
    let strategy = Strategy {
        name,
        phases,
        apdex_threshold,
        ensure: thresholds,
        path,
        expect,
        passed_over,
    };
    if strategy.requests() == 0 {
        return Err(in_the_file("no phase sends anything"));
    }
    Ok(strategy)
}

fn phase(phase: &Spanned<file::Phase>) -> Result<Phase, Problem> {
    let it = &phase.value;
    let (duration, arrivals) = match (
        optional("duration", it.duration.as_ref(), seconds)?,
        optional("pause", it.pause.as_ref(), seconds)?,
        optional("arrivalRate", it.arrival_rate.as_ref(), number)?,
        optional("rampTo", it.ramp_to.as_ref(), number)?,
        optional("arrivalCount", it.arrival_count.as_ref(), whole)?,
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

fn optional<T>(
    key: &str,
    value: Option<&Value>,
    read: fn(&str, &Value) -> Result<T, Problem>,
) -> Result<Option<T>, Problem> {
    value.map(|value| read(key, value)).transpose()
}

/// A number that is finite and not negative.
fn number(key: &str, value: &Value) -> Result<f64, Problem> {
    let text = &value.value;
    let number = text.parse().unwrap_or(f64::NAN);
    if number.is_finite() && number >= 0.0 {
        return Ok(number);
    }
    let wanted = "must be a number that is not negative";
    Err(at(value, format!("{key} {wanted}, this is {text}")))
}

fn whole(key: &str, value: &Value) -> Result<u32, Problem> {
    let number = number(key, value)?;
    if number.fract() != 0.0 || number > f64::from(u32::MAX) {
        let problem = format!("{key} must be a whole number, this is {number}");
        return Err(at(value, problem));
    }
    Ok(number as u32)
}

/// Artillery's units (those of the `ms` package) with all their names, and their seconds.
const UNITS: [(&[&str], f64); 6] = [
    (
        &["ms", "msec", "msecs", "millisecond", "milliseconds"],
        1e-3,
    ),
    (&["", "s", "sec", "secs", "second", "seconds"], 1.0),
    (&["m", "min", "mins", "minute", "minutes"], 60.0),
    (&["h", "hr", "hrs", "hour", "hours"], 3600.0),
    (&["d", "day", "days"], 86_400.0),
    (&["w", "week", "weeks"], 604_800.0),
];

/// A number of seconds, or a text such as `2m`, `5min` or `30 seconds`.
fn seconds(key: &str, value: &Value) -> Result<Duration, Problem> {
    let text = &value.value;
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text[digits.len()..].to_ascii_lowercase();
    let mut units = UNITS.iter();
    let known = units.find(|(names, _)| names.contains(&unit.as_str()));
    let factor = known.map_or(f64::NAN, |(_, seconds)| *seconds);
    let seconds = digits
        .trim()
        .parse()
        .map_or(f64::NAN, |number: f64| number * factor);
    if seconds > 0.0 && seconds <= LONGEST_PHASE {
        return Ok(Duration::from_secs_f64(seconds));
    }
    let wanted =
        "must be a time above zero and up to a day, in seconds or such as 90s, 2m or 1 hour";
    Err(at(value, format!("{key} {wanted}; this is {text}")))
}

fn threshold_of(apdex: &Apdex) -> Result<Option<Duration>, Problem> {
    let Some(value) = &apdex.threshold else {
        return Ok(None);
    };
    let threshold = Duration::try_from_secs_f64(number("threshold", value)? / 1e3);
    let wrong = |error| at(value, format!("threshold: {error}"));
    threshold.map(Some).map_err(wrong)
}

fn ensured(ensure: &Ensure) -> Result<Vec<Threshold>, Problem> {
    if let Some(conditions) = &ensure.conditions {
        let wanted = "thresholds hold one metric each, such as - http.response_time.p95: 200";
        let problem = format!("the lab knows no conditions: {wanted}");
        return Err(at(conditions, problem));
    }
    let thresholds = ensure.thresholds.iter().map(|(name, limit)| {
        let metric = of_name(name).map_err(|problem| at(limit, problem))?;
        let limit = number(name, limit)?;
        Ok(Threshold { metric, limit })
    });
    thresholds.collect()
}

fn request(scenarios: &[Spanned<Scenario>]) -> Result<(String, Expect), Problem> {
    if let Some(second) = scenarios.get(1) {
        let count = scenarios.len();
        let problem = format!("there are {count} scenarios: the lab sends one kind of request");
        return Err(at(second, problem));
    }
    let missing = || in_the_file("scenarios is missing: it says what is asked for");
    let flow = &scenarios.first().ok_or_else(missing)?.value.flow;
    let [step] = &flow.value[..] else {
        let count = flow.value.len();
        let problem =
            format!("a flow of {count} steps: the lab sends one request for each arrival");
        let second = flow.value.get(1).map(|second| at(second, problem.clone()));
        return Err(second.unwrap_or_else(|| at(flow, problem)));
    };
    let get = &step.value.get;
    let missing = || {
        at(
            get,
            "url is missing: the path that is asked for, such as \"/\"",
        )
    };
    let url = get.value.url.as_ref().ok_or_else(missing)?;
    Ok((path(url)?, expected(&get.value.expect.0)?))
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
    let mut expect = Expect::default();
    for it in all {
        if let Some(value) = &it.status_code {
            let status = whole("statusCode", value)?;
            if !(100..600).contains(&status) {
                return Err(at(value, format!("{status} is no HTTP status")));
            }
            expect.status = Some(status as u16);
        }
        expect.content_type = it.content_type.clone().or(expect.content_type);
    }
    Ok(expect)
}
