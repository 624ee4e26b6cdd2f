//! Forty people who measure at the same time in one account, whose quotas they share.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tokio::task::JoinSet;

use super::{Deployment, Ended, path_with_stand_in};

const PEOPLE: usize = 40;

/// Calls of one kind in the fullest second, and in all.
fn calls(quota: &Path) -> BTreeMap<String, (usize, usize)> {
    let mut found = BTreeMap::<_, (usize, usize)>::new();
    for entry in std::fs::read_dir(quota).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let lines = std::fs::read_to_string(entry.path())
            .unwrap()
            .lines()
            .count();
        let kind = match name.split_once('-') {
            Some(("throttled", _)) => name,
            Some((kind, _)) => kind.to_owned(),
            None => panic!("{name}"),
        };
        let (most, all) = found.entry(kind).or_default();
        *most = lines.max(*most);
        *all += lines;
    }
    found
}

/// One of them, with a deployment of its own.
async fn measures(quota: PathBuf) -> Ended {
    let deployment = Deployment::new().await;
    std::os::unix::fs::symlink(quota, deployment.path("quota")).unwrap();
    let arguments = ["05", "--yes", "--rounds", "1"];
    let mut command = deployment.command(&arguments, &path_with_stand_in());
    // As long as without a stand-in: what is tested is that they do not ask at once.
    command
        .env_remove("LAB_AWS_PAUSE_MS")
        .env_remove("AWS_RETRY_MODE");
    Ended::of(&command.output().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn forty_people_in_one_account_all_get_their_numbers() {
    let account = tempfile::tempdir().unwrap();
    let mut people = JoinSet::new();
    for _ in 0..PEOPLE {
        people.spawn(measures(account.path().to_owned()));
    }
    let ended = people.join_all().await;
    let failed: Vec<&str> = ended
        .iter()
        .filter(|it| !it.success)
        .map(|it| it.stderr.as_str())
        .collect();
    let calls = calls(account.path());
    println!("{PEOPLE} people; calls (in the fullest second, in all): {calls:#?}");
    assert!(failed.is_empty(), "{} failed: {}", failed.len(), failed[0]);
    // Two functions each, whose logs are read after the check and at the end; the lines come one look late.
    let (_, looks) = calls["FilterLogEvents"];
    let throttled = calls
        .get("throttled-FilterLogEvents")
        .map_or(0, |(_, all)| *all);
    let answered = looks - throttled;
    assert!(answered <= PEOPLE * 2 * 2 * 3, "{answered}");
}
