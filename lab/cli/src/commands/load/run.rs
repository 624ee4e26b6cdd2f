//! What one call of `lab load` saw.

use anyhow::{Result, bail};
use lab_results::load::{Load, Loaded};

use lab_bench::load::Strategy;
use lab_bench::load::send::Sample;
use lab_bench::load::summary::broken;

/// What was loaded, in this order.
pub(super) struct Run {
    pub load: Load,
    pub order: Vec<String>,
    samples: Vec<Vec<Sample>>,
}

impl Run {
    pub fn new(load: Load) -> Self {
        Self {
            load,
            order: Vec::new(),
            samples: Vec::new(),
        }
    }

    pub fn add(&mut self, name: &str, (loaded, samples): (Loaded, Vec<Sample>)) {
        self.load.steps.insert(name.to_owned(), loaded);
        self.order.push(name.to_owned());
        self.samples.push(samples);
    }

    /// Fails where the strategy ensures what does not hold.
    pub fn ensure(&self, strategy: &Strategy) -> Result<()> {
        let mut all = Vec::new();
        for (name, samples) in self.order.iter().zip(&self.samples) {
            let broken = broken(&strategy.ensure, samples).into_iter();
            all.extend(broken.map(|what| format!("{name}: {what}")));
        }
        if all.is_empty() {
            return Ok(());
        }
        bail!("not as the strategy ensures: {}", all.join("; "))
    }
}

/// One line about one step.
pub(super) fn in_short(loaded: &Loaded) -> String {
    format!(
        "{} of {} served, {} failed",
        loaded.served,
        loaded.offered,
        loaded.failed()
    )
}
