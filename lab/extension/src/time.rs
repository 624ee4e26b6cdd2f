//! Times as the AWS APIs write them.

use ::time::OffsetDateTime;
use ::time::format_description::parse_borrowed;
use ::time::format_description::well_known::Rfc3339;

use crate::Error;

/// The time now, for example `20260131T235959Z`.
pub fn now() -> Result<String, Error> {
    let format = parse_borrowed::<2>("[year][month][day]T[hour][minute][second]Z")?;
    Ok(OffsetDateTime::now_utc().format(&format)?)
}

/// For example `2026-01-31T23:59:59.123Z`, with as many decimals as needed, of a time in seconds since 1970. Milliseconds
/// are as fine as Parameter Store is.
pub fn extended(seconds: f64) -> Result<String, Error> {
    let milliseconds = (seconds * 1000.0).round() as i128;
    let time = OffsetDateTime::from_unix_timestamp_nanos(milliseconds * 1_000_000)?;
    Ok(time.format(&Rfc3339)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_times() {
        // From `date -u -d @SECONDS`.
        for (seconds, expected) in [
            (0.0, "1970-01-01T00:00:00Z"),
            (951_782_400.0, "2000-02-29T00:00:00Z"),
            (1_700_000_000.12, "2023-11-14T22:13:20.12Z"),
        ] {
            assert_eq!(extended(seconds).unwrap(), expected);
        }
    }
}
