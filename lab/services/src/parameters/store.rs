//! The parameters themselves.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::credentials::{REGION, characters};

/// The type whose value is shown only to those who ask for it decrypted.
pub(super) const SECURE: &str = "SecureString";

/// A parameter in the shape in which the API shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Parameter {
    /// The name, for example `/stadiums/database/port`.
    pub name: String,
    /// `String` or `SecureString`.
    pub r#type: String,
    /// The value; that of a `SecureString` is encrypted unless it was asked for decrypted.
    pub value: String,
    /// How often it has been put.
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

/// A parameter, and what a `SecureString` shows undecrypted. Nothing there could be decrypted: it is random characters, as
/// long as what KMS makes of the value and with the beginning of all its ciphertexts.
#[derive(Debug)]
struct Stored {
    parameter: Parameter,
    ciphertext: Option<String>,
}

/// All parameters, in their newest version.
#[derive(Debug, Default)]
pub(super) struct Store {
    parameters: BTreeMap<String, Stored>,
}

/// Why there is no such parameter.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unknown {
    /// There is none of this name.
    Name,
    /// There is one, but not in this version or with this label.
    Selector,
}

impl Store {
    /// Sets a parameter and returns its version.
    pub fn put(&mut self, name: &str, r#type: &str, value: &str) -> u64 {
        let older = self.parameters.get(name);
        let version = older.map_or(0, |stored| stored.parameter.version) + 1;
        let since_1970 = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let parameter = Parameter {
            name: name.to_owned(),
            r#type: r#type.to_owned(),
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
        let ciphertext = (r#type == SECURE).then(|| ciphertext(value));
        let stored = Stored {
            parameter,
            ciphertext,
        };
        self.parameters.insert(name.to_owned(), stored);
        version
    }

    /// Removes a parameter; false if there was none. One of the same name starts again at version 1.
    pub fn remove(&mut self, name: &str) -> bool {
        self.parameters.remove(name).is_some()
    }

    /// A parameter by its name, or by `name:version` if that is the newest.
    pub fn get(&self, name: &str, decrypted: bool) -> Result<Parameter, Unknown> {
        let (name, selector) = match name.split_once(':') {
            Some((name, selector)) => (name, Some(selector)),
            None => (name, None),
        };
        let stored = self.parameters.get(name).ok_or(Unknown::Name)?;
        let mut shown = stored.shown(decrypted);
        if let Some(selector) = selector {
            if selector != shown.version.to_string() {
                return Err(Unknown::Selector);
            }
            shown.selector = Some(format!(":{selector}"));
        }
        Ok(shown)
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
            .map(move |(_, stored)| stored.shown(decrypted))
    }
}

impl Stored {
    fn shown(&self, decrypted: bool) -> Parameter {
        let mut parameter = self.parameter.clone();
        if let (Some(ciphertext), false) = (&self.ciphertext, decrypted) {
            parameter.value.clone_from(ciphertext);
        }
        parameter
    }
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

    #[test]
    fn the_newest_version_is_kept_and_can_be_asked_for() {
        let mut store = Store::default();
        assert_eq!(store.put("/a", "String", "one"), 1);
        assert_eq!(store.put("/a", "String", "two"), 2);
        for (name, selector) in [("/a", None), ("/a:2", Some(":2"))] {
            let shown = store.get(name, false).unwrap();
            assert_eq!(
                (&*shown.value, shown.selector.as_deref()),
                ("two", selector)
            );
        }
        for missing in ["/a:1", "/a:3", "/a:", "/a:label", "/a:+2"] {
            assert_eq!(
                store.get(missing, true),
                Err(Unknown::Selector),
                "{missing}"
            );
        }
        assert_eq!(store.get("/b:1", true), Err(Unknown::Name));
    }

    #[test]
    fn a_secret_is_shown_only_decrypted() {
        let mut store = Store::default();
        store.put("/a", SECURE, "a secret");
        let encrypted = store.get("/a", false).unwrap();
        assert!(encrypted.value.starts_with("AQICAH") && encrypted.value.len() > 200);
        assert_eq!(store.get("/a", false).unwrap(), encrypted);
        assert_eq!(store.get("/a", true).unwrap().value, "a secret");
    }
}
