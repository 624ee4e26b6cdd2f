//! The timelines of `lab trace` and the sizes of `lab tune`, from real environments.

use std::collections::BTreeMap;
use std::time::Duration;

use lab_bench::measure::{Extent, Prepared, measure_each};
use lab_bench::target::Target;
use lab_bench::timeline;
use lab_results::conditions::Conditions;
use lab_results::schema::{Build, Limits, Machine, Method};
use lab_results::trace::{Part, Trace};
use lab_results::tuning::{Strategy, Tuning};
use lab_results::view::tuning::{Shown, json};
use lab_workspace::progress::Progress;
use serde_json::Value;

use crate::support::Bench;

fn conditions(bench: &Bench) -> Conditions {
    let unknown = || "not asked".to_owned();
    Conditions {
        id: "test".to_owned(),
        started: "2026-11-01T00:00:00Z".to_owned(),
        label: None,
        region: None,
        machine: Some(Machine {
            cpu: unknown(),
            logical_cores: 1,
            memory_mib: 1,
            kernel: unknown(),
            os: unknown(),
            governor: None,
        }),
        build: Build {
            commit: None,
            dirty: true,
            rustc: unknown(),
            profile: unknown(),
            settings: unknown(),
            profiles: [].into(),
        },
        network: Some(bench.lab.facts.network("loopback").unwrap()),
        limits: Some(Limits {
            cpu: bench.lab.platform.limits.enforced(),
            memory: bench.lab.platform.limits.enforced(),
            how: bench.lab.platform.limits.how().to_owned(),
        }),
        method: Method::default(),
    }
}

async fn prepared(bench: &Bench, target: &Target) -> Prepared {
    let executable = target.executable(&bench.workspace).await.unwrap();
    Prepared::new(&bench.lab, target, &executable).unwrap()
}

/// The lines of the waterfall hold every moment from the beginning to the answer once; the named ones are the step's own.
fn check_timeline(trace: &Trace, names: &[&str]) {
    let lines = trace.bars();
    let sum: f64 = lines.iter().map(lab_results::trace::Bar::duration_us).sum();
    let whole = trace.whole_us();
    assert!(
        (sum - whole).abs() <= 0.05 * whole,
        "{sum} of {whole} in {lines:?}"
    );
    let accounted: f64 = lines
        .iter()
        .filter(|line| line.part != Part::Rest)
        .map(lab_results::trace::Bar::duration_us)
        .sum();
    assert!(
        (accounted - trace.attributed_us()).abs() < 1.0,
        "no two phases at the same time: {lines:?}"
    );
    let seen: Vec<&str> = lines
        .iter()
        .filter(|line| line.part == Part::Phase)
        .map(|line| line.name.as_str())
        .collect();
    assert_eq!(seen, names);
    for line in &lines {
        let inside = line
            .pieces
            .iter()
            .all(|(start, end)| trace.begin_us() <= *start && start <= end);
        assert!(inside, "{line:?}");
    }
    assert!(trace.usage.cpu_us > 0.0);
    assert!(trace.idle_us >= trace.answered_us, "{trace:?}");
}

#[tokio::test]
async fn a_timeline_has_the_steps_own_phases_and_leaves_no_moment_out() {
    let bench = Bench::start().await;
    let extent = timeline::Extent {
        environments: 3,
        warm: 1,
    };
    let mut progress = Progress::start("tracing");
    let trace = async |name: &str, progress: &mut Progress| {
        let prepared = prepared(&bench, &bench.target(name)).await;
        timeline::trace(&bench.lab, &prepared, &conditions(&bench), extent, progress)
            .await
            .unwrap()
    };
    let unoptimized = trace("00", &mut progress).await;
    let phases = ["parameters", "connect", "query", "encode"];
    check_timeline(&unoptimized.warm, &phases);
    check_timeline(&unoptimized.cold, &phases);
    assert_eq!(
        (unoptimized.cold.chosen_from, unoptimized.warm.chosen_from),
        (3, 3)
    );
    assert!(unoptimized.warm.init.is_none());
    let init = unoptimized.cold.init.unwrap();
    assert!(init.duration_us > 0.0 && init.usage.cpu_us > 0.0);

    let floor = trace("floor", &mut progress).await.warm;
    assert_eq!(floor.handler, None, "the floor sends no document");
    check_timeline(&floor, &[]);
}

#[tokio::test]
async fn a_tuning_has_every_size_and_power_tunings_keys() {
    let bench = Bench::start().await;
    let target = bench.target("02");
    let mut sizes = Vec::new();
    for memory_mb in [128, 1024] {
        let target = Target {
            memory_mb,
            ..target.clone()
        };
        sizes.push(prepared(&bench, &target).await);
    }
    let extent = Extent {
        rounds: 2,
        paced: 5,
        gap: Duration::from_millis(1),
        ..Extent::TUNING
    };
    let mut progress = Progress::start("tuning");
    let sizes = measure_each(&bench.lab, &sizes, &extent, &mut progress)
        .await
        .unwrap();
    let memory: Vec<u32> = sizes.iter().map(|size| size.memory_mb).collect();
    assert_eq!(memory, [128, 1024]);
    for round in sizes.iter().flat_map(|size| &size.rounds) {
        assert_eq!((round.warm_us.len(), round.closed_us.len()), (5, 0));
        assert!(round.closed_cpu_us.is_none() && round.max_memory_mib > 0);
    }
    let tuning = Tuning {
        step: target.name,
        memory_mb: target.memory_mb,
        conditions: conditions(&bench),
        sizes,
        failed: BTreeMap::new(),
    };
    let text = json(&Shown {
        tunings: &[tuning],
        prices: &bench.lab.facts.prices().unwrap(),
        strategy: Strategy::Speed,
        weight: 0.5,
        baseline: None,
    })
    .unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    for result in [&value, &value["cold"]] {
        let power = &result["power"];
        let stats = result["stats"].as_array().unwrap();
        assert_eq!(stats.len(), 2);
        let chosen = stats.iter().find(|stat| &stat["value"] == power).unwrap();
        assert_eq!(result["duration"], chosen["averageDuration"]);
        assert_eq!(result["cost"], chosen["averagePrice"]);
    }
    let machine = &value["stateMachine"];
    assert_eq!(machine["executionCost"], 0.0);
    assert!(machine["lambdaCost"].as_f64().unwrap() > 0.0);
    let link = machine["visualization"].as_str().unwrap();
    assert!(link.starts_with("https://lambda-power-tuning.show/#gAAABA==;"));
    assert_eq!(link.split(';').count(), 3);
}
