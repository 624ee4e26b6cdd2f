//! Sessions as the lab would write them, small enough to read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lab_results::facts::Facts;
use lab_results::price::Prices;
use lab_results::schema::{
    Build, Conditions, Limits, Link, Machine, Measurement, Method, Network, ResultsFile, Round,
    Session,
};

pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

pub fn facts() -> Facts {
    Facts::load(&repository().join("data/facts.toml")).unwrap()
}

pub fn prices() -> Prices {
    facts().prices().unwrap()
}

pub fn reference() -> ResultsFile {
    ResultsFile::load(&repository().join("data/results/reference.json")).unwrap()
}

/// A session under the `region` profile with one round of each step.
pub fn session(id: &str, steps: &[&str]) -> Session {
    let link = |round_trip_us, service_us, session_setup_us| Link {
        round_trip_us,
        service_us,
        session_setup_us,
    };
    Session {
        conditions: Conditions {
            id: id.to_owned(),
            started: "2026-10-08T12:00:00Z".to_owned(),
            label: None,
            region: None,
            machine: Some(Machine {
                cpu: "Example CPU @ 3.00GHz".to_owned(),
                logical_cores: 2,
                memory_mib: 8192,
                kernel: "6.1.0".to_owned(),
                os: "Debian GNU/Linux 12".to_owned(),
                governor: None,
            }),
            build: Build {
                commit: Some("0123456789abcdef0123456789abcdef01234567".to_owned()),
                dirty: false,
                rustc: "rustc 1.95.0".to_owned(),
                profile: "release".to_owned(),
                settings: "opt-level=3 lto=false codegen-units=16 panic=abort strip=symbols"
                    .to_owned(),
                profiles: [].into(),
            },
            network: Some(Network {
                profile: "region".to_owned(),
                database: link(1000, 0, 10_000),
                cache: link(500, 0, 0),
                parameters: link(600, 8000, 0),
            }),
            limits: Some(Limits {
                cpu: true,
                memory: true,
                how: "cgroup v2".to_owned(),
            }),
            method: Method {
                warm_up: None,
                quick: false,
                rounds: 1,
                sessions: None,
                seed: None,
                paced_gap_ms: 25.0,
                traces_sampled: true,
                parameter_quota: None,
                pinning: Some("environments on CPU 1, the lab on CPU 0".to_owned()),
            },
        },
        measurements: steps
            .iter()
            .map(|step| ((*step).to_owned(), measurement(1, 1500)))
            .collect(),
    }
}

/// A measurement of so many rounds around a warm latency.
pub fn measurement(rounds: u64, warm_us: u64) -> Measurement {
    Measurement {
        title: "An example".to_owned(),
        from: None,
        floor: None,
        memory_mb: 256,
        memory_overridden: false,
        architecture: "x86_64".to_owned(),
        measured_on: None,
        binary_bytes: Some(4_300_000),
        zip_bytes: 1_900_000,
        keeps_contract: None,
        rounds: (0..rounds)
            .map(|number| round(warm_us + 10 * number))
            .collect(),
    }
}

fn round(warm_us: u64) -> Round {
    let counts = |counts: &[(&str, f64)]| -> BTreeMap<String, f64> {
        counts
            .iter()
            .map(|(name, count)| ((*name).to_owned(), *count))
            .collect()
    };
    Round {
        started: None,
        session: 0,
        init_us: 4100,
        init_cpu_us: Some(3900),
        first_us: 10_600,
        first_duration_us: 10_400,
        first_cpu_us: Some(6200),
        first_throttled_us: Some(0),
        warm_us: vec![warm_us, warm_us + 40, warm_us + 900],
        warm_duration_us: vec![warm_us - 100, warm_us - 50, warm_us + 700],
        warm_cpu_us: Some(520.5),
        warm_throttled_us: Some(0.0),
        warm_network_us: Some(500.0),
        thaw_us: None,
        thaw_cpu_us: None,
        closed_us: vec![1010, 990],
        closed_per_second: 987.5,
        closed_cpu_us: Some(330.25),
        closed_throttled_us: Some(2.5),
        max_memory_mib: 14,
        counts_cold: counts(&[("cache.connections", 1.0), ("database.round_trips", 7.0)]),
        counts_warm: counts(&[("cache.round_trips", 1.0)]),
    }
}
