//! `run --board`: sends the line that a labelled run ends with.

use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use axum::body::Body;
use axum::http::Uri;
use axum::http::header::HOST;
use axum::http::{HeaderValue, Request};
use http_body_util::BodyExt as _;
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::admission::CODE;

/// For a connection and an answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Where a board is, as it printed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    host: String,
    port: u16,
}

impl FromStr for Destination {
    type Err = anyhow::Error;

    fn from_str(url: &str) -> Result<Self> {
        let malformed = || {
            format!(
                "{url:?} is no board's address: it is as the board printed it, http://HOST:PORT/"
            )
        };
        let uri: Uri = url.parse().with_context(malformed)?;
        ensure!(
            uri.scheme_str() == Some("http") && uri.path() == "/",
            "{}",
            malformed()
        );
        Ok(Self {
            host: uri.host().with_context(malformed)?.to_owned(),
            port: uri.port_u16().unwrap_or(80),
        })
    }
}

impl std::fmt::Display for Destination {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "http://{}:{}/", self.host, self.port)
    }
}

/// What the board said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The line is on it.
    Taken(String),
    /// The line is not, and why.
    Refused(String),
}

impl Destination {
    /// Sends a line.
    ///
    /// # Errors
    /// No board answered.
    pub async fn send(&self, line: &str, code: Option<&str>) -> Result<Answer> {
        let cannot = || format!("no board answers at {self}");
        tokio::time::timeout(TIMEOUT, self.exchange(line, code))
            .await
            .with_context(cannot)?
            .with_context(cannot)
    }

    async fn exchange(&self, line: &str, code: Option<&str>) -> Result<Answer> {
        let host = self.host.trim_matches(['[', ']']);
        let stream = TcpStream::connect((host, self.port)).await?;
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
        // It ends when the sender is dropped; what goes wrong with it, the sender says.
        tokio::spawn(connection);
        let mut request = Request::post("/")
            .header(HOST, format!("{}:{}", self.host, self.port))
            .body(Body::from(line.to_owned()))?;
        if let Some(code) = code {
            let headers = request.headers_mut();
            headers.insert(CODE, HeaderValue::from_str(code)?);
        }
        let answer = sender.send_request(request).await?;
        let taken = answer.status().is_success();
        let body = answer.into_body().collect().await?.to_bytes();
        let said = String::from_utf8_lossy(&body).trim_end().to_owned();
        Ok(if taken {
            Answer::Taken(said)
        } else {
            Answer::Refused(said)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_what_a_board_prints() {
        for (given, printed) in [
            ("http://192.0.2.7:8080/", "http://192.0.2.7:8080/"),
            ("http://board:8080", "http://board:8080/"),
            ("http://[::1]:1", "http://[::1]:1/"),
            ("http://board", "http://board:80/"),
        ] {
            let destination: Destination = given.parse().unwrap();
            assert_eq!(destination.to_string(), printed);
        }
        for wrong in [
            "board:8080",
            "https://board",
            "8080",
            "",
            "http://board/other",
        ] {
            let error = wrong.parse::<Destination>().unwrap_err().to_string();
            assert!(error.contains("http://HOST:PORT/"), "{wrong}: {error}");
        }
    }
}
