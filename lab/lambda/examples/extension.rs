//! The smallest external extension. It takes part in every invocation and writes its events into a file, or misbehaves as
//! the variable `EXTENSION` says, so that the tests see what the emulated service makes of it.

mod api;

use std::error::Error;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

fn main() -> Result<(), Box<dyn Error>> {
    let told = std::env::var("EXTENSION").unwrap_or_default();
    let name = match told.as_str() {
        "never-registers" => hang(),
        "exits-in-init" => std::process::exit(1),
        "wrong-name" => "another",
        _ => "extension",
    };
    let events: &[u8] = match told.as_str() {
        "no-shutdown" => br#"{"events":["INVOKE"]}"#,
        _ => br#"{"events":["INVOKE","SHUTDOWN"]}"#,
    };
    let registered = api::call(
        "POST",
        "/2020-01-01/extension/register",
        &[("lambda-extension-name", name)],
        events,
    )?;
    if registered.status != "200" {
        eprintln!("{}", registered.text());
        std::process::exit(1);
    }
    let id = (
        "lambda-extension-identifier",
        registered.header("lambda-extension-identifier"),
    );
    if told == "init-error" {
        let body = br#"{"errorType":"Extension.NoLicence","errorMessage":"no licence"}"#;
        let kind = (
            "lambda-extension-function-error-type",
            "Extension.NoLicence",
        );
        let headers = [id, kind];
        api::call("POST", "/2020-01-01/extension/init/error", &headers, body)?;
        std::process::exit(1);
    }
    if told == "never-asks" {
        hang();
    }
    serve(&told, id)
}

fn serve(told: &str, id: (&str, &str)) -> Result<(), Box<dyn Error>> {
    loop {
        let event = api::call("GET", "/2020-01-01/extension/event/next", &[id], b"")?;
        let event = String::from_utf8_lossy(&event.body).into_owned();
        if event.contains(r#""eventType":"SHUTDOWN""#) {
            let reason = event.split(r#""shutdownReason":""#).nth(1);
            let reason = reason.and_then(|rest| rest.split('"').next());
            write_down(&format!("SHUTDOWN {}", reason.unwrap_or_default()))?;
            match told {
                "ignores-shutdown" => hang(),
                _ => return Ok(()),
            }
        }
        write_down("INVOKE")?;
        match told {
            "exits" => std::process::exit(1),
            "never-asks-again" => hang(),
            "holds" => wait_for("release"),
            _ => {}
        }
    }
}

fn folder() -> PathBuf {
    std::env::var("FOLDER").unwrap_or_default().into()
}

/// Waits until the test has written this file.
fn wait_for(name: &str) {
    let told = folder().join(name);
    while !told.exists() {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Appends a line to the file that the test reads.
fn write_down(line: &str) -> Result<(), Box<dyn Error>> {
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder().join("events"))?;
    Ok(writeln!(file, "{line}")?)
}

fn hang() -> ! {
    loop {
        std::thread::sleep(Duration::from_mins(1));
    }
}
