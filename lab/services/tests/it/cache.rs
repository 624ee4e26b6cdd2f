//! The ElastiCache endpoint before a real Valkey or Redis.

use lab_services::Counter;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::lab::shared;

async fn exchange(
    stream: &mut (impl AsyncReadExt + AsyncWriteExt + Unpin),
    commands: &str,
    replies: &str,
) {
    stream.write_all(commands.as_bytes()).await.unwrap();
    let mut received = vec![0; replies.len()];
    stream.read_exact(&mut received).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&received), replies);
}

#[tokio::test]
async fn commands_are_counted_by_kind_and_request() {
    let lab = shared().await;
    let mut stream = lab.connect(lab.services.cache().endpoint()).await;
    exchange(
        &mut stream,
        "*2\r\n$3\r\nGET\r\n$8\r\nstadiums\r\n",
        "$-1\r\n",
    )
    .await;
    exchange(
        &mut stream,
        "*3\r\n$3\r\nset\r\n$8\r\nstadiums\r\n$2\r\n[]\r\n",
        "+OK\r\n",
    )
    .await;
    // Two commands in one request.
    let get = "*2\r\n$3\r\nget\r\n$8\r\nstadiums\r\n";
    exchange(&mut stream, &get.repeat(2), "$2\r\n[]\r\n$2\r\n[]\r\n").await;
    exchange(&mut stream, "PING\r\n", "+PONG\r\n").await;
    let counts = lab.counts();
    for (counter, value) in [
        (Counter::CacheConnections, 1),
        (Counter::CacheTlsHandshakes, 1),
        (Counter::CacheRequests, 4),
        // TCP, TLS and the requests
        (Counter::CacheRoundTrips, 6),
        (Counter::CacheCommands, 5),
        (Counter::CacheGets, 3),
        (Counter::CacheSets, 1),
        (Counter::CacheHits, 2),
        (Counter::CacheMisses, 1),
    ] {
        assert_eq!(counts[counter], value, "{}", counter.name());
    }
    assert_eq!(
        lab.services
            .cache()
            .get("stadiums")
            .await
            .unwrap()
            .as_deref(),
        Some(&b"[]"[..])
    );
    assert_eq!(
        lab.services.cache().time_to_live("stadiums").await.unwrap(),
        None
    );
}

#[tokio::test]
async fn garbage_is_answered_by_the_cache_itself() {
    let lab = shared().await;
    let mut stream = lab.connect(lab.services.cache().endpoint()).await;
    stream.write_all(b"*1\r\n:1\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("-ERR Protocol error"), "{answer}");
}

#[tokio::test]
async fn values_can_be_set_and_removed_past_the_relay() {
    let lab = shared().await;
    let cache = lab.services.cache();
    let before = lab.counts();
    cache.set("stadiums", b"\x00garbage\r\n").await.unwrap();
    assert_eq!(
        cache.get("stadiums").await.unwrap().as_deref(),
        Some(&b"\x00garbage\r\n"[..])
    );
    cache.flush().await.unwrap();
    assert_eq!(cache.get("stadiums").await.unwrap(), None);
    assert_eq!(lab.counts(), before, "only clients are counted");
}

#[tokio::test]
async fn a_stopped_cache_breaks_its_connections_and_comes_back_empty() {
    let lab = shared().await;
    let cache = lab.services.cache();
    cache.set("stadiums", b"[]").await.unwrap();
    let mut stream = lab.connect(cache.endpoint()).await;
    exchange(&mut stream, "PING\r\n", "+PONG\r\n").await;
    cache.stop().await.unwrap();
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0, "the relay closes");
    cache.restart().await.unwrap();
    assert_eq!(cache.get("stadiums").await.unwrap(), None);
    let mut stream = lab.connect(cache.endpoint()).await;
    exchange(&mut stream, "PING\r\n", "+PONG\r\n").await;
}
