//! The extension's process, from its start to its end.

use lab_services::Counter;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::process::Command;

use crate::environment::{DESCRIPTORS, Environment, get};

#[tokio::test]
async fn an_environment_from_start_to_end() {
    let mut environment = Environment::start(&[
        ("LAB_EXTENSION_START_CPU_MS", "5"),
        ("LAB_EXTENSION_MEMORY_MIB", "3"),
    ])
    .await;
    let registered = environment.registered.lock().unwrap().take();
    assert_eq!(
        registered,
        Some((
            "lab-extension".to_owned(),
            json!({ "events": ["INVOKE", "SHUTDOWN"] })
        ))
    );
    environment
        .services
        .parameters()
        .put("/stadiums/database/port", "5432");

    let early = environment.get("name=%2Fstadiums%2Fdatabase%2Fport").await;
    assert_eq!(
        early,
        (400, "not ready to serve traffic, please wait".to_owned())
    );
    environment.invoke().await;

    let (status, body) = environment.get("name=%2Fstadiums%2Fdatabase%2Fport").await;
    assert_eq!(status, 200, "{body}");
    let answer: Value = serde_json::from_str(&body).unwrap();
    let parameter = &answer["Parameter"];
    assert_eq!(parameter["Value"], "5432");
    assert_eq!(
        (&parameter["Version"], &parameter["Selector"]),
        (&json!(1), &Value::Null)
    );
    assert!(
        parameter["LastModifiedDate"]
            .as_str()
            .unwrap()
            .ends_with('Z')
    );
    assert_eq!(answer["ResultMetadata"], json!({}));

    // From now on it comes from the cache, also after a change and in another invocation.
    environment
        .services
        .parameters()
        .put("/stadiums/database/port", "6543");
    environment.invoke().await;
    assert_eq!(
        environment.value("%2Fstadiums%2Fdatabase%2Fport").await,
        "5432"
    );
    assert_eq!(environment.counts()[Counter::ParametersGetParameter], 1);
    // A decrypted one is asked for apart.
    assert_eq!(
        environment
            .value("%2Fstadiums%2Fdatabase%2Fport&withDecryption=true")
            .await,
        "6543"
    );
    assert!(environment.shut_down().await.success());
}

#[tokio::test]
async fn after_the_first_event_it_may_refuse_some_requests_more() {
    let mut environment = Environment::start(&[("LAB_EXTENSION_NOT_READY_REQUESTS", "2")]).await;
    environment.services.parameters().put("/a", "1");
    let not_ready = (400, "not ready to serve traffic, please wait".to_owned());
    // Those before the event do not count.
    for _ in 0..3 {
        assert_eq!(environment.get("name=%2Fa").await, not_ready);
    }
    environment.invoke().await;
    for _ in 0..2 {
        assert_eq!(environment.get("name=%2Fa").await, not_ready);
    }
    assert_eq!(environment.counts()[Counter::ParametersRequests], 0);
    assert_eq!(environment.value("%2Fa").await, "1");
    environment.invoke().await;
    assert_eq!(environment.value("%2Fa").await, "1");
    assert!(environment.shut_down().await.success());
}

#[tokio::test]
async fn errors_reach_the_function_and_are_not_kept() {
    let mut environment = Environment::start(&[]).await;
    environment.invoke().await;
    let (status, body) = environment.get("name=%2Flate").await;
    assert_eq!(
        (status, body.contains("ParameterNotFound")),
        (400, true),
        "{body}"
    );
    environment.services.parameters().put("/late", "here");
    assert_eq!(environment.value("%2Flate").await, "here");

    environment.services.parameters().put("/other", "there");
    environment.services.parameters().set_quota(Some(0));
    let (status, body) = environment.get("name=%2Fother").await;
    assert_eq!(
        (status, body.contains("ThrottlingException")),
        (400, true),
        "{body}"
    );
    assert_eq!(
        environment.value("%2Flate").await,
        "here",
        "the cache needs no quota"
    );

    let path = "/systemsmanager/parameters/get/?name=%2Flate";
    assert_eq!(get(environment.endpoint, path, None).await.0, 401);
    assert_eq!(
        get(environment.endpoint, path, Some("another")).await.0,
        401
    );
    let token = environment.services.credentials().session_token.clone();
    assert_eq!(get(environment.endpoint, path, Some(&token)).await.0, 200);
    assert_eq!(
        get(environment.endpoint, "/elsewhere", Some(&token))
            .await
            .0,
        404
    );
    assert_eq!(environment.get("").await.0, 400);
    assert!(environment.shut_down().await.success());
}

#[tokio::test]
async fn without_a_time_to_live_every_request_asks_over_few_kept_connections() {
    let mut environment = Environment::start(&[("SSM_PARAMETER_STORE_TTL", "0")]).await;
    environment.invoke().await;
    for value in ["one", "two", "three"] {
        environment.services.parameters().put("/a", value);
        assert_eq!(environment.value("%2Fa").await, value);
    }
    let counts = environment.counts();
    assert_eq!(counts[Counter::ParametersGetParameter], 3);
    assert_eq!(
        counts[Counter::ParametersTlsHandshakes],
        1,
        "the connection is kept"
    );

    assert!(environment.shut_down().await.success());
}

#[tokio::test]
async fn without_descriptors_it_sleeps_and_serves_again_afterwards() {
    let mut environment = Environment::start(&[]).await;
    environment.invoke().await;
    environment.services.parameters().put("/a", "1");
    let mut taken = Vec::new();
    for _ in 0..DESCRIPTORS {
        taken.push(TcpStream::connect(environment.endpoint).await.unwrap());
    }
    let status = format!("/proc/{}/status", environment.process.id().unwrap());
    // A process that accepts in vain without a pause never sleeps: this test would not end.
    let sleeps = || {
        let status = std::fs::read_to_string(&status).unwrap();
        let sleeps = status
            .lines()
            .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        sleeps.unwrap().trim().parse::<u64>().unwrap()
    };
    let descriptors = format!("/proc/{}/fd", environment.process.id().unwrap());
    while std::fs::read_dir(&descriptors).unwrap().count() < DESCRIPTORS - 1 {
        tokio::task::yield_now().await;
    }
    let before = sleeps();
    while sleeps() < before + 5 {
        tokio::task::yield_now().await;
    }
    drop(taken);
    assert_eq!(environment.value("%2Fa").await, "1");
    assert!(environment.shut_down().await.success());
}

#[tokio::test]
async fn a_missing_variable_is_named() {
    let output = Command::new(env!("CARGO_BIN_EXE_lab-extension"))
        .env_clear()
        .output()
        .await
        .unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("AWS_LAMBDA_RUNTIME_API is not set"));
}
