//! The Extensions API (docs.aws.amazon.com/lambda, "Using the Lambda Extensions API").

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::HOST;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::TcpStream;

use crate::Error;

/// What Lambda tells an extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(tag = "eventType", rename_all = "UPPERCASE")]
pub enum Event {
    /// An invocation begins.
    Invoke,
    /// The environment ends.
    Shutdown,
}

/// An extension's registration.
pub struct RuntimeApi {
    sender: SendRequest<Full<Bytes>>,
    host: String,
    identifier: String,
}

impl RuntimeApi {
    /// Registers for all events, under the name of the executable as Lambda demands.
    pub async fn register(host: &str) -> Result<Self, Error> {
        let failed =
            |error: &dyn std::fmt::Display| format!("the Extensions API at {host}: {error}");
        let stream = TcpStream::connect(host)
            .await
            .map_err(|error| failed(&error))?;
        stream.set_nodelay(true)?;
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let executable = std::env::current_exe()?;
        let name = executable
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let request = Request::builder()
            .method(Method::POST)
            .uri("/2020-01-01/extension/register")
            .header(HOST, host)
            .header("Lambda-Extension-Name", name)
            .body(Full::from(r#"{"events":["INVOKE","SHUTDOWN"]}"#))?;
        let response = sender.send_request(request).await?;
        let status = response.status();
        let identifier = response
            .headers()
            .get("Lambda-Extension-Identifier")
            .and_then(|value| value.to_str().ok());
        let identifier = identifier.map(str::to_owned);
        let body = response.into_body().collect().await?.to_bytes();
        match identifier {
            Some(identifier) if status.is_success() => Ok(Self {
                sender,
                host: host.to_owned(),
                identifier,
            }),
            _ => Err(failed(&format!(
                "registering failed with {status}: {}",
                String::from_utf8_lossy(&body)
            ))
            .into()),
        }
    }

    /// Waits for the next event, which may take as long as nothing happens.
    pub async fn next(&mut self) -> Result<Event, Error> {
        let request = Request::builder()
            .uri("/2020-01-01/extension/event/next")
            .header(HOST, &self.host)
            .header("Lambda-Extension-Identifier", &self.identifier)
            .body(Full::default())?;
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        if !status.is_success() {
            return Err(format!(
                "asking for the next event failed with {status}: {}",
                String::from_utf8_lossy(&body)
            )
            .into());
        }
        Ok(serde_json::from_slice(&body)?)
    }
}
