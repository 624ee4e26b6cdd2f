//! The parameters themselves: names, values, versions and labels.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::identity::{REGION, characters};

/// The type whose value is shown only to those who ask for it decrypted.
pub(crate) const SECURE: &str = "SecureString";

/// The most labels of one version (docs.aws.amazon.com, `LabelParameterVersion`).
const MOST_LABELS: usize = 10;

/// The longest label, in characters (same page).
const LONGEST_LABEL: usize = 100;

/// A parameter in the shape in which the API shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Parameter {
    /// The name, for example `/stadiums/database/port`.
    pub name: String,
    /// `String`, `StringList` or `SecureString`.
    pub r#type: String,
    /// The value; that of a `SecureString` is encrypted unless it was asked for decrypted.
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

/// One version of a parameter.
#[derive(Debug)]
struct Version {
    parameter: Parameter,
    /// What a `SecureString` shows undecrypted. Nothing here could be decrypted: these are random characters, as long as
    /// what KMS makes of the value and with the beginning of all its ciphertexts.
    ciphertext: Option<String>,
    labels: BTreeSet<String>,
}

/// All versions of all parameters.
#[derive(Debug, Default)]
pub(crate) struct Store {
    parameters: BTreeMap<String, Vec<Version>>,
}

/// Why there is no such parameter.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotFound {
    Parameter,
    Version,
}

/// What became of a wish to label a version.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Labelled {
    /// The version has the labels, but for those that break the rules.
    Done { version: u64, invalid: Vec<String> },
    /// It would have too many.
    TooMany,
}

