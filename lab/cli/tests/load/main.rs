//! `cargo lab load`: what is counted of a load, in the emulated service and over HTTP. Nothing here asserts how fast anything
//! is: requests, refusals, cold starts and calls are counted.

mod server;

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use lab::programs;
use lab_bench::load::Strategy;
use lab_bench::load::emulated::{Account, load};
use lab_bench::target::Target;
use lab_bench::testbed::{Setup, Testbed};
use lab_results::load::Loaded;
use lab_results::schema::{Place, ResultsFile};
use lab_workspace::Workspace;
use lab_workspace::progress::Progress;
use tokio::process::Command;

use server::Server;

/// A strategy of one phase.
fn strategy(phase: &str, more: &str) -> String {
    format!(
        "config:\n  phases:\n    - {phase}\n{more}scenarios:\n  - flow:\n      - get:\n          url: /\n          expect:\n            - statusCode: 200\n"
    )
}

fn parse(text: &str) -> Strategy {
    Strategy::parse(text, Path::new("test.yml")).unwrap()
}

/// A lab whose services are at no distance.
async fn lab(workspace: &Workspace) -> Testbed {
    let setup = Setup {
        workspace,
        profile: "loopback",
        parameter_quota: None,
        programs: programs::ensure(true).await.unwrap(),
    };
    Testbed::start(setup).await.unwrap()
}

async fn loaded(
    lab: &Testbed,
    workspace: &Workspace,
    step: &str,
    phase: &str,
    account: Account,
) -> Loaded {
    let target = Target::of_step(workspace.step(step).unwrap());
    let executable = target.executable(workspace).await.unwrap();
    let mut progress = Progress::start(step);
    let strategy = parse(&strategy(phase, ""));
    let (loaded, samples) = load(
        lab,
        (&target, &executable),
        &strategy,
        account,
        &mut progress,
    )
    .await
    .unwrap();
    assert_eq!(samples.len() as u64, loaded.offered);
    assert_eq!(loaded.errors.values().sum::<u64>(), loaded.failed());
    loaded
}

#[tokio::test]
async fn what_limits_a_step_is_counted_where_it_bites() {
    let workspace = Workspace::load().unwrap();
    let lab = lab(&workspace).await;
    let plenty = Account {
        concurrency: 10,
        parameter_quota: 1000,
    };

    let calm = loaded(
        &lab,
        &workspace,
        "05",
        "{ duration: 2, arrivalCount: 10 }",
        plenty,
    )
    .await;
    assert_eq!((calm.offered, calm.served), (10, 10), "{:?}", calm.errors);
    assert_eq!(calm.first_error_s, None);
    assert!(calm.cold_starts.unwrap() >= 1);
    assert_eq!(
        calm.cold_starts, calm.environments,
        "each environment started for a request"
    );
    // The first request finds the cache empty. Another may before the list is there.
    let (gets, hits) = (calm.counts["cache.gets"], calm.counts["cache.hits"]);
    assert!(gets >= 10 && hits < gets, "{:?}", calm.counts);
    assert_eq!(calm.series.offered.iter().sum::<u32>(), 10);
    assert_eq!(
        u64::from(calm.series.cold_starts.iter().sum::<u32>()),
        calm.cold_starts.unwrap()
    );

    // One unit of concurrency: ten requests are there, the others would be there within seconds.
    let one = Account {
        concurrency: 1,
        ..plenty
    };
    let burst = loaded(
        &lab,
        &workspace,
        "floor",
        "{ duration: 100ms, arrivalCount: 100 }",
        one,
    )
    .await;
    assert_eq!(burst.offered, 100);
    assert!(burst.served >= 1);
    assert_eq!(burst.environments, Some(1));
    let refused = burst.errors.iter();
    let refused = refused.filter(|(what, _)| what.starts_with("503: throttled by Lambda, "));
    let refused: u64 = refused.map(|(_, count)| count).sum();
    assert_eq!(refused, burst.failed(), "{:?}", burst.errors);
    assert!(refused > 50, "{:?}", burst.errors);
    assert!(burst.first_error_s.is_some());

    // Parameter Store answers once a second, and 02 asks at each request.
    let poor = Account {
        concurrency: 4,
        parameter_quota: 1,
    };
    let throttled = loaded(
        &lab,
        &workspace,
        "02",
        "{ duration: 2, arrivalCount: 12 }",
        poor,
    )
    .await;
    assert_eq!(throttled.offered, 12);
    let count = |name: &str| throttled.counts.get(name).copied().unwrap_or_default();
    assert!(count("parameters.throttled") > 0, "{:?}", throttled.counts);
    let granted = count("parameters.get_parameters") - count("parameters.throttled");
    assert!(throttled.served <= granted, "{:?}", throttled.counts);
    assert!(throttled.failed() > 0);
    let by_the_step = |what: &String| what.starts_with("503: {");
    assert!(
        throttled.errors.keys().any(by_the_step),
        "{:?}",
        throttled.errors
    );
    assert!(!throttled.logged.is_empty(), "the log says why");
    lab.stop().await;
}

