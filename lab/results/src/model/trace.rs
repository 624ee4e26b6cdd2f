//! The timeline of one invocation: what happened when, and what is not accounted for.

use serde::{Deserialize, Serialize};

use crate::conditions::Conditions;
pub use crate::tuning::Temperature;

/// One invocation, the median of several. Its clock begins when the event is handed out; what comes before (init) has
/// negative times. Microseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trace {
    /// The step's folder, or the path of a measured file.
    pub step: String,
    /// Memory size, MB.
    pub memory_mb: u32,
    /// The first invocation of an environment, or a later one.
    pub temperature: Temperature,
    /// Under what conditions.
    pub conditions: Conditions,
    /// Of how many invocations this is the median.
    pub chosen_from: u32,
    /// The init phase, until every process has asked for its first event; in a cold invocation only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub init: Option<Init>,
    /// The last byte of the answer has left: what the caller waits for.
    pub answered_us: f64,
    /// Every process has asked for the next event: the end of REPORT's duration.
    pub idle_us: f64,
    /// The subsegment that the step itself sent to X-Ray; absent for a program that sends none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handler: Option<Span>,
    /// The phases in it, in the order in which they began.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<Span>,
    /// What the lab itself saw of the services that it asked, which needs nothing from the function; absent where it asked none,
    /// and in older files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<Asked>,
    /// What the invocation used, init left out.
    pub usage: Usage,
}

/// What was asked of one service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// `database`, `cache`, `parameters`, or `upstream NAME`.
    pub service: String,
    /// Round trips that were waited for, those of connecting and of init included; of an upstream its requests.
    pub round_trips: u64,
    /// When an answer was waited for: start and end, ascending, without overlap, µs. Those of init have negative times.
    pub waits: Vec<(f64, f64)>,
}

impl Asked {
    /// How long it was waited for, µs.
    pub fn waited_us(&self) -> f64 {
        self.waits.iter().map(|(start, end)| end - start).sum()
    }
}

/// The init phase.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Init {
    /// From the first instruction to the first call of `/next`, µs.
    pub duration_us: f64,
    /// What it used.
    pub usage: Usage,
}

/// What the environment's processes used.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    /// CPU time, µs.
    pub cpu_us: f64,
    /// Time that the CPU limit held them back, µs; absent where nothing is limited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttled_us: Option<f64>,
    /// Modelled distance and service time of the backing services (counts x delays), µs.
    pub network_us: f64,
}

/// A named part of the timeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// As the step calls it.
    pub name: String,
    /// Its beginning, µs after the event was handed out.
    pub start_us: f64,
    /// Its end.
    pub end_us: f64,
    /// The step says that it failed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub failed: bool,
}

/// A bar of the waterfall.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// The phase, or what fills the gap.
    pub name: String,
    /// Whether the program itself named it, or it is what remains.
    pub part: Part,
    /// The stretches of time that belong to it: start and end, µs.
    pub pieces: Vec<(f64, f64)>,
    /// The step says that it failed.
    pub failed: bool,
}

/// What a bar of the waterfall stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The platform's own measure: init.
    Platform,
    /// A phase of the step's X-Ray document.
    Phase,
    /// Waiting for a service, as the lab saw it.
    Service,
    /// What no phase accounts for.
    Rest,
}

impl Bar {
    /// What stands beside it.
    pub fn label(&self) -> String {
        let failed = if self.failed { " (failed)" } else { "" };
        format!("{}{failed}", self.name)
    }

    /// How long all its pieces are together, µs.
    pub fn duration_us(&self) -> f64 {
        self.pieces.iter().map(|(start, end)| end - start).sum()
    }
}

impl Trace {
    /// When the timeline begins: 0, or before it where there is an init phase, µs.
    pub fn begin_us(&self) -> f64 {
        self.init.as_ref().map_or(0.0, |init| -init.duration_us)
    }

    /// What the caller waits for, µs.
    pub fn whole_us(&self) -> f64 {
        self.answered_us - self.begin_us()
    }

    /// What the phases, or without any the services, and init account for, µs: time that two of them share counts once.
    pub fn attributed_us(&self) -> f64 {
        let parts = if self.phases.is_empty() {
            covered(self.waits())
        } else {
            covered(self.phases.iter().map(Span::ends))
        };
        parts.iter().map(|(start, end)| end - start).sum::<f64>() - self.begin_us()
    }

