//! The operations of Parameter Store, as JSON in and JSON out.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use serde::Deserialize;
use serde_json::{Value, json};

use super::quota::Quota;
use super::{Parameter, Store};
use crate::network::counts::{Counter, Counters};

/// The most names in one `GetParameters` request, and the most parameters in one answer to `GetParametersByPath`
/// (docs.aws.amazon.com, API reference of both).
const MOST_NAMES: usize = 10;

/// An error of the API. All that are modelled have the HTTP status 400, throttling included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ApiError {
    /// The error's name.
    pub name: &'static str,
    /// Its message; some have none.
    pub message: Option<String>,
}

impl ApiError {
    pub fn new(name: &'static str, message: impl Into<String>) -> Self {
        Self {
            name,
            message: Some(message.into()),
        }
    }

    /// The body of the response.
    pub fn body(&self) -> Value {
        match &self.message {
            Some(message) => json!({ "__type": self.name, "message": message }),
            None => json!({ "__type": self.name }),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetParameter {
    name: String,
    #[serde(default)]
    with_decryption: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetParameters {
    names: Vec<String>,
    #[serde(default)]
    with_decryption: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetParametersByPath {
    path: String,
    #[serde(default)]
    recursive: bool,
    max_results: Option<usize>,
    next_token: Option<String>,
    #[serde(default)]
    with_decryption: bool,
    #[serde(default)]
    parameter_filters: Vec<Value>,
}

/// The operations, with the parameters and the quota that all callers share.
pub(super) struct Api {
    store: Mutex<Store>,
    quota: Mutex<Quota>,
    counters: Arc<Counters>,
}

impl Api {
    /// Without parameters.
    pub fn new(quota: Option<u32>, counters: Arc<Counters>) -> Self {
        Self {
            store: Mutex::default(),
            quota: Mutex::new(Quota::new(quota, Instant::now())),
            counters,
        }
    }

    /// The parameters. The caller must not wait for anything while it holds them.
    pub fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().expect("no holder panics")
    }

    /// Replaces the quota, in requests per second: `None` lifts it.
    pub fn set_quota(&self, per_second: Option<u32>) {
        *self.quota.lock().expect("no holder panics") = Quota::new(per_second, Instant::now());
    }

    /// Carries out the operation that the header `X-Amz-Target` names.
    pub fn call(&self, target: &str, body: &[u8]) -> Result<Value, ApiError> {
        match target.strip_prefix("AmazonSSM.") {
            Some("GetParameter") => {
                self.take_from_quota(Counter::ParametersGetParameter)?;
                self.get_parameter(&parse(body)?)
            }
            Some("GetParameters") => {
                self.take_from_quota(Counter::ParametersGetParameters)?;
                self.get_parameters(&parse(body)?)
            }
            Some("GetParametersByPath") => {
                self.take_from_quota(Counter::ParametersGetParametersByPath)?;
                self.get_parameters_by_path(&parse(body)?)
            }
            _ => Err(ApiError {
                name: "UnknownOperationException",
                message: None,
            }),
        }
    }

    /// Counts a request, and fails if the quota has no room for it.
    fn take_from_quota(&self, counter: Counter) -> Result<(), ApiError> {
        self.counters.add(counter, 1);
        let mut quota = self.quota.lock().expect("no holder panics");
        if quota.grant(Instant::now()) {
            return Ok(());
        }
        self.counters.add(Counter::ParametersThrottled, 1);
        Err(ApiError::new("ThrottlingException", "Rate exceeded"))
    }

    fn get_parameter(&self, request: &GetParameter) -> Result<Value, ApiError> {
        let parameter = self.store().get(&request.name).ok_or(ApiError {
            name: "ParameterNotFound",
            message: None,
        })?;
        Ok(json!({ "Parameter": parameter.seen(request.with_decryption) }))
    }

    fn get_parameters(&self, request: &GetParameters) -> Result<Value, ApiError> {
        let count = request.names.len();
        if !(1..=MOST_NAMES).contains(&count) {
            let message = format!("Names must have 1 to {MOST_NAMES} members, not {count}.");
            return Err(ApiError::new("ValidationException", message));
        }
        let store = self.store();
        let mut found = Vec::new();
        let mut invalid = Vec::new();
        for name in &request.names {
            match store.get(name) {
                Some(parameter) => found.push(parameter.seen(request.with_decryption)),
                None => invalid.push(name),
            }
        }
        // Parameter Store answers in the order of the names, not of the request.
        found.sort_by_key(|parameter: &Parameter| parameter.name.clone());
        Ok(json!({ "Parameters": found, "InvalidParameters": invalid }))
    }

    fn get_parameters_by_path(&self, request: &GetParametersByPath) -> Result<Value, ApiError> {
        let invalid = |message: &str| Err(ApiError::new("ValidationException", message));
        let most = request.max_results.unwrap_or(MOST_NAMES);
        if !request.path.starts_with('/') {
            return invalid("Path must begin with a slash.");
        }
        if !(1..=MOST_NAMES).contains(&most) {
            return invalid("MaxResults must lie between 1 and 10.");
        }
        if !request.parameter_filters.is_empty() {
            return invalid("This emulation knows no ParameterFilters.");
        }
        // A token is the name of the next parameter: no client may look into it.
        let from = request.next_token.as_deref().unwrap_or(&request.path);
        if !from.starts_with(&request.path) {
            return Err(ApiError::new(
                "InvalidNextToken",
                "The specified token isn't valid.",
            ));
        }
        let store = self.store();
        let mut below = store.below(&request.path, request.recursive, from);
        let page = below.by_ref().take(most);
        let page = page.map(|parameter| parameter.seen(request.with_decryption));
        let page: Vec<Parameter> = page.collect();
        let next = below.next().map(|parameter| &parameter.name);
        Ok(match next {
            Some(next) => json!({ "Parameters": page, "NextToken": next }),
            None => json!({ "Parameters": page }),
        })
    }
}

fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body)
        .map_err(|error| ApiError::new("SerializationException", error.to_string()))
}
