//! A further party over plain HTTP.

use std::time::Duration;

use lab_services::upstream::{Answer, Upstream};
use lab_services::{Counter, Wait};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::lab::{Lab, shared};

async fn upstream(lab: &Lab, delay: Duration) -> Upstream {
    let answer = Answer {
        status: 200,
        content_type: "application/json",
        body: "{\"EUR\":1}".into(),
        delay,
    };
    lab.services.upstream(answer).await.unwrap()
}

/// A request over a connection of its own; the whole response.
async fn get(upstream: &Upstream) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(upstream.address()).await?;
    let request = "GET /latest HTTP/1.1\r\nhost: rates\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await?;
    let mut response = String::new();
    stream.read_to_string(&mut response).await?;
    Ok(response)
}

#[tokio::test]
async fn it_answers_after_its_delay_and_is_counted() {
    let lab = shared().await;
    let upstream = upstream(&lab, Duration::from_millis(3)).await;
    assert_eq!(upstream.take_waits(), []);
    for _ in 0..2 {
        let response = get(&upstream).await.unwrap();
        assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
        assert!(
            response.contains("content-type: application/json"),
            "{response}"
        );
        assert!(response.ends_with("{\"EUR\":1}"), "{response}");
    }
    let counts = lab.counts();
    assert_eq!(counts[Counter::UpstreamsRequests], 2);
    assert_eq!(counts[Counter::UpstreamsDelayUs], 6_000);
    let waited: Duration = upstream
        .take_waits()
        .iter()
        .map(|Wait { start, end }| *end - *start)
        .sum();
    assert!(waited >= Duration::from_millis(6), "{waited:?}");
}

#[tokio::test]
async fn it_fails_as_it_is_told_and_is_as_before_afterwards() {
    let lab = shared().await;
    let upstream = upstream(&lab, Duration::ZERO).await;
    upstream.fail_with(Some(503));
    let response = get(&upstream).await.unwrap();
    assert!(response.starts_with("HTTP/1.1 503 "), "{response}");

    // A connection that is kept alive ends with the port.
    let mut kept = TcpStream::connect(upstream.address()).await.unwrap();
    kept.write_all(b"GET / HTTP/1.1\r\nhost: rates\r\n\r\n")
        .await
        .unwrap();
    assert!(kept.read(&mut [0; 512]).await.unwrap() > 0);
    upstream.stop().await;
    assert!(get(&upstream).await.is_err());
    assert_eq!(kept.read(&mut [0; 512]).await.unwrap_or(0), 0);

    upstream.restore().await.unwrap();
    let response = get(&upstream).await.unwrap();
    assert!(response.starts_with("HTTP/1.1 200 OK"), "{response}");
}

#[tokio::test]
async fn waits_are_noted_from_the_first_question_on() {
    use crate::https::Connection;
    let lab = shared().await;
    lab.services.take_waits();
    let mut connection = Connection::open(&lab).await;
    let request = serde_json::json!({ "Name": "/missing" });
    connection.call("GetParameter", &request).await;
    let [(service, waits), ..] = lab.services.take_waits();
    assert_eq!(service, "parameters");
    assert!(waits.len() >= 2, "a handshake and a request: {waits:?}");
    assert!(waits.is_sorted_by_key(|wait| wait.start), "{waits:?}");
    let [(_, waits), ..] = lab.services.take_waits();
    assert_eq!(waits, []);
}
