//! A function that is no step: `function.toml`, its services, its events.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use lab_bench::choice::Choice;
use lab_bench::measure::{Extent, Prepared, measure};
use lab_bench::target::{Source, Target};
use lab_workspace::own_function;
use lab_workspace::progress::Progress;
use tempfile::TempDir;

use crate::support::Bench;

/// One round, as short as can be.
const ONE_ROUND: Extent = Extent {
    rounds: 1,
    warm_up: 3,
    paced: 4,
    gap: Duration::from_millis(1),
    closed: 4,
    closed_time: Duration::from_secs(10),
    seed: 0,
};

/// The example in a folder of its own, with something appended to its `function.toml`.
fn example(appended: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    own_function::create(folder.path()).unwrap();
    let file = folder.path().join("function.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("name = \"example\"\n{text}\n{appended}")).unwrap();
    folder
}

pub fn target(bench: &Bench, path: &Path) -> anyhow::Result<Target> {
    let choice = Choice {
        names: vec![path.display().to_string()],
        ..Choice::default()
    };
    Ok(choice.named(&bench.workspace)?.remove(0))
}

pub async fn prepared(bench: &Bench, path: &Path) -> anyhow::Result<Prepared> {
    let target = target(bench, path)?;
    bench.lab.provide(&target).await?;
    let Source::File(code) = &target.source else {
        panic!("it is not built here");
    };
    let mut prepared = Prepared::new(&bench.lab, &target, &code.executable)?;
    prepared.check(&bench.lab).await?;
    Ok(prepared)
}

#[tokio::test]
async fn the_example_is_measured_as_it_is() {
    let bench = Bench::start().await;
    let folder = example("");
    let prepared = [prepared(&bench, folder.path()).await.unwrap()];
    let mut progress = Progress::start("test");
    let measured = measure(&bench.lab, &prepared, &ONE_ROUND, &mut progress);
    let measured = measured.await.unwrap();
    let measurement = &measured["example"];
    assert_eq!(measurement.memory_mb, 256);
    let round = &measurement.rounds[0];
    assert_eq!((round.warm_us.len(), round.closed_us.len()), (4, 4));
    let asked = ["upstreams.requests", "upstreams.delay_us"].map(|it| round.counts_warm[it]);
    assert_eq!(
        asked.map(f64::round).map(|it| it as u64),
        [1, 30_000],
        "30 ms, once a request"
    );
    assert_eq!(round.counts_warm.len(), 2, "{:?}", round.counts_warm);
    assert!(round.first_cpu_us.is_some());
}

#[tokio::test]
async fn an_answer_that_does_not_hold_is_told_before_anything_is_measured() {
    let bench = Bench::start().await;
    let folder = example("[[events]]\nrequest = \"GET /other\"\ncontains = \"USD\"\n");
    let Err(error) = prepared(&bench, folder.path()).await else {
        panic!("no answer contains USD");
    };
    let error = format!("{error:#}");
    let text = fs::read_to_string(folder.path().join("function.toml")).unwrap();
    let events = text.lines().enumerate();
    let last = events.filter(|(_, line)| *line == "[[events]]").last();
    let line = last.unwrap().0 + 1;
    assert!(
        error.contains(&format!(
            "example: function.toml, line {line}: the answer to GET /other does not contain \"USD\": {{\"path\":\"/other\""
        )),
        "{error}"
    );
}

#[tokio::test]
async fn a_database_of_its_own_has_its_rows_and_its_user() {
    let bench = Bench::start().await;
    let folder = example(
        "[database]\nname = \"orders\"\nuser = \"clerk\"\npassword = \"secret\"\nsql = [\"orders.sql\"]\n\
         [parameters]\n\"/orders/where\" = \"{database.user}@{database.name}\"\n",
    );
    let sql = folder.path().join("orders.sql");
    let rows = "CREATE TABLE orders (id int);\nINSERT INTO orders VALUES (7);\n\
                SELECT 1 / (CASE WHEN current_user = 'clerk' THEN 1 ELSE 0 END);";
    fs::write(&sql, rows).unwrap();
    prepared(&bench, folder.path()).await.unwrap();
    let parameters = bench.lab.services.parameters();
    assert_eq!(
        parameters.get("/orders/where").unwrap().value,
        "clerk@orders"
    );
    let database = bench.lab.services.database();
    let count = "SELECT 1 / (SELECT count(*) FROM orders WHERE id = 7)";
    database.run_as("orders", "clerk", count).await.unwrap();

    // Another function: the same name is taken, and what PostgreSQL refuses is told with the file.
    fs::write(&sql, "CREATE TABEL orders (id int);").unwrap();
    let file = folder.path().join("function.toml");
    let text = fs::read_to_string(&file).unwrap();
    let text = text
        .replace("\"orders\"\n", "\"others\"\n")
        .replace("clerk\"", "other\"");
    fs::write(&file, text).unwrap();
    let error = bench.lab.provide(&target(&bench, &file).unwrap()).await;
    let error = format!("{:#}", error.unwrap_err());
    assert!(
        error.contains("orders.sql") && error.contains("syntax error at or near \"TABEL\""),
        "{error}"
    );
}

