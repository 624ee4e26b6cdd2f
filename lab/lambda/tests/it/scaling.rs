//! The service in front of several environments.

use std::time::{Duration, Instant};

use bytes::Bytes;
use lab_lambda::{InvokeError, Outcome, Report, Scaling, Service, Start};

use crate::support::{Case, function, scaling, trace};

fn event() -> Bytes {
    Bytes::from("[]")
}

#[tokio::test]
async fn an_idle_environment_is_used_again_and_a_busy_one_is_not() {
    let service = Service::new(function(""), scaling());
    let (event, trace) = (event(), trace());
    let first = service.invoke(&event, &trace).await.unwrap();
    service.settle().await;
    let second = service.invoke(&event, &trace).await.unwrap();
    service.settle().await;
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
async fn the_caller_has_its_answer_while_an_extension_is_busy() {
    let case = Case::new("").extension("holds");
    let service = Service::new(case.function.clone(), scaling());
    let (event, trace) = (event(), trace());
    let first = service.invoke(&event, &trace).await.unwrap();
    let answered = Instant::now();
    assert!(matches!(first.outcome, Outcome::Response(_)));
    assert!(service.processes().is_empty(), "its environment is busy");
    let second = service.invoke(&event, &trace).await.unwrap();
    assert!(matches!(second.start, Start::Cold(_)));
    assert_eq!(service.started(), 2);
    assert_eq!(case.take_reports(), [], "neither invocation is over");

    let held = answered.elapsed();
    std::fs::write(case.folder.path().join("release"), b"").unwrap();
    service.settle().await;
    let reports = case.take_reports();
    let of_first = |report: &&Report| report.request_id == first.request_id;
    let report = reports.iter().find(of_first).unwrap();
    assert!(report.duration >= held, "it tells of the extension's time");
    assert_eq!((reports.len(), &report.status), (2, &None));

    let third = service.invoke(&event, &trace).await.unwrap();
    assert!(matches!(third.start, Start::Warm));
    assert_eq!(service.started(), 2);
    service.shutdown().await;
    let events = case.extension_events();
    assert_eq!(events.matches("INVOKE").count(), 3);
    assert_eq!(events.matches("SHUTDOWN spindown").count(), 2);
}

#[tokio::test]
async fn the_caller_has_its_answer_while_the_runtime_or_a_thread_of_it_works_on() {
    for behaviour in ["works-on", "internal-holds"] {
        let case = Case::new(behaviour);
        let service = Service::new(case.function.clone(), scaling());
        let (event, trace) = (event(), trace());
        let first = service.invoke(&event, &trace).await.unwrap();
        assert!(matches!(first.outcome, Outcome::Response(_)));
        assert!(service.processes().is_empty(), "its environment is busy");
        let second = service.invoke(&event, &trace).await.unwrap();
        assert!(matches!(second.start, Start::Cold(_)), "{behaviour}");
        assert_eq!(case.take_reports(), [], "neither invocation is over");
        std::fs::write(case.folder.path().join("release"), b"").unwrap();
        service.settle().await;
        assert_eq!(case.take_reports().len(), 2);
        assert!(service.failed_behind().is_empty());
        service.shutdown().await;
    }
}

#[tokio::test]
async fn what_fails_behind_its_answer_is_counted() {
    for (behaviour, told) in [
        (
            "answers-and-exits",
            "Runtime exited with error: exit status 7",
        ),
        ("answers-and-hangs", "Task timed out after 1.00 seconds"),
    ] {
        let case = Case::new(behaviour).timeout(Duration::from_secs(1));
        let service = Service::new(case.function.clone(), scaling());
        for _ in 0..2 {
            let served = service.invoke(&event(), &trace()).await.unwrap();
            assert!(matches!(served.outcome, Outcome::Response(_)));
            service.settle().await;
        }
        let failed = service.failed_behind();
        assert_eq!(
            failed.into_iter().collect::<Vec<_>>(),
            [(told.to_owned(), 2)]
        );
        assert!(case.take_reports().iter().all(|it| it.status.is_some()));
        service.shutdown().await;
    }
}

#[tokio::test]
async fn a_busy_extension_takes_a_place_of_the_concurrency() {
    let one = Scaling {
        reserved: Some(1),
        ..scaling()
    };
    let case = Case::new("").extension("holds");
    let service = Service::new(case.function.clone(), one);
    let (event, trace) = (event(), trace());
    service.invoke(&event, &trace).await.unwrap();
    let throttled = service.invoke(&event, &trace).await.unwrap_err();
    assert!(matches!(throttled, InvokeError::Throttled(_)));
    std::fs::write(case.folder.path().join("release"), b"").unwrap();
    service.settle().await;
    let next = service.invoke(&event, &trace).await.unwrap();
    assert!(matches!(next.start, Start::Warm));
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
    assert!(matches!(refused, InvokeError::Throttled(_)));
    assert_eq!(
        refused.to_string(),
        "429 TooManyRequestsException: Rate Exceeded. (ReservedFunctionConcurrentInvocationLimitExceeded)"
    );
    assert_eq!(refused.client().status, 503);
    service.settle().await;
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
    service.settle().await;
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
    service.settle().await;
    let served = service.invoke(&event, &trace).await.unwrap();
    assert!(
        matches!(served.start, Start::Cold(_)),
        "every invocation begins with it"
    );
    assert_eq!(service.started(), 3);
    service.shutdown().await;
}

#[tokio::test]
async fn nobody_waits_for_the_end_of_an_environment_that_was_idle_for_too_long() {
    let at_once = Scaling {
        idle: Duration::ZERO,
        ..scaling()
    };
    // A budget that the test would not survive.
    let case = Case::new("")
        .extension("ignores-shutdown")
        .platform(|platform| platform.shutdown_budget = Duration::from_hours(1));
    let service = Service::new(case.function.clone(), at_once);
    service.invoke(&event(), &trace()).await.unwrap();
    service.settle().await;
    service.begin_to_reap();
    assert!(service.processes().is_empty());
    let served = service.invoke(&event(), &trace()).await.unwrap();
    assert!(matches!(served.start, Start::Cold(_)));
}

#[tokio::test]
async fn what_only_the_lab_can_get_wrong_is_the_callers_error() {
    let mut missing = function("");
    missing.bootstrap = "/nowhere/bootstrap".into();
    let service = Service::new(missing, scaling());
    let refused = service.invoke(&event(), &trace()).await.unwrap_err();
    assert!(matches!(refused, InvokeError::Start(_)), "{refused}");
}
