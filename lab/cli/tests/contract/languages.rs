//! Functions in other languages through AWS's own clients, and in Rust outside of this repository.

use std::fs;
use std::process::Command;

use crate::own_function::{prepared, target};
use crate::support::Bench;

/// The folder of a crate that cargo-lambda deploys, without a `function.toml`.
#[tokio::test]
async fn a_crate_elsewhere_is_built_and_configured_as_its_manifest_says() {
    let bench = Bench::start().await;
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write(
        "Cargo.toml",
        "[package]\nname = \"hello\"\nedition = \"2024\"\n[[bin]]\nname = \"hello\"\npath = \"main.rs\"\n\
         [package.metadata.lambda.deploy]\nmemory = 512\nenv = { GREETING = \"hi\" }\n[workspace]\n",
    );
    write("main.rs", "fn main() {}\n");
    let own = target(&bench, folder.path()).unwrap();
    assert_eq!((own.name.as_str(), own.memory_mb), ("hello", 512));
    assert_eq!(own.floor.as_deref(), Some("floor"));
    let executable = own.executable(&bench.workspace).await.unwrap();
    assert!(
        executable.starts_with(folder.path()),
        "{}",
        executable.display()
    );
    assert!(
        executable.ends_with("release/hello"),
        "{}",
        executable.display()
    );
}

/// A handler that AWS's own client runs, in the interpreter of this machine. Skipped where either cannot be had.
#[tokio::test]
async fn a_handler_in_python_is_run_by_the_official_client() {
    let folder = tempfile::tempdir().unwrap();
    let installed = Command::new("python3")
        .args(["-m", "pip", "install", "--quiet", "--target"])
        .arg(folder.path())
        .arg("awslambdaric")
        .output();
    if !installed.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: no awslambdaric for a python3 of this machine");
        return;
    }
    let handler = "import os\n\ndef handler(event, context):\n    \
                   return {'statusCode': 200, 'body': event['rawPath'] + ' ' + os.environ['GREETING']}\n";
    fs::write(folder.path().join("app.py"), handler).unwrap();
    let described = "name = \"hello\"\nruntime = \"python\"\nhandler = \"app.handler\"\n[variables]\nGREETING = \"hi\"\n\
                     [[events]]\nrequest = \"GET /you\"\ncontains = \"/you hi\"\n";
    fs::write(folder.path().join("function.toml"), described).unwrap();
    let bench = Bench::start().await;
    prepared(&bench, folder.path()).await.unwrap();
}

/// The same in JavaScript. The client's package compiles a part of itself, for which it needs `cmake` and a C++ compiler.
#[tokio::test]
async fn a_handler_in_javascript_is_run_by_the_official_client() {
    let folder = tempfile::tempdir().unwrap();
    let installed = Command::new("npm")
        .args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"])
        .arg(folder.path())
        .arg("aws-lambda-ric")
        .output();
    if !installed.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: no aws-lambda-ric for a Node.js of this machine");
        return;
    }
    let handler = "export const handler = async (event) =>\n  \
                   ({ statusCode: 200, body: `${event.rawPath} ${process.env.GREETING}` });\n";
    fs::write(folder.path().join("index.mjs"), handler).unwrap();
    let described = "name = \"hello\"\nruntime = \"nodejs\"\nhandler = \"index.handler\"\nmemory = 512\n[variables]\n\
                     GREETING = \"hi\"\n[[events]]\nrequest = \"GET /you\"\ncontains = \"/you hi\"\n";
    fs::write(folder.path().join("function.toml"), described).unwrap();
    let bench = Bench::start().await;
    prepared(&bench, folder.path()).await.unwrap();
}
