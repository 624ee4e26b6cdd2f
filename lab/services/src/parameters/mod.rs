//! Parameter Store: HTTPS, JSON 1.1, one shared quota; `String` and `SecureString` in their newest version.

mod api;
mod quota;
mod server;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

use self::api::Api;
use self::server::Server;
use crate::credentials::{Credentials, REGION};
use crate::network::listener::Listener;

/// The running Parameter Store.
#[derive(Clone)]
pub struct Parameters {
    endpoint: SocketAddr,
    api: Arc<Api>,
}

impl Parameters {
    /// Starts it on this thread's event loop.
    pub(crate) fn start(
        credentials: Credentials,
        quota: Option<u32>,
        listener: Arc<Listener>,
    ) -> Self {
        let endpoint = listener.address();
        let api = Arc::new(Api::new(quota, Arc::clone(&listener.counters)));
        let server = Arc::new(Server {
            listener: Arc::clone(&listener),
            credentials,
            api: Arc::clone(&api),
        });
        tokio::spawn(listener.serve(move |stream| Arc::clone(&server).connection(stream)));
        Self { endpoint, api }
    }

    /// The value for `AWS_ENDPOINT_URL_SSM`.
    pub fn endpoint_url(&self) -> String {
        format!("https://{}", self.endpoint)
    }

    /// Sets a parameter.
    pub fn put(&self, name: &str, value: &str) {
        self.api.store().put(name, value);
    }

    /// Sets a `SecureString`, whose value only a request `WithDecryption` gets.
    pub fn put_secure(&self, name: &str, value: &str) {
        self.api.store().put_secure(name, value);
    }

    /// A parameter, decrypted.
    pub fn get(&self, name: &str) -> Option<Parameter> {
        self.api.store().get(name)
    }

    /// Removes a parameter, if it is there.
    pub fn remove(&self, name: &str) {
        self.api.store().remove(name);
    }

    /// Replaces the quota, in requests per second: `None` lifts it.
    pub fn set_quota(&self, per_second: Option<u32>) {
        self.api.set_quota(per_second);
    }
}

/// A parameter in the shape in which the API shows it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Parameter {
    name: String,
    r#type: &'static str,
    /// The value.
    pub value: String,
    /// How often it has been put.
    version: u64,
    /// Seconds since 1970.
    last_modified_date: f64,
    #[serde(rename = "ARN")]
    arn: String,
    data_type: &'static str,
    /// What a request without decryption gets for the value.
    #[serde(skip)]
    encrypted: Option<String>,
}

impl Parameter {
    /// As a request gets it: a `SecureString` encrypted, unless decryption was asked for.
    pub(crate) fn seen(&self, with_decryption: bool) -> Self {
        let encrypted = self.encrypted.clone().filter(|_| !with_decryption);
        Self {
            value: encrypted.unwrap_or_else(|| self.value.clone()),
            ..self.clone()
        }
    }
}

/// All parameters by their names.
#[derive(Debug, Default)]
struct Store(BTreeMap<String, Parameter>);

impl Store {
    /// Sets a parameter.
    pub fn put(&mut self, name: &str, value: &str) {
        let older = self.0.get(name).map_or(0, |older| older.version);
        let since_1970 = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        // The account number is the one of AWS's own examples.
        let parent = format!("arn:aws:ssm:{REGION}:123456789012:parameter");
        let parameter = Parameter {
            name: name.to_owned(),
            r#type: "String",
            value: value.to_owned(),
            version: older + 1,
            // Milliseconds are as fine as AWS is.
            last_modified_date: since_1970.as_millis() as f64 / 1000.0,
            arn: format!("{parent}/{}", name.trim_start_matches('/')),
            data_type: "text",
            encrypted: None,
        };
        self.0.insert(name.to_owned(), parameter);
    }

    /// Sets a `SecureString`. What stands for its encrypted value has nothing of it but the prefix of AWS KMS's blobs.
    pub fn put_secure(&mut self, name: &str, value: &str) {
        self.put(name, value);
        if let Some(parameter) = self.0.get_mut(name) {
            parameter.r#type = "SecureString";
            let random = format!("{:032x}{:032x}", fastrand::u128(..), fastrand::u128(..));
            parameter.encrypted = Some(format!("AQICAH{random}"));
        }
    }

    /// Removes a parameter, if it is there.
    pub fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// A parameter by its name.
    pub fn get(&self, name: &str) -> Option<Parameter> {
        self.0.get(name).cloned()
    }

    /// The parameters below a path in the order of their names, those of deeper levels only if it is `recursive`. `from` is
    /// the name at which to begin.
    pub fn below(
        &self,
        path: &str,
        recursive: bool,
        from: &str,
    ) -> impl Iterator<Item = &Parameter> {
        let prefix = format!("{}/", path.trim_end_matches('/'));
        let is_below = move |name: &str| {
            let rest = name.strip_prefix(&prefix);
            rest.is_some_and(|rest| recursive || !rest.contains('/'))
        };
        let all = self.0.range(from.to_owned()..);
        all.map(|(_, parameter)| parameter)
            .filter(move |parameter| is_below(&parameter.name))
    }
}
