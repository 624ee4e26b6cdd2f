//! The response body, and the form in which the cache holds it.

use crate::stadium::Stadium;

/// Bytes that follow the JSON in the cache: the number of rows, then the checksum, four bytes each.
const TRAILER: usize = 8;

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

    /// What the cache holds. Nobody parses the JSON on its way back, so a checksum has to show that it is whole.
    pub fn with_checksum(&self) -> Vec<u8> {
        let mut value = Vec::with_capacity(self.json.len() + TRAILER);
        value.extend_from_slice(self.json.as_bytes());
        value.extend_from_slice(&self.rows.to_le_bytes());
        value.extend_from_slice(&crc32fast::hash(&value).to_le_bytes());
        value
    }

    /// The body in a value of the cache, or why it is garbage.
    pub fn checked(mut value: Vec<u8>) -> Result<Self, &'static str> {
        let (content, checksum) = value.split_last_chunk().ok_or("too short")?;
        if crc32fast::hash(content) != u32::from_le_bytes(*checksum) {
            return Err("the checksum is that of other bytes");
        }
        let (json, rows) = content.split_last_chunk().ok_or("too short")?;
        let (length, rows) = (json.len(), u32::from_le_bytes(*rows));
        value.truncate(length);
        let json = String::from_utf8(value).map_err(|_| "not UTF-8")?;
        Ok(Self { rows, json })
    }
}
