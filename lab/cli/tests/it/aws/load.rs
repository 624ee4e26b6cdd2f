//! `cargo lab aws load`: the same deployment under load.

use std::process::Stdio;

use lab_results::schema::{Place, ResultsFile};
use tokio::process::Command;

use super::{Deployment, Ended, did_nothing, path_with_stand_in};

impl Deployment {
    /// `lab aws load ARGUMENTS` with twenty requests.
    async fn load(&self, arguments: &[&str]) -> Ended {
        let strategy = "config:\n  phases:\n    - duration: 1\n      arrivalCount: 20\nscenarios:\n  - flow:\n      - get:\n          url: /\n";
        std::fs::write(self.path("load.yml"), strategy).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_lab"))
            .args(["aws", "load", "--outputs"])
            .arg(self.path("outputs.json"))
            .arg("--strategy")
            .arg(self.path("load.yml"))
            .arg("--results")
            .arg(self.path("results.json"))
            .args(arguments)
            .env("PATH", path_with_stand_in())
            .env("STANDIN", self.folder.path())
            .env("LAB_AWS_PAUSE_MS", "20")
            .stdin(Stdio::null())
            .output()
            .await
            .unwrap();
        Ended::of(&output)
    }
}

#[tokio::test]
async fn deployed_steps_are_loaded_through_their_apis() {
    let deployment = Deployment::new().await;
    // The third request of all starts an environment.
    deployment
        .server
        .behaviour
        .lock()
        .unwrap()
        .another_environment = Some(2);
    let ended = deployment.load(&["05", "--yes"]).await;
    assert!(ended.success, "{}", ended.stderr);
    // Where it begins, whether it answers, and the load.
    assert_eq!(deployment.server.requests(), 2 + 20);

    let results = ResultsFile::load(&deployment.path("results.json")).unwrap();
    assert_eq!(results.place, Place::Aws);
    let load = &results.loads[0];
    assert_eq!(load.conditions.region.as_deref(), Some("eu-west-1"));
    assert!(
        load.conditions.network.is_none()
            && load.conditions.limits.is_none()
            && load.concurrency.is_none()
    );
    let loaded = &load.steps["05-elasticache"];
    assert_eq!((loaded.offered, loaded.served), (20, 20));
    assert_eq!((loaded.cold_starts, loaded.memory_mb), (Some(1), Some(256)));
    assert!(
        ended.stdout.contains("LOAD  load: 20 within 1 s"),
        "{}",
        ended.stdout
    );
    assert!(!deployment.calls().contains("update-function"));
}

#[tokio::test]
async fn a_load_on_aws_is_priced_and_asked_for_before_anything_is_sent() {
    let deployment = Deployment::new().await;
    let ended = deployment.load(&["05", "--dry-run"]).await;
    assert!(ended.success, "{}", ended.stderr);
    let cost = "Estimated cost: at most $0.";
    assert!(ended.stderr.contains(cost), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("20 requests in 1 s"),
        "{}",
        ended.stderr
    );
    for command in [
        "/Stadiums-Step05/   20 times in 1 s",
        "aws logs filter-log-events --log-group-name /aws/lambda/Stadiums-Step05",
    ] {
        assert!(ended.stdout.contains(command), "{}", ended.stdout);
    }
    did_nothing(&deployment);
    let ended = deployment.load(&["05"]).await;
    assert!(
        !ended.success && ended.stderr.contains("say --yes"),
        "{}",
        ended.stderr
    );
    did_nothing(&deployment);
    let ended = deployment.load(&["03", "--yes"]).await;
    assert!(
        ended
            .stderr
            .contains("03-parameters-extension is not deployed"),
        "{}",
        ended.stderr
    );
}
