//! `cargo lab aws run` from the outside: the real program, a real HTTP server, and a script in the place of the AWS CLI
//! that answers as the CLI does. Nobody who builds this project has an AWS account: what these tests cannot show is that
//! AWS still answers so.

mod load;
mod room;
mod server;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use lab_results::schema::{Measurement, Place, ResultsFile};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::Command;

use server::Server;

/// Rounds, and the requests of each, of `--quick --rounds 2`; a slow machine ends the closed loop early.
const ROUNDS: usize = 2;
const PACED: usize = 10;

/// Two deployed steps, and the folder that the stand-in works in.
struct Deployment {
    folder: tempfile::TempDir,
    server: Server,
}

/// How the program ended.
struct Ended {
    success: bool,
    stdout: String,
    stderr: String,
}

impl Ended {
    fn of(output: &Output) -> Self {
        Self {
            success: output.status.success(),
            stdout: String::from_utf8(output.stdout.clone()).unwrap(),
            stderr: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }
}

/// The stand-in first, before what else is on the `PATH`.
fn path_with_stand_in() -> String {
    let stand_in = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/aws");
    format!("{}:{}", stand_in.display(), std::env::var("PATH").unwrap())
}

impl Deployment {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(folder.path().to_owned()).await;
        let output = |step: &str, function: &str| {
            serde_json::json!({
                "Step": step, "Url": format!("{}/{function}/", server.url), "FunctionName": function,
                "Architecture": "x86_64", "Memory": "256", "Region": "eu-west-1",
            })
        };
        let outputs = serde_json::json!({
            "Stadiums-Step05": output("05-elasticache", "Stadiums-Step05"),
            "Stadiums-StepFloor": output("floor", "Stadiums-StepFloor"),
        });
        std::fs::write(folder.path().join("outputs.json"), outputs.to_string()).unwrap();
        Self { folder, server }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `lab aws run ARGUMENTS` with the stand-in first on the `PATH`.
    async fn run(&self, arguments: &[&str]) -> Ended {
        self.run_with(arguments, &path_with_stand_in()).await
    }

    async fn run_with(&self, arguments: &[&str], path: &str) -> Ended {
        let arguments = [arguments, &["--rounds", "2"]].concat();
        Ended::of(&self.command(&arguments, path).output().await.unwrap())
    }

    fn command(&self, arguments: &[&str], path: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lab"));
        command
            .args(["aws", "run", "--quick", "--outputs"])
            .arg(self.path("outputs.json"))
            .arg("--results")
            .arg(self.path("results.json"))
            .args(arguments)
            .env("PATH", path)
            .env("STANDIN", self.folder.path())
            .env("LAB_AWS_PAUSE_MS", "20")
            .stdin(Stdio::null());
        command
    }

    /// The message of a run that must fail.
    async fn error(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments).await;
        assert!(!ended.success, "{}", ended.stdout);
        ended.stderr
    }

    /// The commands that the stand-in was given.
    fn calls(&self) -> String {
        std::fs::read_to_string(self.path("calls")).unwrap_or_default()
    }
}

#[tokio::test]
async fn deployed_steps_are_measured_as_local_ones() {
    let deployment = Deployment::new().await;
    let ended = deployment.run(&["--yes"]).await;
    assert!(ended.success, "{}", ended.stderr);

    let results = ResultsFile::load(&deployment.path("results.json")).unwrap();
    assert_eq!(results.place, Place::Aws);
    let session = &results.sessions[0];
    assert_eq!(session.conditions.region.as_deref(), Some("eu-west-1"));
    assert!(
        session.conditions.machine.is_none()
            && session.conditions.network.is_none()
            && session.conditions.limits.is_none()
    );
    assert!(session.conditions.method.traces_sampled);
    let names: Vec<&str> = session.measurements.keys().map(String::as_str).collect();
    assert_eq!(names, ["05-elasticache", "floor"]);
    for measurement in session.measurements.values() {
        is_what_was_reported(measurement);
    }
    let title = &session.measurements["05-elasticache"].title;
    assert_eq!(title, "Cache-aside in ElastiCache");

    for heading in [
        "THE LADDER",
        "THE FUNCTION ALONE",
        "WARM",
        "COLD, SIZE, COST",
        "eu-west-1",
    ] {
        assert!(ended.stdout.contains(heading), "{}", ended.stdout);
    }
    for unknown in ["network", "binary", "ASKED OF"] {
        assert!(!ended.stdout.contains(unknown), "{}", ended.stdout);
    }
    assert!(!ended.stderr.contains("REMARK"), "{}", ended.stderr);
}

