//! The edges that the table in `golden` cannot show.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use lab_lambda::{Cgroups, Environment, Failure, Outcome, Service, StartError, Status, limits};

use crate::support::{Case, scaling, trace};

fn hello() -> Bytes {
    Bytes::from(r#""hello""#)
}

async fn start(case: &Case) -> Result<Environment, StartError> {
    Environment::start(&Arc::new(case.function.clone())).await
}

fn response(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Response(response) => String::from_utf8(response.to_vec()).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_runtime_that_leaves_between_invocations_fails_the_next_one_only() {
    let case = Case::new("exit-when-told").once();
    let mut environment = start(&case).await.unwrap();
    environment.invoke(&hello(), &trace()).await;
    let (_, id) = environment.processes().pop().unwrap();
    std::fs::write(case.folder.path().join("exit"), b"").unwrap();
    while !has_ended(id) {
        tokio::task::yield_now().await;
    }
    let next = environment.invoke(&hello(), &trace()).await;
    assert_eq!(
        next.report.status,
        Some(Status::Error("Runtime.ExitError".to_owned()))
    );
    let after = environment.invoke(&hello(), &trace()).await;
    assert_eq!(response(&after.outcome), r#""hello""#);
    assert_eq!(after.report.init, None, "its init phase is in its duration");
    environment.shutdown().await;
}

/// Whether the process is gone, or waits for its parent to notice.
fn has_ended(id: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    stat.rsplit_once(") ")
        .is_none_or(|(_, state)| state.starts_with('Z'))
}

#[tokio::test]
async fn two_threads_that_ask_for_events_do_not_wedge_the_environment() {
    for behaviour in ["two-threads", "drops-next"] {
        let mut environment = start(&Case::new(behaviour)).await.unwrap();
        for number in 0..20 {
            let event = Bytes::from(number.to_string());
            let invocation = environment.invoke(&event, &trace()).await;
            assert_eq!(response(&invocation.outcome), number.to_string());
            environment.freeze();
        }
        environment.shutdown().await;
    }
}

#[tokio::test]
async fn an_extension_hears_why_it_has_to_end() {
    for (behaviour, reason) in [("sleep", "timeout"), ("crash", "failure"), ("", "spindown")] {
        let case = Case::new(behaviour)
            .extension("")
            .timeout(Duration::from_secs(1));
        let mut environment = start(&case).await.unwrap();
        environment.invoke(&hello(), &trace()).await;
        environment.freeze();
        environment.shutdown().await;
        assert_eq!(
            case.extension_events(),
            format!("INVOKE\nSHUTDOWN {reason}\n")
        );
    }
}

#[tokio::test]
async fn an_extension_that_ignores_the_shutdown_is_killed_and_one_that_does_not_want_it_is_not_told()
 {
    for (behaviour, events) in [
        ("ignores-shutdown", "INVOKE\nSHUTDOWN spindown\n"),
        ("no-shutdown", "INVOKE\n"),
    ] {
        let case = Case::new("")
            .extension(behaviour)
            .platform(|platform| platform.shutdown_budget = Duration::from_millis(100));
        let mut environment = start(&case).await.unwrap();
        let processes = environment.processes();
        environment.invoke(&hello(), &trace()).await;
        environment.freeze();
        environment.shutdown().await;
        assert_eq!(case.extension_events(), events);
        for (name, id) in processes {
            assert!(has_ended(id), "{name}");
        }
    }
}

#[tokio::test]
async fn a_runtime_that_ignores_sigterm_is_killed_at_once_or_leaves_the_extensions_their_time() {
    // The budget is nothing to a function without extensions: the test would not survive it.
    let alone = Case::new("ignores-sigterm")
        .platform(|platform| platform.shutdown_budget = Duration::from_hours(1));
    let environment = start(&alone).await.unwrap();
    let (_, id) = environment.processes().pop().unwrap();
    environment.shutdown().await;
    assert!(has_ended(id));

    let with_extension = Case::new("ignores-sigterm")
        .extension("")
        .platform(|platform| platform.shutdown_budget = Duration::from_secs(2));
    let environment = start(&with_extension).await.unwrap();
    environment.shutdown().await;
    assert_eq!(with_extension.extension_events(), "SHUTDOWN spindown\n");
}

#[tokio::test]
async fn a_sigterm_reaches_a_runtime_that_has_just_been_thawed() {
    // The budget of external extensions is none of its business, and its own is one that the test would not survive.
    let case = Case::new("graceful").platform(|platform| {
        platform.shutdown_budget = Duration::ZERO;
        platform.shutdown_budget_of_runtime = Duration::ZERO;
        platform.shutdown_budget_internal = Duration::from_hours(1);
    });
    let told = case.folder.path().join("sigterm");
    for _ in 0..20 {
        let mut environment = start(&case).await.unwrap();
        environment.invoke(&hello(), &trace()).await;
        environment.freeze();
        environment.shutdown().await;
        assert!(told.exists());
        std::fs::remove_file(&told).unwrap();
    }
}

#[tokio::test]
async fn beside_an_external_extension_the_runtime_has_its_own_part_of_the_time() {
    // What the extension has would not end the test if the runtime could use it.
    let case = Case::new("ignores-sigterm")
        .extension("")
        .platform(|platform| {
            platform.shutdown_budget = Duration::from_hours(1);
            platform.shutdown_budget_of_runtime = Duration::from_millis(10);
        });
    let environment = start(&case).await.unwrap();
    environment.shutdown().await;
    assert_eq!(case.extension_events(), "SHUTDOWN spindown\n");
}

#[tokio::test]
async fn an_extension_that_does_not_come_up_is_named() {
    for (behaviour, message) in [
        ("never-registers", "extension extension has not registered"),
        (
            "wrong-name",
            "ShutdownEventNotSupportedForInternalExtension",
        ),
        (
            "never-asks",
            "extension extension has not asked for its next event",
        ),
        ("exits-in-init", "the extension extension ended"),
        ("init-error", "Extension.NoLicence"),
    ] {
        let case = Case::new("")
            .extension(behaviour)
            .platform(|platform| platform.init_timeout = Duration::from_millis(500));
        let Err(error) = start(&case).await else {
            panic!("{behaviour}: it started")
        };
        assert!(error.to_string().contains(message), "{error}");
    }
}

#[tokio::test]
async fn ten_extensions_are_the_most() {
    let case = (0..11).fold(Case::new(""), |case, _| case.extension(""));
    let Err(error) = start(&case).await else {
        panic!("it started")
    };
    assert!(
        error
            .to_string()
            .contains("11 extensions: Lambda allows 10"),
        "{error}"
    );
}

#[tokio::test]
async fn a_child_that_runs_out_of_memory_does_not_end_the_invocation() {
    let mut case = Case::new("child-out-of-memory").platform(|platform| {
        platform.limits = Cgroups::detect(&limits::new_run_id());
    });
    case.function.memory_mb = 128;
    if !case.function.platform.limits.enforced() {
        eprintln!("skipped: no control group can be written here");
        return;
    }
    let mut environment = start(&case).await.unwrap();
    let invocation = environment.invoke(&hello(), &trace()).await;
    assert_eq!(
        response(&invocation.outcome),
        "the child: signal: 9 (SIGKILL)"
    );
    assert_eq!(invocation.report.status, None);
    environment.shutdown().await;
}

#[tokio::test]
async fn a_reset_leaves_nothing_running_and_keeps_the_control_group() {
    let run_id = limits::new_run_id();
    let case = Case::new("sleep")
        .once()
        .timeout(Duration::from_secs(1))
        .platform(|platform| platform.limits = Cgroups::detect(&run_id));
    let mut environment = start(&case).await.unwrap();
    let before = environment.processes();
    let late = environment.invoke(&hello(), &trace()).await;
    assert!(matches!(late.outcome, Outcome::Failed(Failure::Timeout(_))));
    environment.reset().await;
    assert!(environment.processes().is_empty());
    assert!(before.iter().all(|(_, id)| has_ended(*id)));
    let used = environment.cpu_usage().used;
    let next = environment.invoke(&hello(), &trace()).await;
    assert_eq!(response(&next.outcome), r#""hello""#);
    if case.function.platform.limits.enforced() {
        assert!(environment.cpu_usage().used > used, "it goes on counting");
    }
    environment.shutdown().await;
}

#[tokio::test]
async fn a_hanging_shutdown_does_not_keep_the_client_waiting() {
    // A budget that the test would not survive.
    let case = Case::new("crash")
        .once()
        .extension("ignores-shutdown")
        .platform(|platform| platform.shutdown_budget = Duration::from_hours(1));
    let service = Service::new(case.function.clone(), scaling());
    let served = service.invoke(&hello(), &trace()).await.unwrap();
    assert!(served.outcome.is_function_error());
    drop(service);
}
