//! The operations of Parameter Store, as JSON in and JSON out.

use std::time::Instant;

use serde::Deserialize;
use serde_json::{Value, json};

use super::State;
use super::store::{Labelled, NotFound, Parameter, SECURE};
use crate::counts::Counter;

/// The most names in one `GetParameters` request, and the most parameters in one answer to `GetParametersByPath`
/// (docs.aws.amazon.com, API reference of both).
const MOST_NAMES: usize = 10;

/// The longest value of a standard parameter, in bytes.
const LONGEST_VALUE: usize = 4096;

/// An error of the API. All that are modelled have the HTTP status 400, throttling included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
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
    #[serde(default)]
    with_decryption: bool,
    max_results: Option<usize>,
    next_token: Option<String>,
    #[serde(default)]
    parameter_filters: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct LabelParameterVersion {
    name: String,
    parameter_version: Option<u64>,
    labels: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutParameter {
    name: String,
    value: String,
    r#type: Option<String>,
    #[serde(default)]
    overwrite: bool,
}

impl State {
    /// Carries out the operation that the header `X-Amz-Target` names.
    pub fn call(&self, target: &str, body: &[u8]) -> Result<Value, ApiError> {
        match target.strip_prefix("AmazonSSM.") {
            Some("GetParameter") => {
                self.counters.add(Counter::ParametersGetParameter, 1);
                self.take_from_quota()?;
                self.get_parameter(&parse(body)?)
            }
            Some("GetParameters") => {
                self.counters.add(Counter::ParametersGetParameters, 1);
                self.take_from_quota()?;
                self.get_parameters(&parse(body)?)
            }
            Some("GetParametersByPath") => {
                self.counters.add(Counter::ParametersGetParametersByPath, 1);
                self.take_from_quota()?;
                self.get_parameters_by_path(&parse(body)?)
            }
            Some("PutParameter") => self.put_parameter(&parse(body)?),
            Some("LabelParameterVersion") => self.label_parameter_version(&parse(body)?),
            _ => Err(ApiError {
                name: "UnknownOperationException",
                message: None,
            }),
        }
    }

    fn take_from_quota(&self) -> Result<(), ApiError> {
        if self
            .quota
            .lock()
            .expect("no holder panics")
            .grant(Instant::now())
        {
            return Ok(());
        }
        self.counters.add(Counter::ParametersThrottled, 1);
        Err(ApiError::new("ThrottlingException", "Rate exceeded"))
    }

    fn get_parameter(&self, request: &GetParameter) -> Result<Value, ApiError> {
        let store = self.store.lock().expect("no holder panics");
        store
            .get(&request.name, request.with_decryption)
            .map(|parameter| json!({ "Parameter": parameter }))
            .map_err(|error| not_found(&error, &request.name))
    }

    fn get_parameters(&self, request: &GetParameters) -> Result<Value, ApiError> {
        let count = request.names.len();
        if !(1..=MOST_NAMES).contains(&count) {
            let message = format!("Names must have 1 to {MOST_NAMES} members, not {count}.");
            return Err(ApiError::new("ValidationException", message));
        }
        let store = self.store.lock().expect("no holder panics");
        let mut found = Vec::new();
        let mut invalid = Vec::new();
        for name in &request.names {
            match store.get(name, request.with_decryption) {
                Ok(parameter) => found.push(parameter),
                Err(_) => invalid.push(name),
            }
        }
        // Parameter Store answers in the order of the names, not of the request.
        found.sort_by(|one, other| one.name.cmp(&other.name));
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
        let store = self.store.lock().expect("no holder panics");
        let mut below = store.below(
            &request.path,
            request.recursive,
            request.with_decryption,
            from,
        );
        let page = below.by_ref().take(most).collect::<Vec<Parameter>>();
        let mut answer = json!({ "Parameters": page });
        if let Some(next) = below.next() {
            answer["NextToken"] = next.name.into();
        }
        Ok(answer)
    }

    fn label_parameter_version(&self, request: &LabelParameterVersion) -> Result<Value, ApiError> {
        let count = request.labels.len();
        if !(1..=MOST_NAMES).contains(&count) {
            let message = format!("Labels must have 1 to {MOST_NAMES} members, not {count}.");
            return Err(ApiError::new("ValidationException", message));
        }
        let mut store = self.store.lock().expect("no holder panics");
        let labelled = store.label(&request.name, request.parameter_version, &request.labels);
        match labelled.map_err(|error| not_found(&error, &request.name))? {
            Labelled::Done { version, invalid } => {
                Ok(json!({ "InvalidLabels": invalid, "ParameterVersion": version }))
            }
            Labelled::TooMany => Err(ApiError::new(
                "ParameterVersionLabelLimitExceeded",
                "A parameter version can have a maximum of ten labels.",
            )),
        }
    }

    fn put_parameter(&self, request: &PutParameter) -> Result<Value, ApiError> {
        let invalid = |message: String| Err(ApiError::new("ValidationException", message));
        let mut store = self.store.lock().expect("no holder panics");
        let existing = store.kind(&request.name).map(str::to_owned);
        if existing.is_some() && !request.overwrite {
            let message = "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.";
            return Err(ApiError::new("ParameterAlreadyExists", message));
        }
        let Some(kind) = request.r#type.clone().or(existing) else {
            return invalid("A new parameter needs a Type.".to_owned());
        };
        if !["String", "StringList", SECURE].contains(&kind.as_str()) {
            return invalid(format!(
                "Type is {kind}, it must be String, StringList or {SECURE}."
            ));
        }
        if request.value.is_empty() || request.value.len() > LONGEST_VALUE {
            return invalid(format!(
                "A standard parameter's Value has 1 to {LONGEST_VALUE} bytes."
            ));
        }
        let version = store.put(&request.name, &kind, &request.value);
        Ok(json!({ "Version": version, "Tier": "Standard" }))
    }
}

fn not_found(error: &NotFound, name: &str) -> ApiError {
    match error {
        NotFound::Parameter => ApiError {
            name: "ParameterNotFound",
            message: None,
        },
        NotFound::Version => ApiError::new(
            "ParameterVersionNotFound",
            format!("There is no such version or label of {name}."),
        ),
    }
}

fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body)
        .map_err(|error| ApiError::new("SerializationException", error.to_string()))
}
