use std::time::Duration;

use lab_lambda::{Failure, Report};

use super::*;

fn response(text: &str) -> Outcome {
    Outcome::Response(Bytes::from(text.to_owned()))
}

#[test]
fn weights_are_spread_evenly() {
    let event = |name: &str| Event {
        name: name.to_owned(),
        ..Event::get_root()
    };
    let events = Events::new(vec![(event("a"), 3), (event("b"), 1)]);
    let sent: Vec<&str> = (0..8).map(|n| events.at(n).name.as_str()).collect();
    assert_eq!(sent, ["a", "a", "b", "a", "a", "a", "b", "a"]);
}

#[test]
fn a_wrong_answer_is_told_with_what_came_instead() {
    let entry = EventEntry {
        request: Some("GET /orders/7".to_owned()),
        contains: Some("Widget".to_owned()),
        pointers: BTreeMap::from([("/id".to_owned(), 7.into())]),
        ..EventEntry::default()
    };
    let event = Event::of_entry(&entry).unwrap();
    let error = |body: &str| format!("{:#}", event.check(&response(body)).unwrap_err());
    let good = r#"{"statusCode":200,"body":"{\"id\":7,\"name\":\"Widget\"}"}"#;
    event.check(&response(good)).unwrap();
    let told = error(r#"{"statusCode":404,"body":"none"}"#);
    assert_eq!(told, "the answer to GET /orders/7 is 404, not 200: none");
    let told = error(r#"{"statusCode":200,"body":"{\"id\":7}"}"#);
    assert!(
        told.contains("does not contain \"Widget\": {\"id\":7}"),
        "{told}"
    );
    let told = error(r#"{"statusCode":200,"body":"{\"id\":8,\"name\":\"Widget\"}"}"#);
    assert!(told.contains("has 8 at /id, not 7"), "{told}");
}

#[test]
fn an_invocation_that_fails_behind_its_answer_is_no_right_one() {
    let late = Failure::Timeout(Duration::from_secs(3));
    let mut invocation = Invocation {
        outcome: response(r#"{"statusCode":200}"#),
        behind: None,
        latency: Some(Duration::from_millis(1)),
        report: Report {
            request_id: String::new(),
            duration: Duration::from_secs(3),
            memory_mb: 128,
            max_memory_mb: 1,
            init: None,
            status: None,
            trace: None,
        },
    };
    let event = Event::get_root();
    event.check_invocation(&invocation).unwrap();
    invocation.behind = Some(late);
    let told = event.check_invocation(&invocation).unwrap_err().to_string();
    assert_eq!(
        told,
        "GET / is answered, and behind the answer the invocation fails: Task timed out after 3.00 seconds"
    );
}

#[test]
fn an_answer_may_be_no_text() {
    let gzip = r#"{"statusCode":200,"body":"H4sIAA==","isBase64Encoded":true}"#;
    let answer = Event::get_root().check(&response(gzip)).unwrap();
    assert_eq!(&*answer, [0x1f, 0x8b, 8, 0]);
    let odd = r#"{"statusCode":200,"body":[]}"#;
    let told = Event::get_root().check(&response(odd)).unwrap_err();
    assert!(told.to_string().contains("body is [] and must be a string"));
}

#[test]
fn an_event_from_a_file_is_answered_by_any_json() {
    let event = Event {
        status: None,
        pointers: BTreeMap::from([("/batchItemFailures".to_owned(), Value::Array(vec![]))]),
        ..Event::get_root()
    };
    event
        .check(&response(r#"{"batchItemFailures":[]}"#))
        .unwrap();
    assert!(event.check(&response("null")).is_err());
}
