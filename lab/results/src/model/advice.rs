//! What the workshop has for a function, from what was counted of it: the chapters that are about it, and the number that
//! says so. What following one would gain is not computed: only a measurement knows.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::conditions::Conditions;
use crate::format::duration;
use crate::schema::{Measurement, Metric, Round, UPSTREAMS_DELAY};
use crate::service_facts::Cpu;
use crate::stats;
use crate::tuning::SIZES;
use crate::view::quantity::several_of;

/// Of how many warm requests one does something, at least, for it to be told. An environment may open a second connection or
/// read a value again once in its life, and that is one of the ten requests of a quick round: from two on it is a habit.
const REPEATED: f64 = 0.2;
/// By how much the round trips of a request may differ between environments, as means: one of a round's thirty requests may
/// make another one. A function that keeps answers for a while differs by more.
const ALIKE: f64 = 0.05;
/// Share of a request's duration that must be throttled for it to be told: no memory size can save more than that share, and
/// the intervals of a session are seldom narrower.
const THROTTLED: f64 = 0.05;

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// `SET` statements in warm requests: what an ORM sends before the query.
    Sets,
    /// TLS handshakes or database connections in warm requests.
    Connecting,
    /// Calls of Parameter Store in warm requests.
    Parameters,
    /// As many round trips to the database in each warm request.
    Database,
    /// As many requests to upstreams in each warm request.
    Upstreams,
    /// Warm requests that the CPU limit throttled.
    WarmThrottled,
    /// First requests that it throttled.
    FirstThrottled,
    /// First requests that use far more CPU time than later ones.
    FirstCpu,
    /// As many round trips to the cache in each warm request.
    Cache,
}

impl Signal {
    /// All of them, in the order in which they are told: that of the ladder.
    pub const ALL: [Self; 9] = [
        Self::Sets,
        Self::Connecting,
        Self::Parameters,
        Self::Database,
        Self::Upstreams,
        Self::WarmThrottled,
        Self::FirstThrottled,
        Self::FirstCpu,
        Self::Cache,
    ];

    /// The chapters about it: their files in `book/chapters`, without an ending.
    pub fn chapters(self) -> &'static [&'static str] {
        match self {
            Self::Sets => &["01-drop-the-orm"],
            Self::Connecting => &["02-reuse-connections"],
            Self::Parameters => &["03-parameters-extension", "04-keep-the-parameters"],
            Self::Database | Self::Upstreams => &["05-elasticache", "11-cache-in-process"],
            Self::WarmThrottled | Self::FirstThrottled => &["07-memory"],
            Self::FirstCpu => &["09-lean-tls"],
            Self::Cache => &["11-cache-in-process"],
        }
    }
}

/// Something that was counted, and that chapters are about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub signal: Signal,
    /// The number that says so, in words; a line feed begins a second line.
    pub counted: String,
}

/// What was found of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// In the order of the ladder; empty where no chapter is about anything that was counted.
    pub findings: Vec<Finding>,
    /// What nobody counted, so that no finding says nothing about it.
    pub unknown: Vec<&'static str>,
}

impl Advice {
    /// From what was measured under these conditions; `cpu` is how Lambda shares CPU.
    pub fn of(measurement: &Measurement, conditions: &Conditions, cpu: &Cpu) -> Self {
        let function = Function {
            measurement,
            cpu,
            warm: measurement.counts_warm(),
        };
        let found = Signal::ALL.into_iter().filter_map(|signal| {
            let counted = function.counted(signal)?;
            Some(Finding { signal, counted })
        });
        let throttled = measurement.mean(|round| round.warm_throttled_us);
        let unknown = [
            (conditions.network.is_none(), "what it asks of services"),
            (throttled.is_none(), "throttling, as nothing was limited"),
            (
                function.first_cpu_us().is_none(),
                "the CPU time of its first request",
            ),
        ];
        let unknown = unknown.into_iter().filter(|(is_unknown, _)| *is_unknown);
        Self {
            findings: found.collect(),
            unknown: unknown.map(|(_, what)| what).collect(),
        }
    }
}

/// A measured function as the arithmetic sees it.
struct Function<'a> {
    measurement: &'a Measurement,
    cpu: &'a Cpu,
    warm: BTreeMap<String, f64>,
}

