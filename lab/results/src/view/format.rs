//! Durations, bytes, money and dates for people.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Microseconds with three digits in the unit that fits: `84.0 µs`, `1.23 ms`, `2.50 s`; nothing at all is `0 µs`.
pub fn duration(us: f64) -> String {
    if us == 0.0 {
        return "0 µs".to_owned();
    }
    // 999.5 and more would print as 1000.
    let (value, unit) = match us {
        us if us < 999.5 => (us, "µs"),
        us if us < 999_500.0 => (us / 1e3, "ms"),
        us => (us / 1e6, "s"),
    };
    format!("{} {unit}", three_digits(value))
}

/// A pause between invocations as somebody gave it, milliseconds: `25 ms`, `2 s`.
pub fn pause(ms: f64) -> String {
    if ms < 1000.0 {
        format!("{ms} ms")
    } else {
        format!("{} s", ms / 1000.0)
    }
}

/// Three significant digits below 1000, whole numbers above.
fn three_digits(value: f64) -> String {
    let decimals = match value {
        value if value < 9.995 => 2,
        value if value < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.decimals$}")
}

/// `812 B`, `45.1 kB`, `11.2 MB`: powers of 1000, as AWS's limits on packages are written.
pub fn bytes(count: u64) -> String {
    let count = count as f64;
    match count {
        count if count < 999.5 => format!("{count:.0} B"),
        count if count < 999_500.0 => format!("{} kB", three_digits(count / 1e3)),
        count => format!("{} MB", three_digits(count / 1e6)),
    }
}

/// `$0.23`; below a cent as many digits as it takes for two to show: `$0.0027`.
pub fn usd(amount: f64) -> String {
    if amount == 0.0 || amount >= 0.0995 {
        return format!("${amount:.2}");
    }
    let decimals = 1 - amount.log10().floor() as i32;
    format!("${amount:.*}", decimals as usize)
}

/// What a measured thing is called in a table or a picture: a step by its name, a file by the end of its path and the folder
/// it is in, since many are called `bootstrap`.
pub fn short_name(name: &str) -> String {
    let parts: Vec<&str> = name
        .split('/')
        .filter(|part| !matches!(*part, "" | "." | ".."))
        .collect();
    match parts[..] {
        [.., folder, file] => format!("{folder}/{file}"),
        [only] => only.to_owned(),
        [] => name.to_owned(),
    }
}

/// A ratio: `2.41x`, `12.3x`, `187x`.
pub fn times(ratio: f64) -> String {
    format!("{}x", three_digits(ratio))
}

/// A rate with three digits: more would be invented. `40`, `45.9`, `12,300`.
pub fn rate(per_second: f64) -> String {
    let digits = per_second.abs().max(1.0).log10().floor() as i32;
    let unit = 10_f64.powi(digits - 2);
    let rounded = (per_second / unit).round() * unit;
    if rounded < 1000.0 {
        let text = format!("{rounded:.2}");
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    let whole = format!("{rounded:.0}");
    let groups: Vec<&str> = whole
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| std::str::from_utf8(group).unwrap_or_default())
        .collect();
    groups.join(",")
}

/// The same with its unit: `12,300/s`.
pub fn per_second(value: f64) -> String {
    rate(value) + "/s"
}

/// RFC 3339 in UTC, whole seconds: `2026-10-08T12:00:00Z`. A time before 1970 counts as 1970.
pub fn timestamp(time: SystemTime) -> String {
    let seconds = time
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let time = OffsetDateTime::UNIX_EPOCH + Duration::from_secs(seconds);
    time.format(&Rfc3339)
        .expect("a time of this machine has a year of four digits")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_keep_three_digits_and_change_the_unit_where_they_would_round_up() {
        let shown: Vec<_> = [
            0.0, 84.0, 99.96, 999.4, 999.6, 1234.0, 69_800.0, 999_600.0, 2.5e6,
        ]
        .map(duration)
        .into();
        assert_eq!(
            shown,
            [
                "0 µs", "84.0 µs", "100 µs", "999 µs", "1.00 ms", "1.23 ms", "69.8 ms", "1.00 s",
                "2.50 s"
            ]
        );
    }

    #[test]
    fn money_shows_two_digits_however_small() {
        assert_eq!(
            [0.0, 1.239, 0.2, 0.0999, 0.0027, 0.000_042].map(usd),
            ["$0.00", "$1.24", "$0.20", "$0.10", "$0.0027", "$0.000042"]
        );
    }

    #[test]
    fn files_are_called_by_the_end_of_their_path() {
        let shown = [
            "05-elasticache",
            "/home/me/target/release/mine",
            "./target/lambda/mine/bootstrap",
            "./bootstrap",
            "../x",
            "/",
        ];
        assert_eq!(
            shown.map(short_name),
            [
                "05-elasticache",
                "release/mine",
                "mine/bootstrap",
                "bootstrap",
                "x",
                "/"
            ]
        );
    }

    #[test]
    fn bytes_and_ratios() {
        assert_eq!(
            [812, 45_100, 11_200_000].map(bytes),
            ["812 B", "45.1 kB", "11.2 MB"]
        );
        assert_eq!([1.0, 12.34, 187.4].map(times), ["1.00x", "12.3x", "187x"]);
    }

    #[test]
    fn rates_have_three_digits() {
        let shown = [0.4, 9.876, 40.0, 278.4, 999.7, 10_000.0, 647_431.0].map(rate);
        assert_eq!(
            shown,
            ["0.4", "9.88", "40", "278", "1,000", "10,000", "647,000"]
        );
    }

    #[test]
    fn a_timestamp_has_whole_seconds() {
        let at = UNIX_EPOCH + Duration::from_millis(951_827_696_789);
        assert_eq!(timestamp(at), "2000-02-29T12:34:56Z");
    }
}
