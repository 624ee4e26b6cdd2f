//! `data/facts.toml`: every number that the lab models or quotes.
//!
//! A fact is a table with a `value`; whatever has none is a group, and a fact's key is the path to it, for example
//! `network.region.cache.round_trip`. [`Facts::load`] fails on facts without unit, source or date; what the lab computes
//! with is read through typed methods, each of which fails with the key and the file if the fact is missing or has
//! another unit.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fmt, fs};

use serde::Deserialize;

use crate::schema::{Link, Network};

/// All facts, by key.
#[derive(Debug, Clone)]
pub struct Facts {
    path: PathBuf,
    facts: BTreeMap<String, Fact>,
}

/// One number or word, and what it rests on.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// The value itself.
    pub value: Value,
    /// The smallest that a source supports, in the same unit; absent for a value that is certain enough.
    pub low: Option<f64>,
    /// The largest.
    pub high: Option<f64>,
    /// Its unit: `ms`, `MiB`, `USD/GB-s`, `environments`, ...; `none` for words.
    pub unit: String,
    /// A public page, or in words where it comes from.
    pub source: String,
    /// When it was collected: year and month.
    pub date: String,
    /// How much it can be trusted.
    pub sure: Sure,
    /// What else a reader must know.
    pub note: Option<String>,
}

/// What a fact can be.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// A number.
    Number(f64),
    /// A word.
    Text(String),
}

impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Number(number) => write!(formatter, "{number}"),
            Self::Text(text) => formatter.write_str(text),
        }
    }
}

/// How much a fact can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sure {
    /// An AWS page, AWS's source code or raw data were read.
    High,
    /// One credible measurement, or several secondary sources that agree.
    Medium,
    /// A single remark, or our assumption.
    Low,
    /// Common knowledge; no source was opened.
    Knowledge,
}

/// Why a fact could not be read. Each message names the file and the key.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file is not there or may not be read.
    #[error("cannot read the facts {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is no TOML.
    #[error("{} is no valid TOML: {source}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// An entry is no fact.
    #[error("{}: {key}: {problem}", path.display())]
    Entry {
        /// The file.
        path: PathBuf,
        /// The entry.
        key: String,
        /// What is wrong with it, and what to do.
        problem: String,
    },
    /// The network profile does not exist.
    #[error("there is no network profile {name:?} in {}; there are: {}", path.display(), known.join(", "))]
    Profile {
        /// The file.
        path: PathBuf,
        /// The name as given.
        name: String,
        /// The names that exist.
        known: Vec<String>,
    },
}