#[tokio::test]
async fn what_is_given_to_a_function_is_what_it_asks_for() {
    let bench = Bench::start().await;
    let variables = |path: &Path| {
        let target = target(&bench, path).unwrap();
        let function = bench.lab.function(&target, path).unwrap();
        let names = function.variables.into_iter().map(|(name, _)| name);
        names.collect::<Vec<String>>()
    };
    let bare = example("");
    let bare = bare.path().join("bootstrap");
    let bare = variables(&bare);
    assert!(
        !bare.contains(&"AWS_ENDPOINT_URL_SSM".to_owned()),
        "{bare:?}"
    );

    let asking = example("[parameters]\n\"/a\" = \"b\"\n");
    bench
        .lab
        .provide(&target(&bench, asking.path()).unwrap())
        .await
        .unwrap();
    let asking = variables(asking.path());
    for name in [
        "AWS_ENDPOINT_URL_SSM",
        "NODE_EXTRA_CA_CERTS",
        "RATES_URL",
        "_HANDLER",
    ] {
        assert!(asking.contains(&name.to_owned()), "{name}: {asking:?}");
    }
}

/// A bootstrap that answers what it finds at `/opt`, and an extension that registers.
const READS_OPT: &str = "#!/usr/bin/env bash
runtime=\"http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime\"
while true; do
    headers=$(mktemp)
    curl --silent --fail --dump-header \"$headers\" --output /dev/null \"$runtime/invocation/next\" || exit
    id=$(tr -d '\\r' < \"$headers\" | sed -n 's/^lambda-runtime-aws-request-id: *//Ip')
    curl --silent --fail --output /dev/null --data \"{\\\"statusCode\\\":200,\\\"body\\\":\\\"$(cat /opt/data/word) $(command -v tool)\\\"}\" \
        \"$runtime/invocation/$id/response\" || exit
done
";
const REGISTERS: &str = "#!/usr/bin/env bash
api=\"http://$AWS_LAMBDA_RUNTIME_API/2020-01-01/extension\"
id=$(curl --silent --fail --dump-header - --output /dev/null --header \"Lambda-Extension-Name: watcher\" \
    --data '{\"events\":[\"INVOKE\"]}' \"$api/register\" | tr -d '\\r' | sed -n 's/^lambda-extension-identifier: *//Ip')
while curl --silent --fail --output /dev/null --header \"Lambda-Extension-Identifier: $id\" \"$api/event/next\"; do :; done
";

/// A function with a layer that has this extension.
fn layered(extension: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    };
    write("bootstrap", READS_OPT);
    write("layer/data/word", "hello");
    write("layer/bin/tool", "#!/bin/sh\n");
    write("layer/extensions/watcher", extension);
    let described = "name = \"layered\"\nmemory = 256\nlayers = [\"layer\"]\n[[events]]\nrequest = \"GET /\"\n\
                     contains = \"hello /opt/bin/tool\"\n";
    write("function.toml", described);
    folder
}

#[tokio::test]
async fn what_is_in_a_layer_is_at_opt_and_its_extension_runs() {
    if let Err(reason) = lab_lambda::opt_can_be_bound() {
        eprintln!("skipped: {reason}");
        return;
    }
    let bench = Bench::start().await;
    let before: Vec<_> = fs::read_dir("/opt")
        .unwrap()
        .flatten()
        .map(|it| it.path())
        .collect();
    let folder = layered(REGISTERS);
    prepared(&bench, folder.path()).await.unwrap();
    let after: Vec<_> = fs::read_dir("/opt")
        .unwrap()
        .flatten()
        .map(|it| it.path())
        .collect();
    assert_eq!(before, after, "the machine's own folder stays as it is");

    let folder = layered("#!/bin/sh\nsleep 60\n");
    let Err(error) = prepared(&bench, folder.path()).await else {
        panic!("its extension never registers");
    };
    let error = format!("{error:#}");
    assert!(
        error.contains("extension watcher has not registered"),
        "{error}"
    );
}
