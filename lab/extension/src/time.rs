//! Times as the AWS APIs write them.

/// Year, month, day, hour, minute and second of a time in seconds since 1970.
fn parts(seconds: u64) -> [u64; 6] {
    let (days, clock) = (seconds / 86_400, seconds % 86_400);
    // Count years from 1 March, so that a leap day is the last of its year; 719,468 days lie before 1970.
    let days = days + 719_468;
    let era_day = days % 146_097;
    let year_of_era = (era_day - era_day / 1_460 + era_day / 36_524 - era_day / 146_096) / 365;
    let day_of_year = era_day - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    let year = days / 146_097 * 400 + year_of_era + u64::from(month <= 2);
    [
        year,
        month,
        day,
        clock / 3_600,
        clock % 3_600 / 60,
        clock % 60,
    ]
}

/// For example `20260131T235959Z`.
pub fn basic(seconds: u64) -> String {
    let [year, month, day, hour, minute, second] = parts(seconds);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

/// For example `2026-01-31T23:59:59.123Z`, with as many decimals as needed.
pub fn extended(seconds: f64) -> String {
    let milliseconds = (seconds * 1000.0).round().max(0.0) as u64;
    let [year, month, day, hour, minute, second] = parts(milliseconds / 1000);
    let fraction = format!(".{:03}", milliseconds % 1000);
    let fraction = fraction.trim_end_matches('0').trim_end_matches('.');
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_times() {
        // From `date -u -d @SECONDS`.
        for (seconds, expected) in [
            (0, "19700101T000000Z"),
            (951_782_400, "20000229T000000Z"),
            (1_709_251_199, "20240229T235959Z"),
            (1_709_251_200, "20240301T000000Z"),
            (1_798_761_599, "20261231T235959Z"),
            (4_102_444_800, "21000101T000000Z"),
        ] {
            assert_eq!(basic(seconds), expected);
        }
        assert_eq!(extended(1_700_000_000.12), "2023-11-14T22:13:20.12Z");
        assert_eq!(extended(1_700_000_000.0), "2023-11-14T22:13:20Z");
    }
}