fn is_what_was_reported(measurement: &Measurement) {
    assert_eq!(
        (measurement.memory_mb, measurement.memory_overridden),
        (256, false)
    );
    assert_eq!(measurement.architecture, "x86_64");
    assert_eq!(
        (measurement.binary_bytes, measurement.zip_bytes),
        (None, 2_912_345)
    );
    assert_eq!(measurement.rounds.len(), ROUNDS);
    for round in &measurement.rounds {
        assert_eq!((round.init_us, round.first_duration_us), (20_500, 31_500));
        assert_eq!(round.warm_us.len(), PACED);
        assert_eq!(round.warm_duration_us, [3_250; PACED]);
        assert!(!round.closed_us.is_empty());
        assert_eq!(round.max_memory_mib, 21);
        assert_eq!((round.warm_cpu_us, round.warm_network_us), (None, None));
    }
}

#[tokio::test]
async fn each_round_is_one_kept_connection_after_one_change_that_is_through() {
    let deployment = Deployment::new().await;
    assert!(deployment.run(&["--yes"]).await.success);

    let behaviour = deployment.server.behaviour.lock().unwrap();
    // The check's connection and the rounds', for each of two functions.
    assert_eq!(behaviour.connections.len(), 2 * (1 + ROUNDS));
    for requests in &behaviour.connections[2..] {
        assert!(requests.len() > 1 + PACED, "{requests:?}");
        assert_eq!(requests.iter().collect::<BTreeSet<_>>().len(), 1);
    }
    let calls = deployment.calls();
    let changes: Vec<&str> = calls
        .lines()
        .filter(|call| call.contains("update-function"))
        .collect();
    // And the one that brings the old description back.
    assert_eq!(changes.len(), 2 * (ROUNDS + 1), "{calls}");
    assert!(
        changes[2 * ROUNDS..]
            .iter()
            .all(|call| call.contains("--description Cache-aside in ElastiCache"))
    );
    // Each change is looked at until it is through: the stand-in says InProgress once. The check looks, too.
    let looks = calls
        .lines()
        .filter(|call| call.contains("get-function"))
        .count();
    assert_eq!(looks, 2 + 2 * changes.len(), "{calls}");
}

#[tokio::test]
async fn a_start_among_the_warm_requests_is_left_out_and_said() {
    let deployment = Deployment::new().await;
    // Two functions were checked with two requests each; this is a paced one of the first round.
    deployment
        .server
        .behaviour
        .lock()
        .unwrap()
        .another_environment = Some(7);
    let ended = deployment.run(&["--yes"]).await;
    assert!(
        ended
            .stderr
            .contains("1 of the warm requests started another environment"),
        "{}",
        ended.stderr
    );
    let results = ResultsFile::load(&deployment.path("results.json")).unwrap();
    let rounds = &results.sessions[0].measurements["05-elasticache"].rounds;
    assert_eq!(rounds[0].warm_us.len(), PACED - 1);
    assert_eq!(rounds[1].warm_us.len(), PACED);
}

#[tokio::test]
async fn rounds_that_did_not_begin_cold_are_left_out_and_not_counted() {
    let deployment = Deployment::new().await;
    std::fs::write(deployment.path("warm-Stadiums-Step05"), "").unwrap();
    let ended = deployment.run(&["--yes"]).await;
    let remark = "1 of 2 rounds are left out";
    assert!(ended.stderr.contains(remark), "{}", ended.stderr);
    let results = ResultsFile::load(&deployment.path("results.json")).unwrap();
    let session = &results.sessions[0];
    assert_eq!(session.conditions.method.rounds, 1);
    for measurement in session.measurements.values() {
        assert_eq!(measurement.rounds.len(), 1);
    }
}

#[tokio::test]
async fn an_interruption_gives_the_functions_their_descriptions_back() {
    let deployment = Deployment::new().await;
    let mut command = deployment.command(&["--yes", "--rounds", "100"], &path_with_stand_in());
    let child = command.stderr(Stdio::piped()).kill_on_drop(true).spawn();
    let child = child.unwrap();
    // The first request after the checks: the descriptions are being changed.
    deployment.server.has_had(2 * 2 + 1).await;
    let id = Pid::from_raw(child.id().unwrap().try_into().unwrap());
    kill(id, Signal::SIGINT).unwrap();
    let output = child.wait_with_output().await.unwrap();
    assert_eq!(output.status.code(), Some(130));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.ends_with("interrupted\n"), "{stderr}");
    let calls = deployment.calls();
    for function in ["Stadiums-Step05", "Stadiums-StepFloor"] {
        let of_this = |call: &&str| call.contains("update-function") && call.contains(function);
        let last = calls.lines().rfind(of_this).unwrap();
        assert!(last.contains("Cache-aside in ElastiCache"), "{calls}");
    }
}

#[tokio::test]
async fn calls_of_somebody_else_spoil_the_measurement_and_are_noticed() {
    let deployment = Deployment::new().await;
    deployment.server.behaviour.lock().unwrap().lines = 2;
    let error = deployment.error(&["--yes"]).await;
    assert!(
        error.contains("somebody else calls the function"),
        "{error}"
    );
}

