//! Every step in every fault, with the fault in the real service: what its clients get, and when it is well again. A
//! target of its own, so that nothing else runs meanwhile: what hangs is given up at the invocation's deadline.

use expect_test::expect_file;
use lab::programs;
use lab_bench::faults::{Fault, matrix};
use lab_bench::target::Target;
use lab_bench::testbed::{Setup, Testbed};
use lab_results::view::faults::section;
use lab_workspace::Workspace;
use lab_workspace::progress::Progress;

#[tokio::test]
async fn every_step_does_in_every_fault_what_the_design_asks_for() {
    let workspace = Workspace::load().unwrap();
    let setup = Setup {
        workspace: &workspace,
        profile: "loopback",
        parameter_quota: None,
        programs: programs::ensure(true).await.unwrap(),
    };
    let lab = Testbed::start(setup).await.unwrap();
    let mut targets = Vec::new();
    for target in workspace.steps.iter().map(Target::of_step) {
        if target.serves_stadiums() {
            let executable = target.executable(&workspace).await.unwrap();
            targets.push((target, executable));
        }
    }
    let mut progress = Progress::start("faults");
    let clock = lab.clock(&workspace).await.unwrap();
    let rows = matrix(&lab, &clock, &targets, &Fault::ALL, &mut progress)
        .await
        .unwrap();
    lab.stop().await;

    let token = |logged: &String| logged.contains("token");
    for row in rows.iter().filter(|row| row.fault.contains("IAM token")) {
        for cell in &row.cells {
            assert!(cell.logged.iter().any(token), "{}: {cell:?}", row.fault);
        }
    }
    let mut deviations = Vec::new();
    for row in &rows {
        for cell in &row.cells {
            if !cell.as_designed {
                deviations.push(format!("{}: {cell:?}", row.fault));
            }
            // Whoever is on call finds the cause in the log, also where the client noticed nothing but a longer wait.
            if cell.status == 503
                || row.fault.contains("cache") && !row.fault.contains("PostgreSQL")
            {
                assert!(!cell.logged.is_empty(), "{}: {cell:?}", row.fault);
            }
            for secret in ["127.0.0.1", "localhost", "stadiums_reader", "/stadiums/"] {
                assert!(!cell.saw.contains(secret), "{}: {cell:?}", row.fault);
            }
        }
    }
    assert!(deviations.is_empty(), "{deviations:#?}");
    expect_file!["golden/faults.txt"].assert_eq(&section(&rows, false).text(None));
}
