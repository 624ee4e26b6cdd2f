//! The smallest bootstrap: a Lambda runtime without an HTTP library. It answers every event with the event
//! itself, or misbehaves as the variable `BEHAVIOUR` says, so that the tests see what the emulated service makes of it.
//! With `ONCE`, the path of a file, it misbehaves only while that file is missing.

mod api;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use api::Reply;
use api::busy::{allocate, pauses, spin, work};
use nix::sys::signal::{SigSet, Signal};

const REGISTER: &str = "/2020-01-01/extension/register";
const EVENT: &str = "/2020-01-01/extension/event/next";
const INIT_ERROR: &str = "/2020-01-01/extension/init/error";
const IDENTIFIER: &str = "lambda-extension-identifier";

/// What an internal extension was answered when it registered.
static REGISTERED: OnceLock<String> = OnceLock::new();

const NEXT: &str = "/2018-06-01/runtime/invocation/next";

fn main() -> Result<(), Box<dyn Error>> {
    let behaviour = behaviour()?;
    match behaviour.as_str() {
        "never-next" => hang(),
        "exit-in-init" => {
            eprintln!("a line before the end");
            std::process::exit(3);
        }
        "init-error" => {
            let body = br#"{"errorType":"Config.Missing","errorMessage":"no table name"}"#;
            call("POST", "/2018-06-01/runtime/init/error", body)?;
            return Ok(());
        }
        "allocate-now" => allocate(),
        "exit-when-told" => {
            let told = folder().join("exit");
            std::thread::spawn(move || {
                while !told.exists() {
                    std::thread::sleep(Duration::from_millis(1));
                }
                std::process::exit(5);
            });
        }
        "ignores-sigterm" => {
            let mut signals = SigSet::empty();
            signals.add(Signal::SIGTERM);
            signals.thread_block()?;
        }
        "internal-extension" | "internal-holds" => has_internal_extension(behaviour.clone())?,
        "graceful" => {
            let mut signals = SigSet::empty();
            signals.add(Signal::SIGTERM);
            // In every thread: the one below waits for it.
            signals.thread_block()?;
            has_internal_extension(behaviour.clone())?;
            std::thread::spawn(move || {
                let _ = signals.wait();
                let _ = std::fs::write(folder().join("sigterm"), b"");
                std::process::exit(0);
            });
        }
        "two-threads" => {
            std::thread::spawn(|| serve("").map_err(|error| error.to_string()));
        }
        _ => {}
    }
    serve(&behaviour)
}

/// What it is told to do now.
fn behaviour() -> Result<String, Box<dyn Error>> {
    if let Ok(once) = std::env::var("ONCE") {
        if Path::new(&once).exists() {
            return Ok(String::new());
        }
        std::fs::write(once, b"")?;
    }
    Ok(std::env::var("BEHAVIOUR").unwrap_or_default())
}

fn folder() -> PathBuf {
    std::env::var("FOLDER").unwrap_or_default().into()
}

fn serve(behaviour: &str) -> Result<(), Box<dyn Error>> {
    // What an earlier call out of turn was answered.
    let too_early = behaviour == "answers-before-an-event";
    let mut refused = too_early.then(|| answer("none", b"{}")).transpose()?;
    if behaviour == "drops-next" {
        drop(api::send("GET", NEXT, &[], b"")?);
    }
    let mut last = String::new();
    loop {
        let event = call("GET", NEXT, b"")?;
        let id = event.header("lambda-runtime-aws-request-id");
        let last = std::mem::replace(&mut last, id.to_owned());
        if let Some(refused) = refused.take() {
            answer(id, refused.text().as_bytes())?;
            continue;
        }
        work_as_told(behaviour)?;
        match behaviour {
            "spin" | "work" => {}
            "error" => {
                let body = br#"{"errorType":"Handler.Failed","errorMessage":"on purpose"}"#;
                call("POST", &path(id, "error"), body)?;
                continue;
            }
            "answers-and-exits" | "answers-and-hangs" => {
                answer(id, &event.body)?;
                if behaviour == "answers-and-hangs" {
                    hang();
                }
                std::process::exit(7);
            }
            "works-on" => {
                answer(id, &event.body)?;
                wait_for_release();
                continue;
            }
            "answers-twice" => {
                answer(id, &event.body)?;
                refused = Some(answer(id, b"once more")?);
                continue;
            }
            "answers-too-much" => {
                answer(id, &vec![b' '; (6 << 20) + 101])?;
                continue;
            }
            "answers-the-last-one" if !last.is_empty() => {
                refused = Some(answer(&last, b"late")?);
            }
            other => {
                let response = special(other, id, &event)?;
                answer(id, response.as_deref().unwrap_or(&event.body))?;
                continue;
            }
        }
        let answered = refused.take().map(|refused| refused.text().into_bytes());
        answer(id, answered.as_deref().unwrap_or(&event.body))?;
    }
}

