//! The scales of charts. A logarithmic one: the steps differ by factors, and on a linear scale the fast ones could not be told apart.

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
        bar(self.position(value), columns)
    }
}

/// A bar for a terminal that fills `share` (0 to 1) of the columns, to an eighth of a column.
pub fn bar(share: f64, columns: usize) -> String {
    let eighths = (share.clamp(0.0, 1.0) * columns as f64 * 8.0).round() as usize;
    let rest = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8];
    format!("{}{rest}", "█".repeat(eighths / 8))
}

/// From zero to a value: for parts that are to be added up by eye.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinearScale {
    end: f64,
    step: f64,
}

impl LinearScale {
    /// From zero to `end`, at most six steps; none if it is not positive and finite.
    pub fn up_to(end: f64) -> Option<Self> {
        Self::with_steps(6.0, end)
    }

    /// The same for what is counted: at most five steps and a half, each a whole number.
    pub fn of_whole_numbers(end: f64) -> Option<Self> {
        let scale = Self::with_steps(5.5, end)?;
        let step = scale.step.max(1.0);
        Some(Self { step, ..scale })
    }

    fn with_steps(most: f64, end: f64) -> Option<Self> {
        if !(end > 0.0 && end.is_finite()) {
            return None;
        }
        let power = 10_f64.powf((end / most).log10().floor());
        let steps = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
        let step = steps.into_iter().find(|step| end / step <= most)?;
        Some(Self { end, step })
    }

    /// Where a value lies, from 0 to 1; what is off the scale lies at its end.
    pub fn position(&self, value: f64) -> f64 {
        (value / self.end).clamp(0.0, 1.0)
    }

    /// Values to mark: multiples of 1, 2 or 5 times a power of ten.
    pub fn ticks(&self) -> Vec<f64> {
        let count = (self.end / self.step).floor() as u32;
        (0..=count)
            .map(|tick| f64::from(tick) * self.step)
            .collect()
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
    fn a_linear_scale_has_round_marks_and_begins_at_zero() {
        let ticks = |end| LinearScale::up_to(end).unwrap().ticks();
        assert_eq!(
            ticks(35_100.0),
            [0.0, 1e4, 2e4, 3e4],
            "5,000 would be seven"
        );
        assert_eq!(ticks(6.0), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(ticks(1000.0), [0.0, 200.0, 400.0, 600.0, 800.0, 1000.0]);
        assert_eq!(LinearScale::up_to(0.0), None);
        let scale = LinearScale::up_to(200.0).unwrap();
        assert_eq!(
            Vec::from([-1.0, 50.0, 1000.0].map(|value| scale.position(value))),
            [0.0, 0.25, 1.0]
        );
    }

    #[test]
    fn marks_of_counts_are_few_and_whole() {
        let ticks = |end| LinearScale::of_whole_numbers(end).unwrap().ticks();
        assert_eq!(ticks(100.0), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(ticks(71.0), [0.0, 20.0, 40.0, 60.0]);
        assert_eq!(ticks(2.0), [0.0, 1.0, 2.0]);
        for most in 1..10_000 {
            let ticks = ticks(f64::from(most));
            assert!((1..=6).contains(&ticks.len()), "{most}: {ticks:?}");
        }
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