/// The program, with a strategy of this text and a results file.
struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new(strategy: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("test.yml"), strategy).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn load(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_lab"))
            .args(["load", "--yes", "--strategy"])
            .arg(self.path("test.yml"))
            .arg("--results")
            .arg(self.path("results.json"))
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .await
            .unwrap()
    }

    fn results(&self) -> ResultsFile {
        ResultsFile::load(&self.path("results.json")).unwrap()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn any_server_can_be_loaded() {
    let server = Server::start(200).await;
    let bench = Bench::new(&strategy("{ duration: 1, arrivalCount: 30 }", ""));
    let svg = bench.path("load.svg");
    let arguments = [
        "--url",
        &server.url,
        "--svg",
        svg.to_str().unwrap(),
        "--label",
        "me",
    ];
    let output = bench.load(&arguments).await;
    assert!(output.status.success(), "{}", text(&output.stderr));
    // The first one is the check's.
    assert_eq!(server.requests(), 1 + 30);
    assert!(server.connections() <= server.requests());

    let results = bench.results();
    assert_eq!(results.place, Place::Local);
    let load = &results.loads[0];
    assert_eq!(
        (load.strategy.as_str(), load.conditions.label.as_deref()),
        ("test", Some("me"))
    );
    let loaded = &load.steps[&server.url];
    assert_eq!((loaded.offered, loaded.served), (30, 30));
    assert_eq!((loaded.cold_starts, loaded.environments), (None, None));
    assert!(loaded.series.cold_starts.is_empty());
    let stdout = text(&output.stdout);
    for heading in ["LOAD  test: 30 within 1 s", "connections reused", "30.0"] {
        assert!(stdout.contains(heading), "{stdout}");
    }
    assert!(!stdout.contains("THE CEILING"), "a URL has none: {stdout}");
    let svg = std::fs::read_to_string(svg).unwrap();
    assert!(
        svg.starts_with("<svg ") && svg.contains("30 of 30 served"),
        "{svg}"
    );
}

#[tokio::test]
async fn what_does_not_hold_ends_with_1_and_is_kept_all_the_same() {
    let server = Server::start(200).await;
    let ensure =
        "  ensure:\n    thresholds:\n      - http.response_time.min: 0\n      - vusers.failed: 1\n";
    let bench = Bench::new(&strategy("{ duration: 1, arrivalCount: 5 }", ensure));
    let output = bench.load(&["--url", &server.url, "--json"]).await;
    assert_eq!(output.status.code(), Some(1));
    let stderr = text(&output.stderr);
    let wanted = "http.response_time.min is ";
    assert!(
        stderr.contains(wanted) && !stderr.contains("vusers.failed"),
        "{stderr}"
    );
    let printed: ResultsFile = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(printed, bench.results());
}

#[tokio::test]
async fn a_server_that_answers_wrongly_is_not_loaded() {
    let server = Server::start(503).await;
    let bench = Bench::new(&strategy("{ duration: 1, arrivalCount: 5 }", ""));
    let output = bench.load(&["--url", &server.url]).await;
    assert_eq!(output.status.code(), Some(1));
    let stderr = text(&output.stderr);
    assert!(
        stderr.contains("before there is any load: 503: "),
        "{stderr}"
    );
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn a_file_that_is_not_understood_is_named_by_its_line_and_nothing_is_sent() {
    let server = Server::start(200).await;
    let bench = Bench::new(&strategy(
        "{ duration: 1, arrivalRate: 5, maxVusers: 2 }",
        "",
    ));
    let output = bench.load(&["--url", &server.url]).await;
    assert_eq!(output.status.code(), Some(1));
    let stderr = text(&output.stderr);
    assert!(
        stderr.contains("test.yml:3: the lab does not know maxVusers here"),
        "{stderr}"
    );
    assert_eq!(server.requests(), 0);
    assert!(!bench.path("results.json").exists());
}

#[tokio::test]
async fn the_ceiling_needs_no_load() {
    let load = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lab"));
        command.args(["ceiling", "--results", "data/results/reference.json"]);
        command.args(arguments).output()
    };
    let output = load(&["00", "05", "floor"]).await.unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let stdout = text(&output.stdout);
    for expected in [
        "THE CEILING",
        "Parameter Store",
        "00-unoptimized",
        "in a new account",
        "cache",
        "higher throughput",
    ] {
        assert!(stdout.contains(expected), "{stdout}");
    }
    let output = load(&["05", "--json"]).await.unwrap();
    let ceilings: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(ceilings["steps"][0]["step"], "05-elasticache");
    let first = &ceilings["steps"][0]["limits"][0];
    assert!(first["per_second"].as_f64().unwrap() > 0.0, "{first}");
    // It takes exactly what it uses.
    for unused in [
        &["--concurrency", "10"],
        &["--memory", "512"],
        &["--like", "05"],
        &["--label", "ada"],
    ] {
        let output = load(unused).await.unwrap();
        assert_eq!(output.status.code(), Some(2), "{unused:?}");
    }
}

#[tokio::test]
async fn a_former_spelling_is_answered_with_the_new_one() {
    let output = Command::new(env!("CARGO_BIN_EXE_lab"))
        .args(["load", "--aws", "05", "--dry-run"])
        .output();
    let output = output.await.unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        text(&output.stderr),
        "error: `cargo lab load --aws 05 --dry-run` is now `cargo lab aws load 05 --dry-run`\n"
    );
}