impl Store {
    /// Adds a version and returns its number.
    pub fn put(&mut self, name: &str, kind: &str, value: &str) -> u64 {
        let versions = self.parameters.entry(name.to_owned()).or_default();
        let version = versions.len() as u64 + 1;
        let since_1970 = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let parameter = Parameter {
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
        };
        versions.push(Version {
            parameter,
            ciphertext: (kind == SECURE).then(|| ciphertext(value)),
            labels: BTreeSet::new(),
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
            .map(|version| version.parameter.r#type.as_str())
    }

    /// The newest version, or the one that `name:version` or `name:label` asks for.
    pub fn get(&self, name: &str, decrypted: bool) -> Result<Parameter, NotFound> {
        let (name, selector) = match name.split_once(':') {
            Some((name, selector)) => (name, Some(selector)),
            None => (name, None),
        };
        let versions = self.parameters.get(name).ok_or(NotFound::Parameter)?;
        let Some(selector) = selector else {
            let newest = versions.last().ok_or(NotFound::Parameter)?;
            return Ok(newest.shown(decrypted));
        };
        // No label begins with a digit.
        let asked = |version: &&Version| {
            selector == version.parameter.version.to_string() || version.labels.contains(selector)
        };
        let found = versions.iter().find(asked).ok_or(NotFound::Version)?;
        Ok(Parameter {
            selector: Some(format!(":{selector}")),
            ..found.shown(decrypted)
        })
    }

    /// The parameters below a path in the order of their names, those of deeper levels only if it is `recursive`. `from` is
    /// the name at which to begin.
    pub fn below(
        &self,
        path: &str,
        recursive: bool,
        decrypted: bool,
        from: &str,
    ) -> impl Iterator<Item = Parameter> {
        let prefix = format!("{}/", path.trim_end_matches('/'));
        let is_below = move |name: &str| {
            let rest = name.strip_prefix(&prefix);
            rest.is_some_and(|rest| recursive || !rest.contains('/'))
        };
        self.parameters
            .range(from.to_owned()..)
            .filter(move |(name, _)| is_below(name))
            .filter_map(move |(_, versions)| Some(versions.last()?.shown(decrypted)))
    }

    /// Gives labels to a version, the newest unless told. A label that another version has moves.
    pub fn label(
        &mut self,
        name: &str,
        version: Option<u64>,
        labels: &[String],
    ) -> Result<Labelled, NotFound> {
        let versions = self.parameters.get_mut(name).ok_or(NotFound::Parameter)?;
        let version = version.unwrap_or(versions.len() as u64);
        let index = usize::try_from(version)
            .ok()
            .and_then(|number| number.checked_sub(1))
            .filter(|index| *index < versions.len())
            .ok_or(NotFound::Version)?;
        let (valid, invalid): (Vec<_>, Vec<_>) =
            labels.iter().cloned().partition(|label| is_label(label));
        let valid = BTreeSet::from_iter(valid);
        if versions[index].labels.union(&valid).count() > MOST_LABELS {
            return Ok(Labelled::TooMany);
        }
        for other in versions.iter_mut() {
            other.labels.retain(|label| !valid.contains(label));
        }
        versions[index].labels.extend(valid);
        Ok(Labelled::Done { version, invalid })
    }
}

impl Version {
    fn shown(&self, decrypted: bool) -> Parameter {
        let mut parameter = self.parameter.clone();
        if let (Some(ciphertext), false) = (&self.ciphertext, decrypted) {
            parameter.value.clone_from(ciphertext);
        }
        parameter
    }
}

fn is_label(label: &str) -> bool {
    let lower = label.to_lowercase();
    (1..=LONGEST_LABEL).contains(&label.len())
        && label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
        && !label.starts_with(|first: char| first.is_ascii_digit())
        && !["aws", "ssm"].iter().any(|taken| lower.starts_with(taken))
}

fn ciphertext(value: &str) -> String {
    const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    /// What every ciphertext of KMS begins with, as Base64.
    const BEGINNING: &str = "AQICAH";
    /// About as many bytes KMS adds to what it encrypts.
    const ADDED: usize = 150;
    let length = (value.len() + ADDED).div_ceil(3) * 4;
    BEGINNING.to_owned() + &characters(BASE64, length - BEGINNING.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(store: &Store, name: &str) -> Result<String, NotFound> {
        store.get(name, true).map(|parameter| parameter.value)
    }

    #[test]
    fn versions_are_kept_and_selected() {
        let mut store = Store::default();
        assert_eq!(store.put("/a", "String", "one"), 1);
        assert_eq!(store.put("/a", "String", "two"), 2);
        assert_eq!(value(&store, "/a").unwrap(), "two");
        let first = store.get("/a:1", false).unwrap();
        assert_eq!(
            (first.value.as_str(), first.selector.as_deref()),
            ("one", Some(":1"))
        );
        for missing in ["/a:3", "/a:0", "/a:", "/a:label", "/a:+1"] {
            assert_eq!(value(&store, missing), Err(NotFound::Version), "{missing}");
        }
        assert_eq!(value(&store, "/b"), Err(NotFound::Parameter));
    }

    #[test]
    fn a_label_belongs_to_one_version_and_moves() {
        let mut store = Store::default();
        let label = |store: &mut Store, version, label: &str| {
            store.label("/a", version, &[label.to_owned()])
        };
        assert_eq!(label(&mut store, None, "live"), Err(NotFound::Parameter));
        store.put("/a", "String", "one");
        store.put("/a", "String", "two");
        assert_eq!(label(&mut store, Some(3), "live"), Err(NotFound::Version));
        assert_eq!(label(&mut store, Some(0), "live"), Err(NotFound::Version));
        label(&mut store, Some(1), "live").unwrap();
        assert_eq!(value(&store, "/a:live").unwrap(), "one");
        // The newest unless told.
        label(&mut store, None, "live").unwrap();
        assert_eq!(value(&store, "/a:live").unwrap(), "two");
        store.put("/a", "String", "three");
        assert_eq!(
            value(&store, "/a:live").unwrap(),
            "two",
            "a new version takes no labels along"
        );
    }

    #[test]
    fn labels_that_break_the_rules_are_told_and_eleven_are_too_many() {
        let mut store = Store::default();
        store.put("/a", "String", "one");
        let long = "x".repeat(LONGEST_LABEL + 1);
        let labels = ["ok", "", "1st", "AWSome", "ssm", "a b", "naïve", &long].map(str::to_owned);
        let invalid = labels[1..].to_vec();
        assert_eq!(
            store.label("/a", None, &labels),
            Ok(Labelled::Done {
                version: 1,
                invalid
            })
        );
        let more = |from, to| (from..to).map(|n| format!("l{n}")).collect::<Vec<_>>();
        let nine = store.label("/a", None, &more(0, 9));
        assert!(matches!(nine, Ok(Labelled::Done { .. })));
        assert_eq!(store.label("/a", None, &more(9, 10)), Ok(Labelled::TooMany));
        // Those that it has already are no more.
        assert_eq!(store.label("/a", None, &more(0, 9)), nine);
    }

    #[test]
    fn a_secret_is_shown_only_decrypted() {
        let mut store = Store::default();
        store.put("/a", SECURE, "a secret");
        let encrypted = store.get("/a", false).unwrap();
        assert!(encrypted.value.starts_with("AQICAH") && encrypted.value.len() > 200);
        assert_eq!(store.get("/a", false).unwrap(), encrypted);
        assert_eq!(value(&store, "/a").unwrap(), "a secret");
    }
}