impl Facts {
    /// Reads a file.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let text = fs::read_to_string(path).map_err(|source| Error::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text, path)
    }

    /// Reads a file's text; `path` is what errors call it.
    pub fn parse(text: &str, path: &Path) -> Result<Self, Error> {
        let malformed = |source| Error::Malformed {
            path: path.to_owned(),
            source: Box::new(source),
        };
        let root: toml::Table = toml::from_str(text).map_err(malformed)?;
        let mut facts = Self {
            path: path.to_owned(),
            facts: BTreeMap::new(),
        };
        facts.collect("", root)?;
        Ok(facts)
    }

    fn collect(&mut self, group: &str, table: toml::Table) -> Result<(), Error> {
        for (name, value) in table {
            let key = if group.is_empty() {
                name
            } else {
                format!("{group}.{name}")
            };
            let toml::Value::Table(entry) = value else {
                let problem = "a fact is a table with value, unit, source, date and sure";
                return Err(self.error(&key, problem));
            };
            if entry.contains_key("value") {
                let fact: Result<Fact, toml::de::Error> = entry.try_into();
                let fact = fact.map_err(|error| self.error(&key, error.message()))?;
                if let Some(problem) = problem_of(&fact) {
                    return Err(self.error(&key, problem));
                }
                self.facts.insert(key, fact);
            } else {
                self.collect(&key, entry)?;
            }
        }
        Ok(())
    }

    /// All facts, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Fact)> {
        self.facts.iter().map(|(key, fact)| (key.as_str(), fact))
    }

    /// One fact.
    pub fn get(&self, key: &str) -> Result<&Fact, Error> {
        self.facts
            .get(key)
            .ok_or_else(|| self.error(key, "there is no such fact: add it to the file"))
    }

    /// A number in the unit that the caller expects.
    pub fn number(&self, key: &str, unit: &str) -> Result<f64, Error> {
        let fact = self.get(key)?;
        let problem = match &fact.value {
            Value::Number(number) if fact.unit == unit => return Ok(*number),
            Value::Number(_) => format!("its unit is {:?}, but {unit:?} is needed", fact.unit),
            Value::Text(text) => format!("{text:?} is a word, but a number is needed"),
        };
        Err(self.error(key, problem))
    }

    /// A whole number that is not negative, in the unit that the caller expects.
    pub fn integer(&self, key: &str, unit: &str) -> Result<u64, Error> {
        let number = self.number(key, unit)?;
        if number < 0.0 || number.fract() != 0.0 {
            let problem = format!("{number} must be a whole number that is not negative");
            return Err(self.error(key, problem));
        }
        Ok(number as u64)
    }

    /// A time; the fact's unit is `ms` or `s`.
    pub fn duration(&self, key: &str) -> Result<Duration, Error> {
        let seconds = match self.get(key)?.unit.as_str() {
            "s" => self.number(key, "s")?,
            _ => self.number(key, "ms")? / 1e3,
        };
        Duration::try_from_secs_f64(seconds).map_err(|error| self.error(key, error.to_string()))
    }

    /// The shortest and the longest that a time may be, by its sources: itself where the fact has no range.
    pub fn range(&self, key: &str) -> Result<(Duration, Duration), Error> {
        let likely = self.duration(key)?;
        let fact = self.get(key)?;
        let unit = if fact.unit == "s" { 1.0 } else { 1e-3 };
        let end = |end: Option<f64>| end.map_or(likely, |it| Duration::from_secs_f64(it * unit));
        Ok((end(fact.low), end(fact.high)))
    }

    /// The names of the network profiles.
    pub fn network_profiles(&self) -> Vec<String> {
        let keys = self
            .facts
            .keys()
            .filter_map(|key| key.strip_prefix("network."));
        let names = keys.filter_map(|key| key.split('.').next());
        let mut names: Vec<String> = names.map(str::to_owned).collect();
        names.dedup();
        names
    }

    /// The distances of a network profile.
    pub fn network(&self, profile: &str) -> Result<Network, Error> {
        let known = self.network_profiles();
        if !known.iter().any(|name| name == profile) {
            return Err(Error::Profile {
                path: self.path.clone(),
                name: profile.to_owned(),
                known,
            });
        }
        let link = |service: &str| -> Result<Link, Error> {
            let us = |name: &str| -> Result<u64, Error> {
                let duration = self.duration(&format!("network.{profile}.{service}.{name}"))?;
                Ok(duration.as_micros() as u64)
            };
            Ok(Link {
                round_trip_us: us("round_trip")?,
                service_us: us("service")?,
                session_setup_us: us("session_setup")?,
            })
        };
        Ok(Network {
            profile: profile.to_owned(),
            database: link("database")?,
            cache: link("cache")?,
            parameters: link("parameters")?,
        })
    }

    pub(crate) fn error(&self, key: &str, problem: impl Into<String>) -> Error {
        Error::Entry {
            path: self.path.clone(),
            key: key.to_owned(),
            problem: problem.into(),
        }
    }
}

/// What makes a well-formed table no fact.
fn problem_of(fact: &Fact) -> Option<&'static str> {
    if matches!(fact.value, Value::Number(number) if !number.is_finite()) {
        return Some("its value must be a finite number");
    }
    let has_range = fact.low.or(fact.high).is_some();
    if let (Value::Number(value), true) = (&fact.value, has_range) {
        let value = *value;
        let (low, high) = (fact.low.unwrap_or(value), fact.high.unwrap_or(value));
        if !(0.0 <= low && low <= value && value <= high && high.is_finite()) {
            return Some("its low and high must lie around its value, and none below 0");
        }
    }
    if fact.unit.is_empty() || fact.source.is_empty() {
        return Some("its unit and its source must say something");
    }
    let (year, month) = fact.date.split_once('-').unwrap_or_default();
    let month_of_year = month.parse::<u32>();
    let is_date = (year.len(), month.len()) == (4, 2)
        && year.parse::<u32>().is_ok()
        && month_of_year.is_ok_and(|month| (1..=12).contains(&month));
    (!is_date).then_some("its date must be a year and a month, such as 2026-10")
}