    /// When any service was waited for, between the event and the answer.
    fn waits(&self) -> impl Iterator<Item = (f64, f64)> {
        let waits = self.services.iter().flat_map(|asked| &asked.waits);
        waits.filter_map(|wait| self.within(*wait))
    }

    /// What of a stretch lies between the event and the answer.
    fn within(&self, (start, end): (f64, f64)) -> Option<(f64, f64)> {
        let (start, end) = (start.max(0.0), end.min(self.answered_us));
        (start < end).then_some((start, end))
    }

    /// The waterfall from its top to its bottom. Together the bars hold every moment from the beginning to the answer, and
    /// but for phases that ran side by side each moment once.
    pub fn bars(&self) -> Vec<Bar> {
        let bar = |name: &str, part, pieces: Vec<(f64, f64)>| Bar {
            name: name.to_owned(),
            part,
            pieces,
            failed: false,
        };
        let rest = |name, pieces| bar(name, Part::Rest, pieces);
        let init = self
            .init
            .as_ref()
            .map(|init| vec![(-init.duration_us, 0.0)]);
        let init = init.map(|pieces| bar("init", Part::Platform, pieces));
        let mut bars: Vec<Bar> = init.into_iter().collect();
        if self.phases.is_empty() && self.handler.is_none() {
            bars.extend(self.services.iter().filter_map(|asked| {
                let waits = asked.waits.iter().filter_map(|wait| self.within(*wait));
                let waits: Vec<(f64, f64)> = waits.collect();
                (!waits.is_empty()).then(|| bar(&asked.service, Part::Service, waits))
            }));
            let name = if self.services.is_empty() {
                "no phases are known"
            } else {
                "no service asked"
            };
            bars.push(rest(
                name,
                gaps(&covered(self.waits()), 0.0, self.answered_us),
            ));
            return bars;
        }
        let handler = self.handler.as_ref().map(Span::ends);
        let (start, end) = handler.unwrap_or((0.0, self.answered_us));
        let end = end.min(self.answered_us);
        if handler.is_some() {
            bars.push(rest("event to handler", vec![(0.0, start)]));
        }
        bars.extend(self.phases.iter().map(|phase| Bar {
            failed: phase.failed,
            ..bar(&phase.name, Part::Phase, vec![phase.ends()])
        }));
        let gaps = gaps(&covered(self.phases.iter().map(Span::ends)), start, end);
        if handler.is_some() {
            bars.push(rest("rest of handler", gaps));
            bars.push(rest("handler to answer", vec![(end, self.answered_us)]));
        } else {
            bars.push(rest("in no document", gaps));
        }
        bars
    }
}

impl Span {
    fn ends(&self) -> (f64, f64) {
        (self.start_us, self.end_us)
    }
}

/// The union of stretches: ascending, without overlap.
pub fn covered(stretches: impl Iterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
    let mut sorted: Vec<(f64, f64)> = stretches.collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut union: Vec<(f64, f64)> = Vec::new();
    for (start, end) in sorted {
        match union.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => union.push((start, end)),
        }
    }
    union
}

/// What ascending stretches leave of the time from `start` to `end`.
fn gaps(covered: &[(f64, f64)], start: f64, end: f64) -> Vec<(f64, f64)> {
    let mut gaps = Vec::new();
    let mut at = start;
    for &(from, to) in covered {
        if from > at {
            gaps.push((at, from.min(end)));
        }
        at = at.max(to);
    }
    if end > at {
        gaps.push((at, end));
    }
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_and_unions_leave_nothing_out_and_count_nothing_twice() {
        let side_by_side = [(10.0, 20.0), (15.0, 30.0), (16.0, 18.0), (40.0, 50.0)];
        let union = covered(side_by_side.into_iter());
        assert_eq!(union, [(10.0, 30.0), (40.0, 50.0)]);
        assert_eq!(
            gaps(&union, 5.0, 60.0),
            [(5.0, 10.0), (30.0, 40.0), (50.0, 60.0)]
        );
        assert_eq!(gaps(&union, 10.0, 50.0), [(30.0, 40.0)]);
        assert_eq!(gaps(&[], 1.0, 2.0), [(1.0, 2.0)]);
    }
}
