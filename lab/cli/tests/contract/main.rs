//! The contract of every step, over the emulated Lambda and with the real services. The suite finds the steps by
//! itself and builds those that are missing: a new crate under `steps/` is held to all of this without a line here.

mod counts;
mod garbage;
mod init;
mod languages;
mod log;
mod own_function;
mod results;
mod sample;
mod staleness;
mod support;
mod switches;
mod telemetry;
mod tools;

use std::sync::Arc;

use lab_bench::contract;
use lab_bench::event::Event;
use lab_bench::target::Target;
use lab_bench::testbed::scaling;
use lab_lambda::api_gateway::{http_event, http_response};
use lab_lambda::{Environment, Outcome, Service, TraceHeader};
use lab_services::Counts;
use lab_workspace::is_floor;

use crate::support::Bench;

/// The floor that answers what the steps answer.
const ANSWER: &str = "floor-answer";

#[tokio::test]
async fn every_step_answers_with_the_same_32_rows() {
    let bench = Bench::start().await;
    let mut answers = Vec::new();
    for target in bench.stadium_targets() {
        let mut environment = bench.environment(&target).await;
        let cold = bench.get(&mut environment).await;
        contract::check(cold.as_bytes())
            .unwrap_or_else(|error| panic!("{}: {error:#}", target.name));
        let warm = bench.get(&mut environment).await;
        assert_eq!(
            cold, warm,
            "{}: the same rows, from the database or the cache",
            target.name
        );
        environment.shutdown().await;
        answers.push((target.name, cold));
    }
    let (first, body) = &answers[0];
    for (name, other) in &answers {
        assert_eq!(other, body, "{name} answers otherwise than {first}");
    }
}

#[tokio::test]
async fn other_paths_and_methods_are_refused_without_asking_anybody() {
    let bench = Bench::start().await;
    for target in bench.stadium_targets() {
        let mut environment = bench.environment(&target).await;
        bench.lab.services.settle().await;
        let before = bench.lab.services.counts();
        for (method, path, status) in [
            ("GET", "/stadiums", 404),
            ("POST", "/", 405),
            ("DELETE", "/", 405),
        ] {
            let invocation = environment
                .invoke(&http_event(method, path), &TraceHeader::new(false))
                .await;
            let Outcome::Response(payload) = &invocation.outcome else {
                panic!("{}: {invocation:?}", target.name)
            };
            let response = http_response(payload).unwrap();
            assert_eq!(response.status, status, "{}: {method} {path}", target.name);
            assert_eq!(
                response.headers["content-type"], "application/json",
                "{}",
                target.name
            );
            assert_eq!(
                response.headers.contains_key("allow"),
                status == 405,
                "{}",
                target.name
            );
        }
        let asked = bench.lab.services.counts() - before;
        assert!(nobody_asked(&asked), "{}: {asked:?}", target.name);
        environment.shutdown().await;
    }
}

/// An answer that init does not wait for, as that to the end of its statement, may come later.
fn nobody_asked(counts: &Counts) -> bool {
    let mut asked = counts
        .iter()
        .filter(|(name, _)| *name != "database.bytes_sent");
    asked.all(|(_, count)| count == 0)
}

#[tokio::test]
async fn environments_that_start_side_by_side_all_answer() {
    let bench = Bench::start().await;
    let trace = TraceHeader::new(false);
    let event = contract::request();
    for target in bench.stadium_targets() {
        let function = Arc::unwrap_or_clone(bench.function(&target).await);
        let service = Service::new(function, scaling(&bench.lab.facts).unwrap());
        let (one, two, three) = tokio::join!(
            service.invoke(&event, &trace),
            service.invoke(&event, &trace),
            service.invoke(&event, &trace)
        );
        for served in [one, two, three] {
            let body = Event::get_root().answer(&served.unwrap().outcome).unwrap();
            contract::check(&body).unwrap_or_else(|error| panic!("{}: {error:#}", target.name));
        }
        assert_eq!(
            service.started(),
            3,
            "{}: one request an environment at a time",
            target.name
        );
        service.shutdown().await;
    }
}

#[tokio::test]
async fn the_table_is_filled_twice_and_at_once_without_loss() {
    let bench = Bench::start().await;
    let before = bench.rows().await;
    assert_eq!(before.len(), 32);
    let (one, two) = tokio::join!(bench.lab.populate(), bench.lab.populate());
    one.unwrap();
    two.unwrap();
    assert_eq!(
        bench.rows().await,
        before,
        "ids, creation and change times included"
    );
}

#[tokio::test]
async fn the_readers_may_read_and_nothing_else() {
    let bench = Bench::start().await;
    let privileges = bench
        .query("SELECT string_agg(privilege_type, ',') FROM information_schema.role_table_grants WHERE grantee = 'stadiums_reader'")
        .await;
    assert_eq!(privileges, [[Some("SELECT".to_owned())]]);
}

/// The floors have no services, so that what they take is the lab's and the runtime's own.
#[tokio::test]
async fn the_floors_ask_nobody() {
    let bench = Bench::start().await;
    let steps = bench.workspace.steps.iter();
    let floors: Vec<_> = steps.filter(|step| is_floor(&step.name)).collect();
    assert_eq!(floors.len(), 3);
    for floor in floors {
        let mut environment: Environment = bench.environment(&Target::of_step(floor)).await;
        let before = bench.lab.services.counts();
        let answer = bench.get(&mut environment).await;
        if floor.name == ANSWER {
            contract::check(answer.as_bytes()).unwrap();
        } else {
            assert_eq!(answer, "[]", "{}", floor.name);
        }
        let asked = bench.lab.services.counts() - before;
        assert!(asked.iter().all(|(_, count)| count == 0), "{asked:?}");
        environment.shutdown().await;
    }
}

/// What is compared with it answers the same, to the byte but for the times at which the table was filled.
#[tokio::test]
async fn the_constant_answer_is_that_of_the_last_step() {
    let bench = Bench::start().await;
    let last = bench.workspace.ladder().last().unwrap().name.clone();
    let mut answers = Vec::new();
    for name in [ANSWER, &last] {
        let mut environment = bench.environment(&bench.target(name)).await;
        let invocation = bench.invoke(&mut environment).await;
        let Outcome::Response(payload) = invocation.outcome else {
            panic!("{name}: {invocation:?}")
        };
        answers.push(without_times(str::from_utf8(&payload).unwrap()));
        environment.shutdown().await;
    }
    assert_eq!(answers[0], answers[1]);
}

/// A response without the times in its rows.
fn without_times(payload: &str) -> String {
    let mut parts = payload.split("At\\\":\\\"");
    let mut text = parts.next().unwrap().to_owned();
    for part in parts {
        let (_time, rest) = part.split_once('"').unwrap();
        text += rest;
    }
    text
}
