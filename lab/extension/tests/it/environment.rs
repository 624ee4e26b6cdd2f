//! A running extension between a small Runtime API and the lab's Parameter Store.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::ops::Deref;
use std::os::fd::AsRawFd;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use lab_services::TrustAnchors;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::lab::{Lab, Shared, shared};

/// How many file descriptors the extension may have.
pub const DESCRIPTORS: usize = 64;

const TOKEN_HEADER: &str = "X-Aws-Parameters-Secrets-Token";

/// What the extension sent when it registered: its name and its body.
pub type Registered = Arc<Mutex<Option<(String, Value)>>>;

/// A Runtime API that hands out the events that it is given.
async fn runtime_api() -> (
    SocketAddr,
    mpsc::UnboundedSender<&'static str>,
    mpsc::UnboundedReceiver<()>,
    Registered,
) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (events, waiting_events) = mpsc::unbounded_channel();
    let (asked, asking) = mpsc::unbounded_channel();
    let registered = Registered::default();
    let waiting_events = Arc::new(tokio::sync::Mutex::new(waiting_events));
    let shared = Arc::clone(&registered);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (waiting_events, asked, registered) = (
                Arc::clone(&waiting_events),
                asked.clone(),
                Arc::clone(&shared),
            );
            let service = service_fn(move |request| {
                respond(
                    request,
                    Arc::clone(&waiting_events),
                    asked.clone(),
                    Arc::clone(&registered),
                )
            });
            tokio::spawn(
                hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service),
            );
        }
    });
    (address, events, asking, registered)
}

async fn respond(
    request: Request<Incoming>,
    events: Arc<tokio::sync::Mutex<mpsc::UnboundedReceiver<&'static str>>>,
    asked: mpsc::UnboundedSender<()>,
    registered: Registered,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let header = |name: &str| {
        request
            .headers()
            .get(name)
            .map_or(String::new(), |value| value.to_str().unwrap().to_owned())
    };
    let body = match request.uri().path() {
        "/2020-01-01/extension/register" => {
            let name = header("Lambda-Extension-Name");
            let body = request.into_body().collect().await.unwrap().to_bytes();
            *registered.lock().unwrap() = Some((name, serde_json::from_slice(&body).unwrap()));
            json!({ "functionName": "f", "functionVersion": "$LATEST", "handler": "bootstrap" })
                .to_string()
        }
        "/2020-01-01/extension/event/next" => {
            assert_eq!(header("Lambda-Extension-Identifier"), "an-identifier");
            asked.send(()).unwrap();
            let event = events.lock().await.recv().await.unwrap_or("SHUTDOWN");
            json!({ "eventType": event, "deadlineMs": 0, "requestId": "id", "shutdownReason": "spindown" }).to_string()
        }
        other => panic!("the extension asked for {other}"),
    };
    let response = Response::builder().header("Lambda-Extension-Identifier", "an-identifier");
    Ok(response.body(Full::from(body)).unwrap())
}

/// A running extension and everything around it.
pub struct Environment {
    pub lab: Shared,
    pub process: Child,
    pub endpoint: SocketAddr,
    pub events: mpsc::UnboundedSender<&'static str>,
    pub asking: mpsc::UnboundedReceiver<()>,
    pub registered: Registered,
    log: JoinHandle<Vec<String>>,
}

impl Deref for Environment {
    type Target = Lab;

    fn deref(&self) -> &Lab {
        &self.lab
    }
}

impl Environment {
    /// Starts the extension with a socket of its own and waits until it has registered and asks for its first event.
    pub async fn start(variables: &[(&str, &str)]) -> Self {
        Self::beside(shared().await, variables).await
    }

    /// The same beside services that run already.
    pub async fn beside(lab: Shared, variables: &[(&str, &str)]) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = listener.local_addr().unwrap();
        // Rust marks its descriptors to be closed in children; this one is handed down.
        nix::fcntl::fcntl(
            &listener,
            nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::empty()),
        )
        .unwrap();
        let descriptor = listener.as_raw_fd().to_string();
        let variables = [variables, &[("LAB_LISTENER_FD", &descriptor)]].concat();
        Self::at(endpoint, lab, &variables).await
    }

    /// The same without a socket: the extension is told its port.
    pub async fn at(endpoint: SocketAddr, lab: Shared, variables: &[(&str, &str)]) -> Self {
        let services = &lab.services;
        let (runtime_api, events, asking, registered) = runtime_api().await;
        let credentials = services.credentials();
        // With few file descriptors, so that a test can use them up.
        let limited = format!(r#"ulimit -n {DESCRIPTORS} && exec "$0""#);
        let mut process = Command::new("/bin/sh")
            .args(["-c", &limited, env!("CARGO_BIN_EXE_lab-extension")])
            .env_clear()
            .envs(services.environment(TrustAnchors::Platform))
            .env("AWS_LAMBDA_RUNTIME_API", runtime_api.to_string())
            .env("AWS_REGION", lab_services::REGION)
            .env("AWS_ACCESS_KEY_ID", &credentials.access_key_id)
            .env("AWS_SECRET_ACCESS_KEY", &credentials.secret_access_key)
            .env("AWS_SESSION_TOKEN", &credentials.session_token)
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let log = tokio::spawn(lines(process.stdout.take().unwrap()));
        let mut environment = Self {
            lab,
            process,
            endpoint,
            events,
            asking,
            registered,
            log,
        };
        tokio::select! {
            asked = environment.asking.recv() => asked.unwrap(),
            _ = environment.process.wait() => {}
        }
        environment
    }

    /// Starts an invocation and waits until the extension has taken note: it asks for the next event.
    pub async fn invoke(&mut self) {
        self.events.send("INVOKE").unwrap();
        self.asking.recv().await.unwrap();
    }

    pub async fn get(&self, query: &str) -> (u16, String) {
        let token = self.services.credentials().session_token.clone();
        get(
            self.endpoint,
            &format!("/systemsmanager/parameters/get?{query}"),
            Some(&token),
        )
        .await
    }

    /// A parameter's value, which must be there.
    pub async fn value(&self, name: &str) -> String {
        let (status, body) = self.get(&format!("name={name}")).await;
        assert_eq!(status, 200, "{body}");
        serde_json::from_str::<Value>(&body).unwrap()["Parameter"]["Value"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    pub async fn shut_down(self) -> ExitStatus {
        self.end().await.0
    }

    /// Shuts the environment down; the exit status, what the extension has written, and the services.
    pub async fn end(mut self) -> (ExitStatus, Vec<String>, Shared) {
        // It may have ended by itself.
        let _ = self.events.send("SHUTDOWN");
        let status = self.process.wait().await.unwrap();
        (status, self.log.await.unwrap(), self.lab)
    }
}

/// All lines until the end.
async fn lines(output: ChildStdout) -> Vec<String> {
    let mut lines = BufReader::new(output).lines();
    let mut read = Vec::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        read.push(line);
    }
    read
}

pub async fn get(endpoint: SocketAddr, path: &str, token: Option<&str>) -> (u16, String) {
    let stream = TcpStream::connect(endpoint).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    let mut request = Request::get(path).header("host", "localhost");
    if let Some(token) = token {
        request = request.header(TOKEN_HEADER, token);
    }
    let response = sender
        .send_request(request.body(Full::<Bytes>::default()).unwrap())
        .await
        .unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}
