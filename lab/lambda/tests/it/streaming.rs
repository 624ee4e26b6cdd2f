//! Answers that the runtime streams, and what else a caller may want of an invocation.

use std::time::Duration;

use bytes::Bytes;
use lab_lambda::{Outcome, Request, Service, Status, StreamPart, api_gateway};
use tokio::sync::{mpsc, oneshot};

use crate::support::{Case, example, scaling, trace};

fn case(behaviour: &str) -> Case {
    let mut case = Case::new(behaviour).timeout(Duration::from_secs(1));
    case.function.bootstrap = example("streaming");
    case
}

/// What a caller gets who takes the parts as they come, and what it came to.
async fn streamed(case: &Case) -> (Vec<u8>, Outcome) {
    let service = Service::new(case.function.clone(), scaling());
    let (stream, mut parts) = mpsc::channel(100);
    let request = Request {
        stream: Some(stream),
        ..Request::new(&Bytes::from("{}"), &trace())
    };
    let read = async {
        let begin = parts.recv().await;
        assert!(matches!(begin, Some(StreamPart::Begin { .. })), "{begin:?}");
        let mut bytes = Vec::new();
        while let Some(StreamPart::Data(data)) = parts.recv().await {
            bytes.extend_from_slice(&data);
            if bytes.ends_with(b"first ") {
                std::fs::write(case.folder.path().join("release"), b"").unwrap();
            }
        }
        bytes
    };
    let (served, bytes) = tokio::join!(service.request(request), read);
    service.shutdown().await;
    (bytes, served.unwrap().outcome)
}

#[tokio::test]
async fn the_parts_reach_a_caller_who_wants_them_and_the_whole_one_who_does_not() {
    let case = case("");
    let (bytes, outcome) = streamed(&case).await;
    assert!(matches!(outcome, Outcome::Response(payload) if payload.is_empty()));
    let service = Service::new(case.function.clone(), scaling());
    let whole = service.invoke(&Bytes::new(), &trace()).await.unwrap();
    service.shutdown().await;
    assert_eq!(whole.payload(), bytes);
    let response = api_gateway::http_response(&bytes).unwrap();
    assert_eq!(
        (response.status, response.text().as_ref()),
        (203, "first last")
    );
    assert_eq!(response.headers["x-mine"], "a");
    assert_eq!(response.cookies, ["b=2"]);
}

#[tokio::test]
async fn a_stream_that_breaks_off_is_an_error_for_the_caller_and_in_the_report() {
    for (behaviour, kind) in [
        ("dies", "Runtime.ExitError"),
        ("closes", "Runtime.TruncatedResponse"),
        ("reports", "Midway"),
        ("too-much", "Function.ResponseSizeTooLarge"),
    ] {
        let case = case(behaviour);
        let (bytes, outcome) = streamed(&case).await;
        assert!(bytes.starts_with(b"{\"statusCode\":203"), "{behaviour}");
        let told = match &outcome {
            Outcome::Error(error) => error.kind.clone(),
            Outcome::Failed(failure) => failure.error_type().to_owned(),
            Outcome::Response(_) => panic!("{behaviour}: it succeeded"),
        };
        assert_eq!(told, kind, "{behaviour}");
        let reports = case.take_reports();
        assert_eq!(reports[0].status, Some(Status::Error(kind.to_owned())));
    }
    let case = case("hangs");
    let (_, outcome) = streamed(&case).await;
    assert!(matches!(outcome, Outcome::Failed(_)));
    assert_eq!(case.take_reports()[0].status, Some(Status::Timeout));
}

#[tokio::test]
async fn the_function_hears_of_its_caller_and_the_caller_gets_the_log() {
    let case = case("context");
    let service = Service::new(case.function.clone(), scaling());
    let (log, logged) = oneshot::channel();
    let trace = trace();
    let request = Request {
        client_context: Some(r#"{"client":{}}"#.to_owned()),
        log: Some(log),
        ..Request::new(&Bytes::from("{}"), &trace)
    };
    let served = service.request(request).await.unwrap();
    let payload = String::from_utf8(served.payload().to_vec()).unwrap();
    let heard = format!("{{\"client\":{{}}}}{trace}last");
    assert!(payload.ends_with(&heard), "{payload}");
    let log = logged.await.unwrap();
    let id = &served.request_id;
    assert!(log.starts_with(&format!("START RequestId: {id}")), "{log}");
    assert!(log.contains("\nstreaming\n"), "{log}");
    assert!(
        log.contains(&format!("\nREPORT RequestId: {id}\t")),
        "{log}"
    );
    service.shutdown().await;
}
