//! Errors that the runtime or an extension reports.

use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// An error that the runtime or an extension has reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedError {
    /// AWS's error type, or the function's own, such as `Handler.Failed`.
    pub kind: String,
    /// `{"errorType":…,"errorMessage":…}`, or whatever was reported.
    pub payload: Bytes,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    error_type: Option<String>,
    error_message: Option<String>,
}

impl Payload {
    fn read(payload: &[u8]) -> Self {
        serde_json::from_slice(payload).unwrap_or_default()
    }
}

impl ReportedError {
    /// An error in the platform's own words.
    pub(crate) fn new(kind: &str, message: &str) -> Self {
        let payload = Payload {
            error_type: Some(kind.to_owned()),
            error_message: Some(message.to_owned()),
        };
        let payload = serde_json::to_vec(&payload).expect("it is two strings");
        Self {
            kind: kind.to_owned(),
            payload: payload.into(),
        }
    }

    /// What was reported. The type is the header's, else the body's, else `Unhandled`.
    pub(super) fn read(header: Option<&str>, payload: Bytes) -> Self {
        let kind = header.map(str::to_owned);
        let kind = kind.or_else(|| Payload::read(&payload).error_type);
        Self {
            kind: kind.unwrap_or_else(|| "Unhandled".to_owned()),
            payload,
        }
    }

    /// `errorMessage` of the payload, or all of it.
    pub(crate) fn message(&self) -> String {
        let message = Payload::read(&self.payload).error_message;
        message.unwrap_or_else(|| String::from_utf8_lossy(&self.payload).into_owned())
    }
}

impl fmt::Display for ReportedError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let payload = String::from_utf8_lossy(&self.payload);
        write!(formatter, "{}: {payload}", self.kind)
    }
}
