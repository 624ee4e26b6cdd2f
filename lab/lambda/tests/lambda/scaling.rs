//! The service in front of several environments.

use std::time::Duration;

use bytes::Bytes;
use lab_lambda::{Refused, Scaling, Service, Start};

use crate::support::{Case, function, scaling, trace};

fn event() -> Bytes {
    Bytes::from("[]")
}

#[tokio::test]
async fn an_idle_environment_is_used_again_and_a_busy_one_is_not() {
    let service = Service::new(function(""), scaling());
    let (event, trace) = (event(), trace());
    let first = service.invoke(&event, &trace).await.unwrap();
    let second = service.invoke(&event, &trace).await.unwrap();
    assert!(matches!(first.start, Start::Cold(_)));
    assert!(matches!(second.start, Start::Warm));
    assert_eq!(service.started(), 1);

    let (one, two) = tokio::join!(
        service.invoke(&event, &trace),
        service.invoke(&event, &trace)
    );
    let cold = [one.unwrap(), two.unwrap()]
        .iter()
        .filter(|served| matches!(served.start, Start::Cold(_)))
        .count();
    assert_eq!(
        (cold, service.started()),
        (1, 2),
        "one request an environment at a time"
    );
    service.shutdown().await;
}

#[tokio::test]
async fn a_request_beyond_the_concurrency_is_refused_at_once() {
    let one = Scaling {
        reserved: Some(1),
        ..scaling()
    };
    let service = Service::new(function(""), one);
    let (event, trace) = (event(), trace());
    let (first, second) = tokio::join!(
        service.invoke(&event, &trace),
        service.invoke(&event, &trace)
    );
    assert!(first.is_ok());
    let refused = second.unwrap_err();
    assert!(matches!(refused, Refused::Throttled(_)));
    assert_eq!(
        refused.to_string(),
        "429 TooManyRequestsException: Rate Exceeded. (ReservedFunctionConcurrentInvocationLimitExceeded)"
    );
    assert_eq!(refused.client().status, 503);
    assert!(
        service.invoke(&event, &trace).await.is_ok(),
        "the place is given back"
    );
    service.shutdown().await;
}

#[tokio::test]
async fn a_request_that_is_given_up_gives_its_place_back() {
    let one = Scaling {
        reserved: Some(1),
        ..scaling()
    };
    let service = Service::new(Case::new("sleep").once().function, one);
    let (event, trace) = (event(), trace());
    tokio::select! {
        biased;
        _ = service.invoke(&event, &trace) => panic!("it sleeps"),
        () = std::future::ready(()) => {}
    }
    assert!(service.invoke(&event, &trace).await.is_ok());
    service.shutdown().await;
}

#[tokio::test]
async fn an_environment_that_was_idle_for_too_long_is_shut_down() {
    let at_once = Scaling {
        idle: Duration::ZERO,
        ..scaling()
    };
    let case = Case::new("").extension("");
    let service = Service::new(case.function.clone(), at_once);
    let (event, trace) = (event(), trace());
    service.invoke(&event, &trace).await.unwrap();
    assert_eq!(
        service
            .processes()
            .iter()
            .map(|(name, _)| name.as_str())
            .collect::<Vec<_>>(),
        ["extension", "function"]
    );
    service.reap().await;
    assert!(service.processes().is_empty());
    assert_eq!(case.extension_events(), "INVOKE\nSHUTDOWN spindown\n");

    service.invoke(&event, &trace).await.unwrap();
    let served = service.invoke(&event, &trace).await.unwrap();
    assert!(
        matches!(served.start, Start::Cold(_)),
        "every invocation begins with it"
    );
    assert_eq!(service.started(), 3);
    service.shutdown().await;
}

#[tokio::test]
async fn what_only_the_lab_can_get_wrong_is_the_callers_error() {
    let mut missing = function("");
    missing.bootstrap = "/nowhere/bootstrap".into();
    let service = Service::new(missing, scaling());
    let refused = service.invoke(&event(), &trace()).await.unwrap_err();
    assert!(matches!(refused, Refused::Start(_)), "{refused}");
}
