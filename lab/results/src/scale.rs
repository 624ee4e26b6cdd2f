//! A logarithmic scale: the steps differ by factors, and on a linear scale the fast ones could not be told apart.

/// From one power of ten to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogScale {
    low_exponent: i32,
    high_exponent: i32,
}

impl LogScale {
    /// The powers of ten around all values; none without a value, or with one that is not positive and finite.
    ///
    /// The smallest value stays clear of the lower end, so that its bar can be seen.
    pub fn around(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut exponents = Vec::new();
        for value in values {
            if !(value > 0.0 && value.is_finite()) {
                return None;
            }
            exponents.push(value.log10());
        }
        let low = exponents.iter().copied().reduce(f64::min)? - 0.05;
        let high = exponents.iter().copied().reduce(f64::max)?;
        Some(Self {
            low_exponent: low.floor() as i32,
            high_exponent: high.ceil() as i32,
        })
    }

    /// Where a value lies, from 0 to 1; what is off the scale lies at its end.
    pub fn position(&self, value: f64) -> f64 {
        let span = f64::from(self.high_exponent - self.low_exponent);
        ((value.max(f64::MIN_POSITIVE).log10() - f64::from(self.low_exponent)) / span)
            .clamp(0.0, 1.0)
    }

    /// Values to mark: powers of ten, on a short scale also twice and five times each.
    pub fn ticks(&self) -> Vec<f64> {
        let powers = (self.low_exponent..=self.high_exponent).map(|exponent| 10_f64.powi(exponent));
        if self.high_exponent - self.low_exponent > 2 {
            return powers.collect();
        }
        let end = 10_f64.powi(self.high_exponent);
        powers
            .flat_map(|power| [power, 2.0 * power, 5.0 * power])
            .filter(|&tick| tick <= end)
            .collect()
    }

    /// A bar for a terminal, at most `columns` wide, to an eighth of a column.
    pub fn bar(&self, value: f64, columns: usize) -> String {
        let eighths = (self.position(value) * columns as f64 * 8.0).round() as usize;
        let rest = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8];
        format!("{}{rest}", "█".repeat(eighths / 8))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_ends_at_powers_of_ten_and_leaves_the_smallest_bar_visible() {
        let scale = LogScale::around([1000.0, 69_800.0]).unwrap();
        assert_eq!(
            scale,
            LogScale {
                low_exponent: 2,
                high_exponent: 5
            }
        );
        assert_eq!(scale.ticks(), [100.0, 1e3, 1e4, 1e5]);
        assert!((scale.position(1000.0) - 1.0 / 3.0).abs() < 1e-9);
        assert_eq!(LogScale::around([1.0, 0.0]), None);
        assert_eq!(LogScale::around([]), None);
    }

    #[test]
    fn one_value_alone_has_a_scale() {
        let scale = LogScale::around([300.0]).unwrap();
        assert_eq!(scale.ticks(), [100.0, 200.0, 500.0, 1000.0]);
    }

    #[test]
    fn a_bar_is_as_long_as_its_value_is_far() {
        let scale = LogScale::around([20.0, 900.0]).unwrap();
        assert_eq!(scale.bar(1000.0, 8), "████████");
        assert_eq!(scale.bar(100.0, 8), "████");
        assert_eq!(scale.bar(20.0, 8), "█▎");
        assert_eq!(scale.bar(1.0, 8), "");
        assert_eq!(scale.bar(1e9, 3), "███");
    }
}
