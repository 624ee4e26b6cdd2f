//! The response body.

use crate::stadium::Stadium;

/// The stadiums as JSON, ready to be sent.
pub struct Body {
    pub rows: u32,
    pub json: String,
}

impl Body {
    pub fn encode(stadiums: &[Stadium]) -> serde_json::Result<Self> {
        Ok(Self {
            rows: u32::try_from(stadiums.len()).unwrap_or(u32::MAX),
            json: serde_json::to_string(stadiums)?,
        })
    }
}
