//! The tables of a `function.toml`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

/// A parameter.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(
    untagged,
    deny_unknown_fields,
    expecting = "a parameter is a text, or { secure = \"a text\" }"
)]
pub enum ParameterEntry {
    /// A `String`.
    Plain(String),
    /// A `SecureString`.
    Secure {
        /// The value, which only a request with decryption gets.
        secure: String,
    },
}

impl ParameterEntry {
    /// Its value.
    pub fn value(&self) -> &str {
        match self {
            Self::Plain(value) | Self::Secure { secure: value } => value,
        }
    }
}

/// A database of its own, behind the proxy.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct OwnDatabase {
    /// Its name; by default the function's.
    #[serde(default)]
    pub name: String,
    /// The user who owns it.
    #[serde(default = "default_user")]
    pub user: String,
    /// The user's password; without one the user signs in with an IAM token.
    #[serde(default)]
    pub password: Option<String>,
    /// Files that are run as this user, in their order: the schema, the rows.
    #[serde(default)]
    pub sql: Vec<PathBuf>,
}

/// A party that answers every request alike.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct UpstreamEntry {
    /// The file that it answers with.
    pub answer: PathBuf,
    /// How long that takes, ms.
    pub delay_ms: f64,
    /// With which status.
    #[serde(default = "ok")]
    pub status: u16,
}

/// One event, and what must hold for its answer.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct EventEntry {
    /// A request to an HTTP API: `GET /orders/7?full=1`.
    #[serde(default)]
    pub request: Option<String>,
    /// The request's headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The request's body. API Gateway hands it on as text if the header `content-type` says that it is text, JSON, XML or
    /// JavaScript, else as base64.
    #[serde(default)]
    pub body: String,
    /// Instead of a request: a file with any JSON.
    #[serde(default)]
    pub file: Option<PathBuf>,
    /// How often it comes beside the others.
    #[serde(default = "once")]
    pub weight: u32,
    /// The answer's status; 200 where nothing is said. Of a request only.
    #[serde(default)]
    pub status: Option<u16>,
    /// A text that the answer (of a request: its body) contains.
    #[serde(default)]
    pub contains: Option<String>,
    /// Values in the answer (of a request: in its body), by JSON pointer.
    #[serde(default)]
    pub pointers: BTreeMap<String, serde_json::Value>,
    /// Where it begins: the file and the line, for whoever reads an error; empty where it is in no file.
    #[serde(skip)]
    pub place: String,
}

fn default_user() -> String {
    "app".to_owned()
}

fn once() -> u32 {
    1
}

fn ok() -> u16 {
    200
}
