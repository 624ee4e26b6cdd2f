//! The operations of Parameter Store, as JSON in and JSON out.

use std::time::Instant;

use serde::Deserialize;
use serde_json::{Value, json};

use super::State;
use super::store::NotFound;
use crate::counts::Counter;

/// The most names in one `GetParameters` request.
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
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetParameters {
    names: Vec<String>,
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
            Some("PutParameter") => self.put_parameter(&parse(body)?),
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
        match store.get(&request.name) {
            Ok(parameter) => Ok(json!({ "Parameter": parameter })),
            Err(NotFound::Parameter) => Err(ApiError {
                name: "ParameterNotFound",
                message: None,
            }),
            Err(NotFound::Version) => {
                let message = format!("There is no version or label {}.", request.name);
                Err(ApiError::new("ParameterVersionNotFound", message))
            }
        }
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
            match store.get(name) {
                Ok(parameter) => found.push(parameter),
                Err(_) => invalid.push(name),
            }
        }
        // Parameter Store answers in the order of the names, not of the request.
        found.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(json!({ "Parameters": found, "InvalidParameters": invalid }))
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
        if !["String", "StringList"].contains(&kind.as_str()) {
            return invalid(format!(
                "Type is {kind}; this emulation holds String and StringList only."
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

fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body)
        .map_err(|error| ApiError::new("SerializationException", error.to_string()))
}
