//! Environments around a real process: `examples/bootstrap.rs`, which behaves as it is told.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use lab_lambda::{Cgroups, Environment, Function, Outcome, Platform, StartError, limits};

use crate::support::{function, platform, trace};

async fn start(function: Function) -> Environment {
    Environment::start(&Arc::new(function)).await.unwrap()
}

/// Environments hold processes and cannot be printed, so `unwrap_err` does not work on them.
async fn failure(function: Function) -> StartError {
    match Environment::start(&Arc::new(function)).await {
        Ok(_) => panic!("it started"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn events_come_back_and_only_the_first_report_has_an_init_phase() {
    let mut environment = start(function("")).await;
    for number in 0..3 {
        let event = Bytes::from(format!("[{number}]"));
        let invocation = environment.invoke(&event, &trace()).await;
        let Outcome::Response(response) = &invocation.outcome else {
            panic!("{invocation:?}")
        };
        assert_eq!(response, &event);
        assert_eq!(invocation.report.init.is_some(), number == 0);
        assert!(
            invocation.report.max_memory_mb > 0,
            "memory is measured, with or without limits"
        );
        assert!(invocation.latency.unwrap() <= invocation.report.duration);
        environment.freeze();
    }
    environment.shutdown().await;
}

#[tokio::test]
async fn the_variables_are_those_of_lambda_and_no_others() {
    let mut environment = start(function("variables")).await;
    let invocation = environment.invoke(&Bytes::new(), &trace()).await;
    let Outcome::Response(variables) = invocation.outcome else {
        panic!("{:?}", invocation.outcome)
    };
    let variables = String::from_utf8(variables.to_vec()).unwrap();
    let value = |name: &str| {
        variables
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{name}=")))
    };
    assert_eq!(value("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"), Some("256"));
    assert_eq!(value("AWS_SESSION_TOKEN"), Some("token"));
    assert_eq!(value("BEHAVIOUR"), Some("variables"));
    assert_eq!(
        value("AWS_EXECUTION_ENV"),
        None,
        "OS-only runtimes do not have it"
    );
    assert_eq!(value("HOME"), None, "nothing is inherited from the lab");
    environment.shutdown().await;
}

#[tokio::test]
async fn a_frozen_environment_does_not_run() {
    let mark = format!("MARK={:032x}", fastrand::u128(..));
    let (name, value) = mark.split_once('=').unwrap();
    let mut marked = function("");
    marked.variables.push((name.to_owned(), value.to_owned()));
    let mut environment = start(marked).await;
    environment.invoke(&Bytes::from("[]"), &trace()).await;
    environment.freeze();
    // The signal takes effect when the process is scheduled next; a process that is never stopped hangs the test.
    while state_of_process_with(&mark) != "T" {
        tokio::task::yield_now().await;
    }
    let invocation = environment.invoke(&Bytes::from("[1]"), &trace()).await;
    assert!(
        matches!(invocation.outcome, Outcome::Response(_)),
        "it is thawed for the next event"
    );
    environment.shutdown().await;
}

/// The scheduling state of the process that has this variable, as `/proc` gives it.
fn state_of_process_with(variable: &str) -> String {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let mut states = processes.filter_map(|entry| {
        let variables = std::fs::read(entry.path().join("environ")).ok()?;
        let has = variables
            .split(|byte| *byte == 0)
            .any(|one| one == variable.as_bytes());
        let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
        let state = stat.rsplit_once(") ")?.1.split(' ').next()?.to_owned();
        has.then_some(state)
    });
    states.next().expect("the environment's process")
}

#[tokio::test]
async fn every_way_to_fail_in_init_has_its_message() {
    let exited = failure(function("exit-in-init")).await.to_string();
    assert!(
        exited.contains("the runtime ended during the init phase (exit status: 3)"),
        "{exited}"
    );
    assert!(exited.contains("| a line before the end"), "{exited}");

    let reported = failure(function("init-error")).await.to_string();
    assert!(
        reported.contains("Config.Missing") && reported.contains("no table name"),
        "{reported}"
    );

    let never = Function {
        platform: Arc::new(Platform {
            init_timeout: Duration::from_millis(300),
            ..platform(Cgroups::None {
                reason: String::new(),
            })
        }),
        ..function("never-next")
    };
    let never = failure(never).await.to_string();
    assert!(never.contains("/runtime/invocation/next"), "{never}");

    let missing = Function {
        bootstrap: PathBuf::from("/nowhere/bootstrap"),
        ..function("")
    };
    let missing = failure(missing).await.to_string();
    assert!(
        missing.contains("cannot start /nowhere/bootstrap"),
        "{missing}"
    );
}

#[tokio::test]
async fn the_cpu_quota_holds_an_invocation_back_and_the_group_goes_with_the_environment() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&lines);
    let run_id = limits::new_run_id();
    let platform = platform(Cgroups::detect(&run_id));
    if !platform.limits.enforced() {
        eprintln!("skipped: no control group can be written here");
        return;
    }
    let limited = Function {
        platform: Arc::new(platform),
        log: Some(Arc::new(move |line| {
            sink.lock().unwrap().push(line.text.to_owned());
        })),
        ..function("spin")
    };
    let mut environment = start(limited).await;
    let before = environment.cpu_usage();
    environment.invoke(&Bytes::new(), &trace()).await;
    let after = environment.cpu_usage();
    // 50 ms of spinning at 256 MiB, which buys 2.9 of every 20 ms: most of it is spent waiting for quota. How long it
    // takes depends on the machine, that it is throttled does not.
    assert!(after.throttled > before.throttled);
    assert!(after.used > before.used);
    environment.shutdown().await;
    let own = format!("{}{run_id}", limits::GROUP_PREFIX);
    assert!(
        !find_group(&own),
        "the control groups go with the last environment"
    );
    assert!(
        lines
            .lock()
            .unwrap()
            .iter()
            .any(|line| line.starts_with("REPORT RequestId: "))
    );
}

/// Whether any cgroup hierarchy has a group of this name.
fn find_group(name: &str) -> bool {
    let mut folders = vec![PathBuf::from("/sys/fs/cgroup")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.file_name() == name {
                return true;
            }
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(entry.path());
            }
        }
    }
    false
}
