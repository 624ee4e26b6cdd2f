//! What is compared of the sample itself: both ends in Node.js.

use anyhow::Result;
use lab_results::schema::Metric;

use super::{Compared, Point, Sides};
use crate::calibration::{AFTER, BEFORE};

/// What measures it.
const COMMAND: &str = "the commands are in lab/calibration/README.md";

impl Sides<'_> {
    pub fn sample(&self) -> Result<Vec<Compared<'_>>> {
        let before = Compared {
            what: "the sample in Node.js, before: 256 MB",
            why: "The CPU of a request, at a seventh of a vCPU, is most of it; while it waits for a service, its quota is filled again.",
            ..self.end("before", BEFORE[0])?
        };
        let after = Compared {
            what: "the sample in Node.js, after: 1024 MB",
            why: "What the lab lacks is the part of the floor that it does not have.",
            ..self.end("after", AFTER[0])?
        };
        let points = before.points.iter().zip(&after.points);
        let quotients = points.map(|(before, after)| Point {
            label: before.label.clone(),
            aws: before.aws / after.aws,
            lab: before.lab.zip(after.lab).map(|(one, other)| one / other),
        });
        let quotient = Compared {
            what: "before / after",
            unit: "times",
            points: quotients.collect(),
            sources: &[],
            command: COMMAND,
            why: "The README says neither warm nor which percentile.",
        };
        Ok(vec![before, after, quotient, self.start()?])
    }

    /// One end: what the README says of it, and the post.
    fn end(&self, name: &str, function: &str) -> Result<Compared<'_>> {
        let readme = format!("published.sample.{name}");
        let post = format!("published.sample.load.warm_{name}");
        let first = self.calibration.first_ms(function);
        let warm = self.calibration.ms(function, Metric::Warm);
        Ok(Compared {
            what: "",
            unit: "ms",
            points: vec![
                self.point("README (lab: the first 30)", &readme, "ms", first)?,
                self.point("post, warm (lab: JIT warm)", &post, "ms", warm)?,
            ],
            sources: &[
                "published.sample.before",
                "published.sample.load.warm_before",
            ],
            command: COMMAND,
            why: "",
        })
    }

    fn start(&self) -> Result<Compared<'_>> {
        let of = |metric| self.calibration.ms(BEFORE[0], metric);
        let [init, whole] = ["init", "whole"].map(|name| format!("published.sample.trace.{name}"));
        Ok(Compared {
            what: "a cold start of it, before",
            unit: "ms",
            points: vec![
                self.point("init", &init, "ms", of(Metric::Init))?,
                self.point("with the first request", &whole, "ms", of(Metric::Cold))?,
            ],
            sources: &["published.sample.trace.init"],
            command: COMMAND,
            why: "One trace, of Node.js 18 and the packages of 2023. Loading them is CPU time, which the lab has.",
        })
    }
}