/// What some behaviours do before they answer, or instead.
fn work_as_told(behaviour: &str) -> Result<(), Box<dyn Error>> {
    match behaviour {
        "crash" => std::process::abort(),
        "sleep" => hang(),
        "allocate" => allocate(),
        "spin" => spin(Duration::from_millis(50)),
        "work" => work(amount()?),
        _ => {}
    }
    Ok(())
}

/// Behaviours that find something out and answer with it.
fn special(behaviour: &str, id: &str, event: &Reply) -> Result<Option<Vec<u8>>, Box<dyn Error>> {
    if let Some(code) = behaviour.strip_prefix("exit ") {
        std::process::exit(code.parse()?);
    }
    let found = match behaviour {
        "asks-twice" => {
            let again = call("GET", NEXT, b"")?;
            let same = again.header("lambda-runtime-aws-request-id") == id;
            let same = same && again.body == event.body;
            format!("{} the same event: {same}", again.status)
        }
        "pauses" => format!("{:?}", pauses(Duration::from_millis(amount()?))),
        "wrong-path" => call("GET", "/2018-06-01/runtime/invocation", b"")?.text(),
        "internal-extension" => REGISTERED.get().cloned().unwrap_or_default(),
        "late-extension" => late_extension()?,
        "late-init-error" => call("POST", "/2018-06-01/runtime/init/error", b"{}")?.text(),
        "child-out-of-memory" => {
            let child = std::process::Command::new(std::env::current_exe()?)
                .env("BEHAVIOUR", "allocate-now")
                .status()?;
            format!("the child: {child}")
        }
        "variables" => {
            let variables: Vec<String> = std::env::vars()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            variables.join("\n")
        }
        _ => return Ok(None),
    };
    Ok(Some(found.into_bytes()))
}

fn register(headers: &[(&str, &str)], body: &[u8]) -> Result<Reply, Box<dyn Error>> {
    api::call("POST", REGISTER, headers, body)
}

/// Registers a thread as an extension, tries some registrations that are wrong, and lets the thread ask for its events.
fn has_internal_extension(behaviour: String) -> Result<(), Box<dyn Error>> {
    let name = ("lambda-extension-name", "internal");
    let invoke = br#"{"events":["INVOKE"]}"#;
    let feature = ("lambda-extension-accept-feature", "other, accountId");
    let registered = register(&[name, feature], invoke)?;
    let answers = [
        registered.text(),
        register(&[name], invoke)?.text(),
        register(&[("lambda-extension-name", "")], invoke)?.text(),
        register(
            &[("lambda-extension-name", "other")],
            br#"{"events":["SHUTDOWN"]}"#,
        )?
        .text(),
        register(&[("lambda-extension-name", "other")], b"")?.text(),
    ];
    let _ = REGISTERED.set(answers.join("\n"));
    let id = registered.header(IDENTIFIER).to_owned();
    std::thread::spawn(move || {
        while api::call("GET", EVENT, &[(IDENTIFIER, &id)], b"").is_ok() {
            if behaviour == "internal-holds" {
                wait_for_release();
            }
        }
    });
    Ok(())
}

fn wait_for_release() {
    while !folder().join("release").exists() {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Calls that an extension cannot make when init is over, or at all.
fn late_extension() -> Result<String, Box<dyn Error>> {
    let name = ("lambda-extension-name", "late");
    let unknown = (IDENTIFIER, "8f2c1b9e-0000-4000-8000-000000000001");
    let kind = ("lambda-extension-function-error-type", "Extension.Odd");
    let answers = [
        register(&[name], br#"{"events":["INVOKE"]}"#)?.text(),
        api::call("GET", EVENT, &[], b"")?.text(),
        api::call("GET", EVENT, &[(IDENTIFIER, "late")], b"")?.text(),
        api::call("GET", EVENT, &[unknown], b"")?.text(),
        api::call("POST", INIT_ERROR, &[unknown], b"{}")?.text(),
        api::call("POST", INIT_ERROR, &[unknown, kind], b"{}")?.text(),
        call("PUT", "/2022-07-01/telemetry", b"{}")?.text(),
        call("PUT", "/2020-08-15/logs", b"{}")?.text(),
    ];
    Ok(answers.join("\n"))
}

fn call(method: &str, path: &str, body: &[u8]) -> Result<Reply, Box<dyn Error>> {
    api::call(method, path, &[], body)
}

fn path(id: &str, end: &str) -> String {
    format!("/2018-06-01/runtime/invocation/{id}/{end}")
}

fn answer(id: &str, response: &[u8]) -> Result<Reply, Box<dyn Error>> {
    call("POST", &path(id, "response"), response)
}

fn hang() -> ! {
    loop {
        std::thread::sleep(Duration::from_mins(1));
    }
}

/// How much, where a behaviour has an amount.
fn amount() -> Result<u64, Box<dyn Error>> {
    Ok(std::env::var("AMOUNT")?.parse()?)
}
