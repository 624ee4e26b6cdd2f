//! What is compared, theme by theme.

use anyhow::Result;
use lab_results::price::billed_ms;
use lab_results::schema::{Measurement, Metric};

use super::{Compared, Point, Sides};
use crate::measured::PROFILE;

impl Sides<'_> {
    pub fn point(&self, label: &str, key: &str, unit: &str, lab: Option<f64>) -> Result<Point> {
        Ok(Point {
            label: label.to_owned(),
            aws: self.facts.number(key, unit)?,
            lab,
        })
    }

    /// A step at a memory size, from its tuning.
    fn at(&self, name: &str, memory_mb: u32) -> Option<&Measurement> {
        let step = self.measured.workspace.step(name).ok()?;
        let sizes = &self.measured.tuning(step).ok()?.sizes;
        sizes.iter().find(|size| size.memory_mb == memory_mb)
    }

    pub fn cpu(&self) -> Result<Vec<Compared<'_>>> {
        let whole = self.facts.number("cpu.memory_per_vcpu", "MiB")?;
        let shares = [128_u32, 512, 1024].map(|mb| {
            let share = Some(f64::from(mb) / whole * 100.0);
            let key = format!("published.cpu_share.share_{mb}");
            self.point(&format!("{mb} MB"), &key, "%", share)
        });
        let firsts = [128, 256, 512, 1024, 1769].map(|mb| {
            let key = format!("published.first_request.rust_x86_64.first_{mb}");
            let first = self.at("00", mb).and_then(first_ms);
            self.point(&format!("{mb} MB"), &key, "ms", first)
        });
        Ok(vec![
            Compared {
                what: "share of a CPU that a busy loop gets",
                unit: "%",
                points: shares.into_iter().collect::<Result<_>>()?,
                sources: &["published.cpu_share.share_128"],
                command: "",
                why: "The lab's is what it sets; `cargo bench --profile lab -p lab --bench truth` measures whether the kernel keeps to it.",
            },
            Compared {
                what: "first request of a Rust function with the AWS SDK and TLS, x86_64, by memory size (lab: 00)",
                unit: "ms",
                points: firsts.into_iter().collect::<Result<_>>()?,
                sources: &["published.first_request.rust_x86_64.first_128"],
                command: "`cargo lab tune 00`",
                why: "A constant factor over all sizes is what a right model of the CPU looks like from a faster processor. The two functions do not \
                      call the same services.",
            },
        ])
    }

    pub fn empty_function(&self) -> Result<Vec<Compared<'_>>> {
        let floor = self.measured.reference.latest(Some(PROFILE), "floor");
        let floor = floor.map(|(_, measurement)| measurement);
        let init = floor.and_then(|it| Some(it.median(Metric::Init)? / 1e3));
        let used = floor.and_then(Measurement::max_memory_mib).map(f64::from);
        let small = self.at("floor", 128);
        let warm = small.and_then(|it| Some(it.median(Metric::WarmDuration)? / 1e3));
        let first = small.and_then(first_ms);
        let perf = "published.lambda_perf.rust_x86_64";
        let ms = |what, points, sources, why| Compared {
            what,
            unit: "ms",
            points,
            sources,
            command: "`cargo lab tune floor`",
            why,
        };
        Ok(vec![
            ms(
                "init of an empty Rust function, x86_64, 256 MB (lab: floor)",
                vec![self.point("", &format!("{perf}.init_256"), "ms", init)?],
                &["published.lambda_perf.rust_x86_64.init_256"],
                "The lab starts a process whose executable is in the page cache; on AWS it is loaded piece by piece, and AWS's own part of init is \
                 in the figure, too.",
            ),
            ms(
                "first invocation of it, 128 MB",
                vec![self.point("", &format!("{perf}.first_128"), "ms", first)?],
                &["published.lambda_perf.rust_x86_64.first_128"],
                "The REPORT's duration begins and ends inside of AWS's service, whose own work is in it.",
            ),
            ms(
                "warm invocation of an almost empty Rust function, 128 MB",
                vec![self.point("", "published.rust_warm.warm", "ms", warm)?],
                &["published.rust_warm.warm"],
                "What AWS has above the lab belongs on top of each warm figure in this book; it hides most of what 11 and 12 gain.",
            ),
            Compared {
                what: "memory used by it",
                unit: "MB",
                points: vec![self.point("", &format!("{perf}.memory"), "MB", used)?],
                sources: &["published.lambda_perf.rust_x86_64.memory"],
                command: "`cargo lab run floor`",
                why: "AWS counts what runs beside the function's process in the environment.",
            },
        ])
    }

    pub fn sdk(&self) -> Result<Vec<Compared<'_>>> {
        let init = self.at("02", 128);
        let init = init.and_then(|it| Some(it.median(Metric::Init)? / 1e3));
        let steps = self.measured.workspace.steps.iter();
        let in_init = steps
            .rev()
            .find(|step| step.name.ends_with("connect-in-init"));
        let part = in_init.and_then(|step| {
            let lazy = step.manifest.from.as_deref()?;
            Some(billed(self.at(&step.name, 128)?)? / billed(self.at(lazy, 128)?)? * 100.0)
        });
        let [before, after] = ["billed_before", "billed_after"].map(|name| {
            let key = format!("published.first_call_in_init.{name}");
            self.facts.number(&key, "ms")
        });
        let key = "published.first_request.rust_x86_64.init_128";
        Ok(vec![
            Compared {
                what: "init of a Rust function that makes a client of the AWS SDK in it, x86_64, 128 MB (lab: 02)",
                unit: "ms",
                points: vec![self.point("", key, "ms", init)?],
                sources: &["published.first_request.rust_x86_64.init_128"],
                command: "`cargo lab tune 02`",
                why: "The same, with more executable to load.",
            },
            Compared {
                what: "billed time of a cold start at 128 MB that is left when the first calls move into init",
                unit: "%",
                points: vec![Point {
                    label: String::new(),
                    aws: after? / before? * 100.0,
                    lab: part,
                }],
                sources: &["published.first_call_in_init.billed_after"],
                command: "`cargo lab tune` with the step that connects in init and the one that it changes",
                why: "Init has two whole vCPUs, a handler of 128 MB a fourteenth of one. Theirs calls DynamoDB, on arm64.",
            },
        ])
    }

    pub fn cryptography(&self) -> Result<Vec<Compared<'_>>> {
        let entropy = |mb| Some(first_ms(self.at("08", mb)?)? - first_ms(self.at("09", mb)?)?);
        let first = self.facts.number("published.first_handshake.first", "ms")?;
        let next = self.facts.number("published.first_handshake.next", "ms")?;
        let most = "published.jitter_entropy.cost_max";
        Ok(vec![
            Compared {
                what: "what the first TLS handshake of a process costs more than a later connection, 128 MB (lab: first request of 08 less that of 09)",
                unit: "ms",
                points: vec![Point {
                    label: String::new(),
                    aws: first - next,
                    lab: entropy(128),
                }],
                sources: &["published.first_handshake.first"],
                command: "`cargo lab tune 08 09`",
                why: "Theirs is on arm64 and a lower bound: the later connection made a request as well.",
            },
            Compared {
                what: "jitter entropy of AWS-LC, once a process, on one whole vCPU (lab: first request of 08 less that of 09 at 1769 MB)",
                unit: "ms",
                points: vec![self.point("at most", most, "ms", entropy(1769))?],
                sources: &["published.jitter_entropy.cost_max"],
                command: "`cargo lab tune 08 09`",
                why: "The collection measures the processor's own jitter, so that its cost is the processor's. 09 also changes who does the handshake.",
            },
            Compared {
                what: "arm64 against x86_64, Rust with the AWS SDK: time on arm64 of that on x86_64",
                unit: "%",
                points: vec![
                    self.arm64("first_128")?,
                    self.arm64("first_1769")?,
                    self.arm64("init_128")?,
                ],
                sources: &["published.first_request.rust_arm64.first_128"],
                command: "",
                why: "06 is priced for arm64, and measured on the machine that you have: this is its only evidence besides the price. It is of cold starts; warm, the same functions were 2 to 12 % slower on arm64.",
            },
        ])
    }

    /// What arm64 takes of the time on `x86_64`, %.
    fn arm64(&self, name: &str) -> Result<Point> {
        let of = |architecture: &str| {
            let key = format!("published.first_request.rust_{architecture}.{name}");
            self.facts.number(&key, "ms")
        };
        Ok(Point {
            label: name.replace('_', ", ") + " MB",
            aws: of("arm64")? / of("x86_64")? * 100.0,
            lab: None,
        })
    }

    pub fn network(&self) -> Result<Vec<Compared<'_>>> {
        let session = self
            .measured
            .reference
            .newest_with(Some(PROFILE), &["floor"]);
        let network = session.and_then(|it| it.conditions.network.as_ref());
        let cache = network.map(|it| it.cache.round_trip().as_secs_f64() * 1e3);
        let zones = ["same", "other"].map(|zone| {
            let key = format!("published.distance.cache_{zone}_zone");
            self.facts.number(&key, "ms")
        });
        let [same, other] = zones;
        Ok(vec![Compared {
            what: "Valkey's PING over TLS from a function, mean of its own zone and another (lab: its round trip)",
            unit: "ms",
            points: vec![Point {
                label: String::new(),
                aws: f64::midpoint(same?, other?),
                lab: cache,
            }],
            sources: &["published.distance.cache_same_zone"],
            command: "`cargo lab run floor`",
            why: "By definition: the lab's is an assumption made from these figures, less the CPU time at both ends. It proves nothing.",
        }])
    }
}

/// The mean REPORT duration of first invocations, ms.
fn first_ms(measurement: &Measurement) -> Option<f64> {
    let mean = measurement.mean(|round| Some(round.first_duration_us as f64));
    mean.map(|us| us / 1e3)
}

/// The mean billed time of a cold start, ms.
fn billed(measurement: &Measurement) -> Option<f64> {
    measurement.mean(|round| Some(billed_ms((round.init_us + round.first_duration_us) as f64)))
}
