//! One HTTP request to the Runtime or Extensions API, on nothing but the standard library.

#[allow(dead_code, reason = "each example uses what it needs")]
pub mod busy;

use std::error::Error;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

#[allow(dead_code, reason = "each example uses what it needs")]
pub struct Reply {
    pub status: String,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

#[allow(dead_code, reason = "each example uses what it needs")]
impl Reply {
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value)
    }

    /// Status and body in one line.
    pub fn text(&self) -> String {
        format!("{} {}", self.status, String::from_utf8_lossy(&self.body))
    }
}

/// Sends a request and leaves the answer on the connection, which is the request's own.
pub fn send(
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Result<TcpStream, Box<dyn Error>> {
    let host = std::env::var("AWS_LAMBDA_RUNTIME_API")?;
    let mut stream = TcpStream::connect(&host)?;
    let length = body.len();
    let headers: String = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n"
    )?;
    // An error may come before all of it is read.
    let _ = stream.write_all(body);
    Ok(stream)
}

/// One request and its answer.
pub fn call(
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Result<Reply, Box<dyn Error>> {
    let mut reader = BufReader::new(send(method, path, headers, body)?);
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
