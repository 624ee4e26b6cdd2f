//! The Extensions API (docs.aws.amazon.com/lambda, "Using the Lambda Extensions API").

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{HOST, HeaderValue};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::TcpStream;

use crate::Error;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(tag = "eventType", rename_all = "UPPERCASE")]
pub enum Event {
    /// An invocation begins.
    Invoke,
    /// The environment ends.
    Shutdown,
}

pub struct RuntimeApi {
    sender: SendRequest<Full<Bytes>>,
    host: String,
    identifier: HeaderValue,
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
        let request = Request::post("/2020-01-01/extension/register")
            .header(HOST, host)
            .header("Lambda-Extension-Name", name)
            .body(Full::from(r#"{"events":["INVOKE","SHUTDOWN"]}"#))?;
        let registered = call(&mut sender, request, &failed(&"registering")).await?;
        let identifier = registered.headers().get("Lambda-Extension-Identifier");
        let identifier = identifier.ok_or_else(|| failed(&"registering gave no identifier"))?;
        Ok(Self {
            identifier: identifier.clone(),
            sender,
            host: host.to_owned(),
        })
    }

    /// Waits for the next event, which may take as long as nothing happens.
    pub async fn next(&mut self) -> Result<Event, Error> {
        let request = Request::get("/2020-01-01/extension/event/next")
            .header(HOST, &self.host)
            .header("Lambda-Extension-Identifier", &self.identifier)
            .body(Full::default())?;
        let event = call(&mut self.sender, request, "asking for the next event").await?;
        Ok(serde_json::from_slice(event.body())?)
    }
}

/// Sends a call and reads its whole answer, which must be a success.
async fn call(
    sender: &mut SendRequest<Full<Bytes>>,
    request: Request<Full<Bytes>>,
    what: &str,
) -> Result<Response<Bytes>, Error> {
    sender.ready().await?;
    let (head, body) = sender.send_request(request).await?.into_parts();
    let body = body.collect().await?.to_bytes();
    if head.status.is_success() {
        return Ok(Response::from_parts(head, body));
    }
    let text = String::from_utf8_lossy(&body);
    Err(format!("{what} failed with {}: {text}", head.status).into())
}
