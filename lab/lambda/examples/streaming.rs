//! A bootstrap that streams its answers, as `streamifyResponse` and `lambda_http` do, and breaks off as `BEHAVIOUR` says.

mod api;

use std::error::Error;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

const NEXT: &str = "/2018-06-01/runtime/invocation/next";
/// Status, headers and cookies, before eight zero bytes.
const PRELUDE: &str = r#"{"statusCode":203,"headers":{"x-mine":"a"},"cookies":["b=2"]}"#;
const HTTP: &str = "application/vnd.awslambda.http-integration-response";

fn main() -> Result<(), Box<dyn Error>> {
    let behaviour = std::env::var("BEHAVIOUR").unwrap_or_default();
    loop {
        let event = api::call("GET", NEXT, &[], b"")?;
        let id = event.header("lambda-runtime-aws-request-id");
        println!("streaming");
        let mut stream = begin(
            id,
            if behaviour == "plain" {
                "text/plain"
            } else {
                HTTP
            },
        )?;
        if behaviour != "plain" {
            chunk(&mut stream, PRELUDE.as_bytes())?;
            chunk(&mut stream, &[0; 8])?;
        }
        match behaviour.as_str() {
            "context" => {
                chunk(
                    &mut stream,
                    event.header("lambda-runtime-client-context").as_bytes(),
                )?;
                chunk(
                    &mut stream,
                    event.header("lambda-runtime-trace-id").as_bytes(),
                )?;
            }
            "too-much" => {
                for _ in 0..20 {
                    chunk(&mut stream, &vec![b' '; 100_000])?;
                }
            }
            _ => chunk(&mut stream, b"first ")?,
        }
        match behaviour.as_str() {
            "dies" => {
                wait_for_release();
                std::process::exit(7);
            }
            "hangs" => wait(),
            "closes" => {
                drop(stream);
                continue;
            }
            "reports" => {
                // {"errorType":"Midway","errorMessage":"no more"}
                let body = "eyJlcnJvclR5cGUiOiJNaWR3YXkiLCJlcnJvck1lc3NhZ2UiOiJubyBtb3JlIn0=";
                write!(
                    stream,
                    "0\r\nlambda-runtime-function-error-type: Midway\r\nlambda-runtime-function-error-body: {body}\r\n\r\n"
                )?;
            }
            _ => {
                chunk(&mut stream, b"last")?;
                stream.write_all(b"0\r\n\r\n")?;
            }
        }
        stream.read_to_end(&mut Vec::new())?;
    }
}

/// The head of a response that is sent in chunks.
fn begin(id: &str, content_type: &str) -> Result<TcpStream, Box<dyn Error>> {
    let host = std::env::var("AWS_LAMBDA_RUNTIME_API")?;
    let mut stream = TcpStream::connect(&host)?;
    write!(
        stream,
        "POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\
         content-type: {content_type}\r\nlambda-runtime-function-response-mode: streaming\r\n\
         transfer-encoding: chunked\r\ntrailer: lambda-runtime-function-error-type, lambda-runtime-function-error-body\r\n\r\n"
    )?;
    Ok(stream)
}

fn chunk(stream: &mut TcpStream, bytes: &[u8]) -> std::io::Result<()> {
    write!(stream, "{:x}\r\n", bytes.len())?;
    stream.write_all(bytes)?;
    stream.write_all(b"\r\n")
}

/// Until whoever reads the answer has read what was sent.
fn wait_for_release() {
    let folder = std::env::var("FOLDER").unwrap_or_default();
    let release = std::path::Path::new(&folder).join("release");
    while !release.exists() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}

fn wait() -> ! {
    loop {
        std::thread::sleep(std::time::Duration::from_mins(1));
    }
}
