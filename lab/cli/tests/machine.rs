//! Anybody's machine: the lab's own program where a machine is not as one would wish, as far as any machine can be made
//! to look like that. A target of its own, since it runs the lab beside itself.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use lab::programs;
use lab_bench::testbed;
use lab_results::schema::ResultsFile;
use lab_workspace::Workspace;
use lab_workspace::builder;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use tempfile::TempDir;

/// `cargo lab run floor --quick --yes --results FILE`, without cargo.
fn lab_run(root: &Path, results: &Path) -> Command {
    let mut lab = Command::new(env!("CARGO_BIN_EXE_lab"));
    lab.args(["run", "floor", "--quick", "--yes", "--results"])
        .arg(results)
        .current_dir(root);
    lab
}

/// A folder whose name needs quotes wherever a shell reads it. Open to the services' user, so that they keep data there.
fn folder_with_spaces() -> TempDir {
    tempfile::Builder::new()
        .prefix("a folder's name, ")
        .permissions(fs::Permissions::from_mode(0o755))
        .tempdir_in("/tmp")
        .unwrap()
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Runs a program on one of the CPUs that this process may use. Affinity is inherited from the thread that starts it.
fn on_one_cpu(command: &mut Command) -> Output {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let allowed = sched_getaffinity(Pid::from_raw(0)).unwrap();
            let first = (0..CpuSet::count()).find(|cpu| allowed.is_set(*cpu).unwrap());
            let mut one = CpuSet::new();
            one.set(first.unwrap()).unwrap();
            sched_setaffinity(Pid::from_raw(0), &one).unwrap();
            command.output().unwrap()
        });
        thread.join().unwrap()
    })
}

#[tokio::test]
async fn on_one_cpu_behind_dead_proxies_and_in_paths_with_spaces_it_measures() {
    let root = Workspace::load().unwrap().root;
    // What the lab would fetch or build is there before the proxies are.
    programs::ensure(true).await.unwrap();
    builder::build_one(&root, "step-floor").await.unwrap();
    testbed::build(&root).await.unwrap();
    // A port that was free a moment ago: nobody answers there.
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let folder = folder_with_spaces();
    let results = folder.path().join("my results.json");
    let mut lab = lab_run(&root, &results);
    lab.env("TMPDIR", folder.path());
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        for name in [name.to_owned(), name.to_lowercase()] {
            lab.env(name, format!("http://{closed}"));
        }
    }
    for name in ["NO_PROXY", "no_proxy"] {
        lab.env_remove(name);
    }

    let output = on_one_cpu(&mut lab);

    assert!(output.status.success(), "{}", text(&output));
    let file = ResultsFile::load(&results).unwrap();
    let (session, measured) = file.latest(Some("region"), "floor").unwrap();
    assert_eq!(
        session.conditions.method.pinning.as_deref(),
        Some("function and lab share 1 CPU(s)")
    );
    assert_eq!(
        session.conditions.machine.as_ref().unwrap().logical_cores,
        1
    );
    assert_eq!(
        measured.rounds.len(),
        session.conditions.method.rounds as usize
    );
    let left = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 1, "the results file, and nothing of the run");
}

#[test]
fn an_old_or_foreign_results_file_is_refused_by_name_and_left_as_it_was_before_anything_is_built() {
    let root = Workspace::load().unwrap().root;
    for (content, complaint) in [
        (
            r#"{"schema":0,"where":"local","sessions":[]}"#,
            "was written by schema 0",
        ),
        (
            r#"{"schema":2,"where":"local","sessions":[],"weather":"fine"}"#,
            "unknown field `weather`",
        ),
        ("", "no results file"),
    ] {
        let folder = folder_with_spaces();
        let results = folder.path().join("old results.json");
        fs::write(&results, content).unwrap();
        let target = folder.path().join("target");

        let output = lab_run(&root, &results)
            .env("CARGO_TARGET_DIR", &target)
            .output()
            .unwrap();

        let said = text(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(results.to_str().unwrap()), "{said}");
        assert!(said.contains(complaint), "{said}");
        assert!(said.contains("ove it away") || said.contains("move the file away"));
        assert_eq!(fs::read_to_string(&results).unwrap(), content);
        assert!(!target.exists(), "nothing was built");
    }
}
