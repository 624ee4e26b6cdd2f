//! The smallest bootstrap: a Lambda runtime on nothing but the standard library. It answers every event with the event
//! itself, or misbehaves as the variable `BEHAVIOUR` says, so that the tests see what the emulated service makes of it.

use std::error::Error;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

fn main() -> Result<(), Box<dyn Error>> {
    let behaviour = std::env::var("BEHAVIOUR").unwrap_or_default();
    match behaviour.as_str() {
        "never-next" => loop {
            std::thread::sleep(Duration::from_mins(1));
        },
        "exit-in-init" => {
            eprintln!("a line before the end");
            std::process::exit(3);
        }
        "init-error" => {
            let body = br#"{"errorType":"Config.Missing","errorMessage":"no table name"}"#;
            call("POST", "/2018-06-01/runtime/init/error", body)?;
            return Ok(());
        }
        _ => {}
    }
    loop {
        let event = call("GET", "/2018-06-01/runtime/invocation/next", b"")?;
        let id = event.header("lambda-runtime-aws-request-id");
        let path = |end: &str| format!("/2018-06-01/runtime/invocation/{id}/{end}");
        match behaviour.as_str() {
            "crash" => std::process::abort(),
            "sleep" => std::thread::sleep(Duration::from_mins(1)),
            "error" => {
                let body = br#"{"errorType":"Handler.Failed","errorMessage":"on purpose"}"#;
                call("POST", &path("error"), body)?;
                continue;
            }
            "spin" => spin(Duration::from_millis(50)),
            "wrong-id" => {
                let refused = call(
                    "POST",
                    "/2018-06-01/runtime/invocation/other/response",
                    b"{}",
                )?;
                call("POST", &path("response"), refused.status.as_bytes())?;
                continue;
            }
            "variables" => {
                let variables: Vec<String> = std::env::vars()
                    .map(|(name, value)| format!("{name}={value}"))
                    .collect();
                call("POST", &path("response"), variables.join("\n").as_bytes())?;
                continue;
            }
            _ => {}
        }
        call("POST", &path("response"), &event.body)?;
    }
}

/// Uses this much CPU time, as far as the wall clock can tell when nothing is throttled.
fn spin(duration: Duration) {
    let start = Instant::now();
    while start.elapsed() < duration {
        std::hint::spin_loop();
    }
}

struct Reply {
    status: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Reply {
    fn header(&self, name: &str) -> &str {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value)
    }
}

/// One HTTP request on a connection of its own.
fn call(method: &str, path: &str, body: &[u8]) -> Result<Reply, Box<dyn Error>> {
    let host = std::env::var("AWS_LAMBDA_RUNTIME_API")?;
    let mut stream = TcpStream::connect(&host)?;
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    )?;
    stream.write_all(body)?;

    let mut reader = BufReader::new(stream);
    let mut status = String::new();
    reader.read_line(&mut status)?;
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let mut body = Vec::new();
    reader.read_to_end(&mut body)?;
    let status = status.split(' ').nth(1).unwrap_or_default().to_owned();
    Ok(Reply {
        status,
        headers,
        body,
    })
}