#[tokio::test]
async fn a_dry_run_says_what_and_how_dear_and_does_nothing() {
    let deployment = Deployment::new().await;
    let ended = deployment.run(&["05", "--dry-run"]).await;
    assert!(ended.success, "{}", ended.stderr);
    assert!(
        ended.stderr.contains("Estimated cost: at most $0."),
        "{}",
        ended.stderr
    );
    for command in [
        "aws lambda get-function --function-name Stadiums-Step05 --query Configuration --region eu-west-1",
        "aws lambda update-function-configuration --function-name Stadiums-Step05 --description 'cargo lab: cold start N'",
        "aws logs filter-log-events --log-group-name /aws/lambda/Stadiums-Step05",
        "/Stadiums-StepFloor/",
    ] {
        assert!(ended.stdout.contains(command), "{}", ended.stdout);
    }
    did_nothing(&deployment);
}

#[tokio::test]
async fn without_a_yes_nothing_is_done() {
    let deployment = Deployment::new().await;
    let error = deployment.error(&[]).await;
    assert!(error.contains("say --yes"), "{error}");
    did_nothing(&deployment);
}

fn did_nothing(deployment: &Deployment) {
    assert_eq!(deployment.calls(), "");
    assert_eq!(deployment.server.requests(), 0);
    assert!(!deployment.path("results.json").exists());
}

#[tokio::test]
async fn what_is_not_deployed_or_unknown_is_named() {
    let deployment = Deployment::new().await;
    let error = deployment.error(&["03", "--yes"]).await;
    let expected = "03-parameters-extension is not deployed: `npm run deploy -- 03-parameters-extension` in infra/. \
                    Deployed are: 05-elasticache, floor";
    assert!(error.contains(expected), "{error}");
    let error = deployment.error(&["98", "--yes"]).await;
    assert!(error.contains("there is no step 98"), "{error}");
    std::fs::remove_file(deployment.path("outputs.json")).unwrap();
    let error = deployment.error(&["05", "--yes"]).await;
    assert!(error.contains("nothing is deployed from here"), "{error}");
    assert!(error.contains("`npm run deploy -- 05`"), "{error}");
    did_nothing(&deployment);
}

#[tokio::test]
async fn a_missing_cli_is_told_from_one_that_fails() {
    let deployment = Deployment::new().await;
    let bare = deployment.path("bare");
    std::fs::create_dir(&bare).unwrap();
    let ended = deployment
        .run_with(&["--yes"], bare.to_str().unwrap())
        .await;
    assert!(
        ended.stderr.contains("the AWS CLI is missing"),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stderr.contains("install version 2"),
        "{}",
        ended.stderr
    );
}

/// What the CLI says, and what of our answer a reader needs.
const FAILURES: [(&str, &str); 6] = [
    (
        "\nAn error occurred (TooManyRequestsException) when calling the GetFunction operation (reached max retries: 9): Rate exceeded\n",
        "Too many ask at once: the quota is the whole account's",
    ),
    (
        "\nUnable to locate credentials. You can configure credentials by running \"aws login\".\n",
        "There are no valid credentials: run `aws configure` or `aws sso login`",
    ),
    (
        "\nAn error occurred (ExpiredTokenException) when calling the GetFunction operation: The security token included in the request is expired\n",
        "The session has expired: run `aws sso login`",
    ),
    (
        "\nError when retrieving token from sso: Token has expired and refresh failed\n",
        "The session has expired: run `aws sso login`",
    ),
    (
        "\nAn error occurred (AccessDeniedException) when calling the GetFunction operation: User: arn:aws:iam::123456789012:user/ada is not authorized to perform: lambda:GetFunction\n",
        "lambda:UpdateFunctionConfiguration and logs:FilterLogEvents are needed",
    ),
    (
        "\nAn error occurred (ResourceNotFoundException) when calling the GetFunction operation: Function not found: arn:aws:lambda:eu-west-1:123456789012:function:Stadiums-Step05\n",
        "is AWS_PROFILE the one that deployed it?",
    ),
];

#[tokio::test]
async fn each_failure_of_the_cli_says_what_to_do() {
    let deployment = Deployment::new().await;
    for (said, help) in FAILURES {
        std::fs::write(deployment.path("fail"), said).unwrap();
        let error = deployment.error(&["--yes"]).await;
        assert!(error.contains(help), "{error}");
        assert!(error.contains(said.trim().trim_end_matches('.')), "{error}");
        assert!(
            error.contains("05-elasticache: `aws lambda get-function"),
            "{error}"
        );
    }
    assert_eq!(deployment.server.requests(), 0);
}

#[tokio::test]
async fn a_function_that_fails_is_not_measured() {
    let deployment = Deployment::new().await;
    deployment.server.behaviour.lock().unwrap().status = 503;
    let error = deployment.error(&["--yes"]).await;
    assert!(
        error.contains("the answer of 05-elasticache is 503"),
        "{error}"
    );
    assert!(error.contains("infra/README.md"), "{error}");
    assert!(!deployment.calls().contains("update-function"));
}
