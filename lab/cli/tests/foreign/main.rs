//! Somebody else's runtime under the emulated Lambda: a bootstrap in Node.js that nobody here compiled or linked.

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lab_bench::run_directory::RunDirectory;
use lab_bench::testbed::platform;
use lab_lambda::api_gateway::{HttpResponse, http_event, http_response};
use lab_lambda::{Environment, Function, Outcome, TraceHeader};
use lab_workspace::Workspace;

/// Where Lambda looks for programs: a Node.js elsewhere is none for a bootstrap.
const LAMBDA_PATH: &str = "/usr/local/bin:/usr/bin/:/bin:/opt/bin";

/// What the environment wrote, with its source.
type Lines = Arc<Mutex<Vec<(String, String)>>>;

/// A foreign runtime in an environment of its own.
struct Foreign {
    environment: Environment,
    lines: Lines,
    /// A variable that no other process has.
    mark: String,
    limited: bool,
    // Last: the control groups are named after it.
    _directory: RunDirectory,
}

impl Foreign {
    /// `None`, and a line that says so, where there is no Node.js.
    async fn start() -> Option<Self> {
        let node = Command::new("/usr/bin/env")
            .args(["node", "--version"])
            .env_clear()
            .env("PATH", LAMBDA_PATH)
            .output();
        if !node.is_ok_and(|output| output.status.success()) {
            eprintln!("skipped: no node");
            return None;
        }
        let workspace = Workspace::load().unwrap();
        let facts = workspace.facts().unwrap().clone();
        let directory = RunDirectory::create().unwrap();
        let platform = platform(&facts, &directory).unwrap();
        let limited = platform.limits.enforced();
        let mark = format!("MARK={}", directory.run_id());
        let (name, value) = mark.split_once('=').unwrap();
        let lines = Lines::default();
        let sink = Arc::clone(&lines);
        let function = Function {
            name: "foreign".to_owned(),
            memory_mb: 128,
            timeout: Duration::from_secs(30),
            bootstrap: Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/foreign/bootstrap"),
            extensions: Vec::new(),
            opt: None,
            variables: vec![(name.to_owned(), value.to_owned())],
            platform: Arc::new(platform),
            log: Some(Arc::new(move |line| {
                let line = (line.source.to_owned(), line.text.to_owned());
                sink.lock().unwrap().push(line);
            })),
        };
        let environment = Environment::start(&Arc::new(function)).await.unwrap();
        Some(Self {
            environment,
            lines,
            mark,
            limited,
            _directory: directory,
        })
    }

    async fn invoke(&mut self, path: &str) -> Outcome {
        let event = http_event("GET", path);
        let trace = TraceHeader::new(false);
        self.environment.invoke(&event, &trace).await.outcome
    }

    async fn get(&mut self, path: &str) -> HttpResponse {
        let Outcome::Response(payload) = self.invoke(path).await else {
            panic!("no answer: {}", self.environment.log_tail())
        };
        http_response(&payload).unwrap()
    }

    /// The state of each thread of the process with the mark.
    fn states(&self) -> Vec<char> {
        let processes = std::fs::read_dir("/proc").unwrap().flatten();
        let own = processes.filter(|process| {
            let variables = std::fs::read(process.path().join("environ")).unwrap_or_default();
            variables
                .split(|byte| *byte == 0)
                .any(|variable| variable == self.mark.as_bytes())
        });
        let threads = own.flat_map(|process| std::fs::read_dir(process.path().join("task")));
        let states = threads.flatten().flatten().filter_map(|thread| {
            let stat = std::fs::read_to_string(thread.path().join("stat")).ok()?;
            stat.rsplit_once(") ")?.1.chars().next()
        });
        states.collect()
    }

    /// The REPORT lines so far.
    fn reports(&self) -> Vec<String> {
        let lines = self.lines.lock().unwrap();
        let reports = lines.iter().filter(|(_, text)| text.starts_with("REPORT "));
        reports.map(|(_, text)| text.clone()).collect()
    }
}

#[tokio::test]
async fn it_answers_and_is_reported() {
    let Some(mut foreign) = Foreign::start().await else {
        return;
    };
    for path in ["/", "/again"] {
        let response = foreign.get(path).await;
        assert_eq!(response.status, 200);
        let body: serde_json::Value = serde_json::from_slice(&response.body).unwrap();
        assert_eq!(
            (&body["path"], &body["runtime"]),
            (&path.into(), &"Node.js".into())
        );
    }
    let [cold, warm] = &foreign.reports()[..] else {
        panic!("{:?}", foreign.reports())
    };
    assert!(cold.contains("\tInit Duration: "), "{cold}");
    assert!(!warm.contains("\tInit Duration: "), "{warm}");
    for report in [cold, warm] {
        assert!(report.contains("\tMemory Size: 128 MB\t"), "{report}");
        assert!(!report.contains("Status: "), "{report}");
    }
    foreign.environment.shutdown().await;
}

#[tokio::test]
async fn it_is_held_back_to_its_share_of_a_cpu() {
    let Some(mut foreign) = Foreign::start().await else {
        return;
    };
    if !foreign.limited {
        eprintln!("skipped: no control group can be written here");
        return;
    }
    let before = foreign.environment.cpu_usage();
    foreign.get("/spin").await;
    let after = foreign.environment.cpu_usage();
    assert!(after.throttled > before.throttled, "{after:?}");
    foreign.environment.shutdown().await;
}

#[tokio::test]
async fn it_is_frozen_between_invocations() {
    let Some(mut foreign) = Foreign::start().await else {
        return;
    };
    foreign.get("/").await;
    assert!(!foreign.states().is_empty(), "the process is found");
    foreign.environment.freeze();
    // Node.js has threads beside its event loop. One that is never stopped hangs the test.
    while foreign.states().iter().any(|state| *state != 'T') {
        tokio::task::yield_now().await;
    }
    assert_eq!(foreign.get("/thawed").await.status, 200);
    foreign.environment.shutdown().await;
}

#[tokio::test]
async fn its_crash_is_reported_with_what_it_said() {
    let Some(mut foreign) = Foreign::start().await else {
        return;
    };
    foreign.get("/").await;
    assert!(!matches!(
        foreign.invoke("/crash").await,
        Outcome::Response(_)
    ));
    assert!(!foreign.environment.is_alive());
    let reports = foreign.reports();
    let report = reports.last().unwrap();
    assert!(
        report.contains("\tStatus: error\tError Type: Runtime.ExitError\t"),
        "{report}"
    );
    let said = |foreign: &Foreign| {
        let lines = foreign.lines.lock().unwrap();
        lines
            .iter()
            .any(|(source, text)| source == "function" && text.contains("on purpose"))
    };
    while !said(&foreign) {
        tokio::task::yield_now().await;
    }
    foreign.environment.shutdown().await;
}
