//! Links to `lambda-power-tuning.show`, which draws what stands behind the `#`: nothing is sent to the site's server.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::Point;

const SITE: &str = "https://lambda-power-tuning.show/#";

/// One function: sizes, durations in ms, costs in USD, ascending by size.
pub fn link(points: &[Point]) -> String {
    SITE.to_owned() + &arrays(points)
}

/// Two functions and their names, which the page compares. It knows no third one.
pub fn comparison_link(one: (&str, &[Point]), other: (&str, &[Point])) -> String {
    format!(
        "{SITE}{};{};{};{}",
        arrays(one.1),
        arrays(other.1),
        uri_component(one.0),
        uri_component(other.0)
    )
}

/// The page's three arrays: 16-bit sizes, 32-bit floats, all little-endian, in base64.
fn arrays(points: &[Point]) -> String {
    let floats = |value: fn(&Point) -> f64| -> Vec<u8> {
        let values = points.iter().map(|point| value(point) as f32);
        values.flat_map(f32::to_le_bytes).collect()
    };
    let sizes = points
        .iter()
        .map(|point| i16::try_from(point.memory_mb).unwrap_or(i16::MAX));
    let sizes = sizes.flat_map(i16::to_le_bytes).collect();
    let (times, costs) = (
        floats(|point| point.duration_ms),
        floats(|point| point.cost),
    );
    let arrays = [sizes, times, costs].map(|bytes| BASE64_STANDARD.encode(bytes));
    arrays.join(";")
}

/// What JavaScript's `encodeURIComponent` makes of a text.
fn uri_component(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points() -> Vec<Point> {
        let rows = [
            (128, 40.0, 8.4e-8),
            (256, 20.0, 8.4e-8),
            (512, 10.0, 8.4e-8),
            (1024, 8.0, 1.344e-7),
        ];
        let point = |(memory_mb, duration_ms, cost)| Point {
            memory_mb,
            duration_ms,
            cost,
        };
        rows.map(point).into()
    }

    #[test]
    fn a_link_is_that_of_the_published_encoder() {
        // An independent encoding of these arrays, made with the site's own format.
        let vector = "gAAAAQACAAQ=;AAAgQgAAoEEAACBBAAAAQQ==;fWO0M31jtDN9Y7Qzl08QNA==";
        assert_eq!(link(&points()), format!("{SITE}{vector}"));
    }

    #[test]
    fn two_functions_are_eight_parts_with_encoded_names() {
        let points = points();
        let link = comparison_link(("00-unoptimized", &points[..2]), ("./my own+1", &points));
        let parts: Vec<&str> = link.strip_prefix(SITE).unwrap().split(';').collect();
        assert_eq!(parts.len(), 8, "the page knows 3 or 8 parts");
        assert_eq!(parts[..3].join(";"), arrays(&points[..2]));
        assert_eq!(parts[3..6].join(";"), arrays(&points));
        assert_eq!(parts[6..], ["00-unoptimized", ".%2Fmy%20own%2B1"]);
    }
}
