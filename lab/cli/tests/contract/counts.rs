//! What each step asks of its services, counted: the lesson in numbers that do not depend on the machine.

use std::fmt::Write as _;
use std::ops::Sub as _;
use std::time::Duration;

use expect_test::expect_file;
use lab_results::view::quantity::COUNTED;
use lab_services::{Counts, Link, Network};

use crate::support::Bench;

/// Warm invocations that are counted together.
const WARM: u64 = 5;

/// How long Parameter Store takes for an answer here. The extension opens a connection for each of three calls that are
/// under way at once. With an answer in no time, one of them may be over before the next begins, and the count would hang
/// on how the processes happened to be scheduled.
const LONG_ANSWER: Duration = Duration::from_millis(200);

/// What the table of `lab run` does not show.
const ALSO_COUNTED: [(&str, &[&str]); 3] = [
    ("pinned", &["database.pinned"]),
    ("queries", &["database.queries"]),
    ("rows", &["database.rows"]),
];

#[tokio::test]
async fn counts_per_cold_and_warm_invocation_of_every_step() {
    let bench = Bench::start().await;
    let parameters = Link {
        service_time: LONG_ANSWER,
        ..Link::default()
    };
    bench.lab.services.set_network(&Network {
        parameters,
        ..Network::default()
    });
    let mut table = format!("{:<24}", "step");
    let columns = || COUNTED.into_iter().chain(ALSO_COUNTED);
    for (heading, _) in columns() {
        write!(table, "{heading:>17}").unwrap();
    }
    table.push_str("\n(cold / warm)\n");
    for target in bench.lessons() {
        bench.lab.before_cold_start(&target).await.unwrap();
        let start = bench.lab.services.counts();
        let mut environment = bench.environment(&target).await;
        bench.get(&mut environment).await;
        bench.lab.services.settle().await;
        let cold = bench.lab.services.counts().sub(start);
        let start = bench.lab.services.counts();
        for _ in 0..WARM {
            environment.freeze();
            bench.get(&mut environment).await;
        }
        bench.lab.services.settle().await;
        let warm = bench.lab.services.counts().sub(start);
        environment.shutdown().await;

        write!(table, "{:<24}", target.name).unwrap();
        for (_, counters) in columns() {
            let warm = sum(&warm, counters);
            assert_eq!(
                warm % WARM,
                0,
                "{}: {counters:?} differ from one warm invocation to the next",
                target.name
            );
            write!(
                table,
                "{:>17}",
                format!("{} / {}", sum(&cold, counters), warm / WARM)
            )
            .unwrap();
        }
        table.push('\n');
    }
    expect_file!["../golden/counts.txt"].assert_eq(&table);
}

fn sum(counts: &Counts, names: &[&str]) -> u64 {
    for name in names {
        assert!(
            counts.iter().any(|(known, _)| known == *name),
            "no counter is named {name}"
        );
    }
    counts
        .iter()
        .filter(|(name, _)| names.contains(name))
        .map(|(_, count)| count)
        .sum()
}
