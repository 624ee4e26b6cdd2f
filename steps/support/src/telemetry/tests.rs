use std::convert::Infallible;
use std::future::{pending, ready};

use std::time::Duration;

use tokio::time::Instant;

use super::*;
use crate::Elapsed;
use crate::xray::now;

const SAMPLED: &str = "Root=1-65540000-0123456789abcdef01234567;Parent=53995c3f42cd8ad8;Sampled=1";

/// A function whose datagrams arrive at the returned socket.
fn traced() -> (Telemetry, UdpSocket) {
    let daemon = UdpSocket::bind("127.0.0.1:0").unwrap();
    let socket = connect(&daemon.local_addr().unwrap().to_string()).unwrap();
    (Telemetry::new("f".to_owned(), Some(socket)), daemon)
}

fn in_ten_seconds() -> u64 {
    (now() * 1000.0) as u64 + 10_000
}

fn receive(daemon: &UdpSocket) -> String {
    let mut buffer = vec![0; 65_536];
    let length = daemon.recv(&mut buffer).unwrap();
    String::from_utf8(buffer[..length].to_vec()).unwrap()
}

#[tokio::test]
async fn a_sampled_invocation_sends_one_document_with_its_phases_in_order() {
    let (telemetry, daemon) = traced();
    let mut invocation = telemetry.invocation(in_ten_seconds(), Some(SAMPLED));
    invocation
        .call("connect", ready(Ok::<_, Infallible>(())))
        .await
        .unwrap();
    invocation
        .call("query", ready(Err::<(), _>("no such table")))
        .await
        .unwrap_err();
    invocation
        .measure("encode", || Ok::<_, Infallible>(()))
        .unwrap();
    invocation.finish(&Ok::<_, ()>(()));
    // Loopback keeps the order: this arrives after everything that the invocation sent.
    telemetry.daemon.as_ref().unwrap().send(b"end").unwrap();

    let datagram = receive(&daemon);
    let (header, document) = datagram.split_once('\n').unwrap();
    assert_eq!(header, r#"{"format":"json","version":1}"#);
    let document: serde_json::Value = serde_json::from_str(document).unwrap();
    assert_eq!(document["parent_id"], "53995c3f42cd8ad8");
    assert!(document.get("fault").is_none());
    let phases = document["subsegments"].as_array().unwrap();
    let names: Vec<_> = phases
        .iter()
        .map(|phase| phase["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["connect", "query", "encode"]);
    assert_eq!(phases[1]["fault"], true);
    assert_eq!(receive(&daemon), "end");
}

#[tokio::test]
async fn an_invocation_that_is_not_sampled_sends_nothing() {
    let (telemetry, daemon) = traced();
    let header = SAMPLED.replace("Sampled=1", "Sampled=0");
    let mut invocation = telemetry.invocation(in_ten_seconds(), Some(&header));
    invocation
        .call("query", ready(Ok::<_, Infallible>(())))
        .await
        .unwrap();
    invocation.finish(&Ok::<_, ()>(()));
    telemetry.daemon.as_ref().unwrap().send(b"end").unwrap();
    assert_eq!(receive(&daemon), "end");
}

#[tokio::test(start_paused = true)]
async fn a_service_that_never_answers_is_given_up_before_lambda_gives_up() {
    let telemetry = Telemetry::new("f".to_owned(), None);
    let mut invocation = telemetry.invocation(in_ten_seconds(), None);
    let started = Instant::now();
    let error = invocation
        .call("query", pending::<Result<(), Infallible>>())
        .await
        .unwrap_err();
    assert!(error.is::<Elapsed>());
    assert!(
        error
            .to_string()
            .starts_with("query took longer than the 9"),
        "{error}"
    );
    assert!(started.elapsed() <= Duration::from_millis(9_500));
    assert_eq!(invocation.remaining(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_its_own_cuts_a_call_shorter() {
    let telemetry = Telemetry::new("f".to_owned(), None);
    let mut invocation = telemetry.invocation(in_ten_seconds(), None);
    let limit = Duration::from_millis(250);
    let error = invocation
        .call_within(limit, "cache_get", pending::<Result<(), Infallible>>())
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "cache_get took longer than the 250 ms it was given"
    );
    assert!(invocation.remaining() > Duration::from_secs(8));
}

#[test]
fn only_the_first_invocation_is_a_cold_start() {
    let telemetry = Telemetry::new("f".to_owned(), None);
    assert!(
        telemetry
            .invocation(in_ten_seconds(), None)
            .metrics
            .cold_start
    );
    assert!(
        !telemetry
            .invocation(in_ten_seconds(), None)
            .metrics
            .cold_start
    );
}

#[test]
fn a_deadline_in_the_past_leaves_nothing() {
    let telemetry = Telemetry::new("f".to_owned(), None);
    assert_eq!(telemetry.invocation(0, None).remaining(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn in_the_background_a_call_without_a_limit_is_not_given_up() {
    let (telemetry, _daemon) = traced();
    let answer = telemetry.background().call("query", a_minute()).await;
    assert_eq!(answer.unwrap(), "done");
}

#[tokio::test(start_paused = true)]
async fn in_the_background_a_limit_holds() {
    let (telemetry, _daemon) = traced();
    let limit = Duration::from_millis(250);
    let error = telemetry
        .background()
        .call_within(limit, "cache_get", a_minute())
        .await
        .unwrap_err();
    assert!(error.is::<Elapsed>(), "{error}");
}

/// The clock goes on while the environment is frozen, and the answer is read after the timers have fired.
#[tokio::test(start_paused = true)]
async fn in_the_background_a_freeze_does_not_use_up_a_limit() {
    let (telemetry, _daemon) = traced();
    let (service, answer) = tokio::sync::oneshot::channel();
    let freeze = async {
        tokio::time::advance(Duration::from_hours(1)).await;
        tokio::task::yield_now().await;
        service.send("done").unwrap();
    };
    let mut background = telemetry.background();
    let limit = Duration::from_millis(250);
    let (answer, ()) = tokio::join!(background.call_within(limit, "cache_get", answer), freeze);
    assert_eq!(answer.unwrap(), "done");
}

async fn a_minute() -> Result<&'static str, Infallible> {
    tokio::time::sleep(Duration::from_mins(1)).await;
    Ok("done")
}
