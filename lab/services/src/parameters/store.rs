//! The parameters themselves: names, values and versions.

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::identity::REGION;

/// A parameter in the shape in which the API shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Parameter {
    /// The name, for example `/stadiums/database/port`.
    pub name: String,
    /// `String` or `StringList`.
    pub r#type: String,
    /// The value.
    pub value: String,
    /// The version, from 1.
    pub version: u64,
    /// What the request asked for beside the name, for example `:2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
    /// Seconds since 1970.
    pub last_modified_date: f64,
    /// The parameter's ARN.
    #[serde(rename = "ARN")]
    pub arn: String,
    /// Always `text`.
    pub data_type: &'static str,
}

/// All versions of all parameters.
#[derive(Debug, Default)]
pub(crate) struct Store {
    parameters: BTreeMap<String, Vec<Parameter>>,
}

/// Why there is no such parameter.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotFound {
    Parameter,
    Version,
}

impl Store {
    /// Adds a version and returns its number.
    pub fn put(&mut self, name: &str, kind: &str, value: &str) -> u64 {
        let versions = self.parameters.entry(name.to_owned()).or_default();
        let version = versions.len() as u64 + 1;
        let since_1970 = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        versions.push(Parameter {
            name: name.to_owned(),
            r#type: kind.to_owned(),
            value: value.to_owned(),
            version,
            selector: None,
            // Milliseconds are as fine as AWS is.
            last_modified_date: since_1970.as_millis() as f64 / 1000.0,
            // The account number is the one of AWS's own examples.
            arn: format!(
                "arn:aws:ssm:{REGION}:123456789012:parameter/{}",
                name.trim_start_matches('/')
            ),
            data_type: "text",
        });
        version
    }

    /// Removes all versions; false if there were none. A parameter of the same name starts again at version 1.
    pub fn remove(&mut self, name: &str) -> bool {
        self.parameters.remove(name).is_some()
    }

    /// The parameter's type, if it exists.
    pub fn kind(&self, name: &str) -> Option<&str> {
        self.parameters
            .get(name)
            .and_then(|versions| versions.last())
            .map(|parameter| parameter.r#type.as_str())
    }

    /// The newest version, or the one that `name:version` asks for. Labels are not modelled: nothing can set one.
    pub fn get(&self, name: &str) -> Result<Parameter, NotFound> {
        let (name, selector) = match name.split_once(':') {
            Some((name, selector)) => (name, Some(selector)),
            None => (name, None),
        };
        let versions = self.parameters.get(name).ok_or(NotFound::Parameter)?;
        let Some(selector) = selector else {
            return versions.last().cloned().ok_or(NotFound::Parameter);
        };
        let version = selector
            .parse::<usize>()
            .ok()
            .and_then(|number| number.checked_sub(1));
        let found = version
            .and_then(|index| versions.get(index))
            .ok_or(NotFound::Version)?;
        Ok(Parameter {
            selector: Some(format!(":{selector}")),
            ..found.clone()
        })
    }
}

/// A quota that refills evenly: after a quiet second its whole rate is there at once.
#[derive(Debug)]
pub(crate) struct Quota {
    per_second: Option<u32>,
    /// The time by which everything granted so far is paid back.
    paid_back: Instant,
}

impl Quota {
    /// `None` grants everything.
    pub fn new(per_second: Option<u32>, now: Instant) -> Self {
        Self {
            per_second,
            paid_back: now,
        }
    }

    /// Takes one request out of the quota, if there is room.
    pub fn grant(&mut self, now: Instant) -> bool {
        let Some(per_second) = self.per_second else {
            return true;
        };
        let Some(price) = Duration::from_secs(1).checked_div(per_second) else {
            return false;
        };
        let paid_back = self.paid_back.max(now) + price;
        let granted = paid_back <= now + Duration::from_secs(1);
        if granted {
            self.paid_back = paid_back;
        }
        granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_kept_and_selected() {
        let mut store = Store::default();
        assert_eq!(store.put("/a", "String", "one"), 1);
        assert_eq!(store.put("/a", "String", "two"), 2);
        assert_eq!(store.get("/a").unwrap().value, "two");
        let first = store.get("/a:1").unwrap();
        assert_eq!(
            (first.value.as_str(), first.selector.as_deref()),
            ("one", Some(":1"))
        );
        assert_eq!(store.get("/a:3"), Err(NotFound::Version));
        assert_eq!(store.get("/a:0"), Err(NotFound::Version));
        assert_eq!(store.get("/a:label"), Err(NotFound::Version));
        assert_eq!(store.get("/b"), Err(NotFound::Parameter));
    }

    #[test]
    fn a_quota_grants_its_rate_and_no_more() {
        let start = Instant::now();
        let mut quota = Quota::new(Some(40), start);
        let granted = |quota: &mut Quota, now| (0..100).filter(|_| quota.grant(now)).count();
        assert_eq!(granted(&mut quota, start), 40);
        assert_eq!(granted(&mut quota, start + Duration::from_millis(250)), 10);
        assert_eq!(granted(&mut quota, start + Duration::from_mins(1)), 40);
        assert_eq!(granted(&mut Quota::new(None, start), start), 100);
        assert_eq!(granted(&mut Quota::new(Some(0), start), start), 0);
    }
}
