//! Both ends of the sample in Node.js (`lab/calibration`): they answer as the steps do, and ask as often as the sample.

use std::ops::Sub as _;
use std::sync::Arc;

use lab_bench::choice::Choice;
use lab_bench::contract;
use lab_bench::target::Source;
use lab_lambda::Environment;
use lab_services::Counts;

use crate::support::Bench;

/// What a warm request of an end asks for, by counter.
const ASKED: [(&str, &[(&str, u64)]); 2] = [
    (
        "before",
        &[
            ("parameters.get_parameters", 1),
            ("parameters.tls_handshakes", 1),
            ("database.sessions", 2),
            ("database.tls_handshakes", 2),
            ("database.round_trips", 14),
            ("database.sets", 4),
            ("cache.round_trips", 0),
        ],
    ),
    (
        "after",
        &[
            ("parameters.requests", 0),
            ("database.round_trips", 0),
            ("cache.tls_handshakes", 0),
            ("cache.round_trips", 1),
        ],
    ),
];

/// Warm requests that are counted together.
const WARM: u64 = 3;

#[tokio::test]
async fn both_ends_of_the_sample_answer_as_the_steps_do_and_ask_as_the_sample_does() {
    let bench = Bench::start().await;
    for (end, asked) in ASKED {
        let folder = bench.workspace.root.join("lab/calibration").join(end);
        if !folder.join("function").is_dir() {
            eprintln!(
                "skipped: {end}: `npm ci` in lab/calibration makes it, with Node.js 20 or newer"
            );
            continue;
        }
        let choice = Choice {
            names: vec![folder.display().to_string()],
            ..Choice::default()
        };
        let target = choice.named(&bench.workspace).unwrap().remove(0);
        let Source::File(code) = &target.source else {
            panic!("it is not built here");
        };
        bench.lab.provide(&target).await.unwrap();
        bench.lab.before_cold_start(&target).await.unwrap();
        let function = bench.lab.function(&target, &code.executable).unwrap();
        let mut environment = Environment::start(&Arc::new(function)).await.unwrap();
        let body = bench.get(&mut environment).await;
        contract::check(body.as_bytes()).unwrap();
        bench.lab.services.settle().await;

        let start = bench.lab.services.counts();
        for _ in 0..WARM {
            environment.freeze();
            assert_eq!(bench.get(&mut environment).await, body, "{end}");
        }
        bench.lab.services.settle().await;
        let counted = bench.lab.services.counts().sub(start);
        for (counter, times) in asked {
            assert_eq!(of(&counted, counter), times * WARM, "{end}: {counter}");
        }
        environment.shutdown().await;
    }
}

fn of(counts: &Counts, name: &str) -> u64 {
    let mut found = counts.iter().filter(|(counter, _)| *counter == name);
    found
        .next()
        .unwrap_or_else(|| panic!("nothing is named {name}"))
        .1
}