impl Function<'_> {
    /// What was counted of this, in words, where it is worth a line.
    fn counted(&self, signal: Signal) -> Option<String> {
        match signal {
            Signal::Sets => self.repeated(&[("SET statement", &["database.sets"])]),
            Signal::Connecting => self.repeated(&[
                (
                    "TLS handshake",
                    &[
                        "database.tls_handshakes",
                        "cache.tls_handshakes",
                        "parameters.tls_handshakes",
                    ],
                ),
                ("database connection", &["database.connections"]),
            ]),
            Signal::Parameters => self.repeated(&[(
                "Parameter Store call",
                &[
                    "parameters.get_parameter",
                    "parameters.get_parameters",
                    "parameters.get_parameters_by_path",
                ],
            )]),
            Signal::Database => self.alike("database.round_trips", "database round trip"),
            Signal::Upstreams => self.upstreams(),
            Signal::Cache => self.alike("cache.round_trips", "cache round trip"),
            Signal::WarmThrottled => self.warm_throttled(),
            Signal::FirstThrottled => self.first_throttled(),
            Signal::FirstCpu => self.first_cpu(),
        }
    }

    /// Sums of counters of a warm request, each with the name of one; none where all are rare.
    fn repeated(&self, things: &[(&str, &[&str])]) -> Option<String> {
        let sum = |counters: &[&str]| {
            let counts = counters.iter().filter_map(|it| self.warm.get(*it));
            counts.sum::<f64>()
        };
        let often = things.iter().filter_map(|(name, counters)| {
            let sum = sum(counters);
            (sum >= REPEATED).then(|| several_of(sum, name))
        });
        let often: Vec<String> = often.collect();
        (!often.is_empty()).then(|| format!("a warm request makes {}", often.join(" and ")))
    }

    /// The requests to upstreams, with the time that their answers take.
    fn upstreams(&self) -> Option<String> {
        let made = self.alike("upstreams.requests", "upstream request")?;
        let delay = self.warm.get(UPSTREAMS_DELAY).copied().unwrap_or_default();
        Some(format!("{made}\nits answers take {}", duration(delay)))
    }

    /// How often a warm request does something, where it is as often in every environment.
    fn alike(&self, counter: &str, thing: &str) -> Option<String> {
        let rounds = &self.measurement.rounds;
        let each = rounds.iter().map(|round| {
            let count = round.counts_warm.get(counter);
            count.copied().unwrap_or_default()
        });
        let (least, most) = each.fold((f64::INFINITY, 0.0_f64), |(least, most), count| {
            (least.min(count), most.max(count))
        });
        let is_alike = least >= 1.0 - ALIKE && most - least <= ALIKE;
        let made = several_of(most, thing);
        let rounds = several_of(rounds.len() as f64, "round");
        is_alike.then(|| format!("a warm request makes {made}, in each of {rounds}"))
    }

    fn warm_throttled(&self) -> Option<String> {
        let throttled = self.measurement.mean(|round| round.warm_throttled_us)?;
        let used = self.measurement.mean(|round| round.warm_cpu_us)?;
        let durations = self.measurement.rounds_of(Metric::WarmDuration).concat();
        let whole = stats::mean(&durations)?;
        self.throttled("a warm request", throttled, whole, used)
    }

    fn first_throttled(&self) -> Option<String> {
        let mean = |value: fn(&Round) -> Option<u64>| {
            self.measurement
                .mean(|round| value(round).map(|us| us as f64))
        };
        let throttled = mean(|round| round.first_throttled_us)?;
        let whole = mean(|round| Some(round.first_duration_us))?;
        self.throttled("a first request", throttled, whole, self.first_cpu_us()?)
    }

    /// How long a request is throttled, and how long other sizes would throttle what it uses of the CPU; microseconds, means.
    fn throttled(&self, request: &str, throttled: f64, whole: f64, used: f64) -> Option<String> {
        let size = self.measurement.memory_mb;
        let told = format!(
            "{request} of {} is throttled for {}, at {size} MB",
            duration(whole),
            duration(throttled)
        );
        let shown = duration(used);
        let used = Duration::from_micros(used as u64);
        let enough = self.cpu.memory_for(used);
        let at_most = |size| self.cpu.most_throttled(used, size).as_secs_f64() * 1e6;
        let is_less = |it: &u32| *it > size && *it < enough && at_most(*it) < throttled;
        let less = SIZES.into_iter().find(is_less);
        let less = less.map(|it| format!("at most {} at {it} MB, ", duration(at_most(it))));
        let sizes = if enough > size {
            less.unwrap_or_default() + &format!("none from {enough} MB")
        } else {
            "none, on average: some requests use more".to_owned()
        };
        let is_worth_it = throttled > 0.0 && throttled >= THROTTLED * whole;
        is_worth_it.then(|| format!("{told}\nby its {shown} of CPU {sizes}"))
    }

    fn first_cpu_us(&self) -> Option<f64> {
        let first = |round: &Round| round.first_cpu_us.map(|us| us as f64);
        self.measurement.mean(first)
    }

    /// Told from a whole period on: at no size below a whole vCPU does that much fit into one period.
    fn first_cpu(&self) -> Option<String> {
        let first = self.first_cpu_us()?;
        let warm = self.measurement.mean(|round| round.warm_cpu_us)?;
        let is_more = first - warm >= self.cpu.period.as_secs_f64() * 1e6;
        is_more.then(|| {
            let [first, warm] = [first, warm].map(duration);
            format!("a first request uses {first} of CPU, a warm one {warm}")
        })
    }
}
