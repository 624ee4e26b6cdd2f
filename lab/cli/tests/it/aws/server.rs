//! The deployed functions, as far as a client and the logs show them: an HTTP server that answers for their APIs and
//! writes the REPORT lines.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// What the functions do, and what came.
pub struct Behaviour {
    /// `$STANDIN`.
    pub folder: PathBuf,
    /// The status of every answer.
    pub status: u16,
    /// REPORT lines for each request: more than one where somebody else calls, too.
    pub lines: usize,
    /// This one starts another environment, counted from the first request of all.
    pub another_environment: Option<usize>,
    /// The paths asked for, by connection.
    pub connections: Vec<Vec<String>>,
    last_ms: u128,
}

/// The running server.
pub struct Server {
    /// What it listens on, without a path.
    pub url: String,
    pub behaviour: Arc<Mutex<Behaviour>>,
    came: watch::Receiver<usize>,
}

impl Server {
    pub async fn start(folder: PathBuf) -> Self {
        let behaviour = Behaviour {
            folder,
            status: 200,
            lines: 1,
            another_environment: None,
            connections: Vec::new(),
            last_ms: 0,
        };
        let behaviour = Arc::new(Mutex::new(behaviour));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (sender, came) = watch::channel(0);
        tokio::spawn(serve(listener, Arc::clone(&behaviour), sender));
        Self {
            url,
            behaviour,
            came,
        }
    }

    /// Waits until so many requests have come.
    pub async fn has_had(&self, requests: usize) {
        let mut came = self.came.clone();
        came.wait_for(|came| *came >= requests).await.unwrap();
    }

    pub fn requests(&self) -> usize {
        self.behaviour.lock().unwrap().requests()
    }
}

async fn serve(
    listener: TcpListener,
    behaviour: Arc<Mutex<Behaviour>>,
    came: watch::Sender<usize>,
) {
    while let Ok((stream, _)) = listener.accept().await {
        let came = came.clone();
        let behaviour = Arc::clone(&behaviour);
        let number = {
            let mut behaviour = behaviour.lock().unwrap();
            behaviour.connections.push(Vec::new());
            behaviour.connections.len() - 1
        };
        tokio::spawn(async move {
            let service = service_fn(|request: Request<Incoming>| {
                let answer = behaviour
                    .lock()
                    .unwrap()
                    .answer(number, request.uri().path());
                came.send_modify(|came| *came += 1);
                async { Ok::<_, Infallible>(answer) }
            });
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

impl Behaviour {
    fn requests(&self) -> usize {
        self.connections.iter().map(Vec::len).sum()
    }

    /// `/FUNCTION/` is the API of this function.
    fn answer(&mut self, connection: usize, path: &str) -> Response<Full<Bytes>> {
        let number = self.requests();
        self.connections[connection].push(path.to_owned());
        let respond = |status: u16, body: String| {
            let body = Full::new(Bytes::from(body));
            Response::builder().status(status).body(body).unwrap()
        };
        let Some(function) = path
            .strip_prefix('/')
            .and_then(|path| path.strip_suffix('/'))
        else {
            return respond(404, r#"{"message":"Not Found"}"#.to_owned());
        };
        let started = std::fs::remove_file(self.folder.join(format!("cold-{function}"))).is_ok();
        let cold = started || self.another_environment == Some(number);
        for _ in 0..self.lines {
            self.log(function, number, cold);
        }
        if self.status == 200 {
            respond(200, stadiums())
        } else {
            respond(
                self.status,
                r#"{"message":"Service Unavailable"}"#.to_owned(),
            )
        }
    }

    /// A log event as CloudWatch Logs keeps it. The trace of every tenth request is sampled.
    fn log(&mut self, function: &str, number: usize, cold: bool) {
        let duration = if cold { "31.50" } else { "3.25" };
        let mut line = format!(
            "REPORT RequestId: 8f507cfc-xmpl-4697-b07a-{number:012}\tDuration: {duration} ms\tBilled Duration: 52 ms\tMemory Size: 256 MB\tMax Memory Used: 21 MB\t"
        );
        if cold {
            line.push_str("Init Duration: 20.50 ms\t");
        }
        line.push('\n');
        if number.is_multiple_of(10) {
            let _ = writeln!(
                line,
                "XRAY TraceId: 1-5e34a614-10bdxmplf1fb44f07bc535a1\tSegmentId: 07f5xmpl2d1f6f85\tSampled: true\t"
            );
        }
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_millis();
        self.last_ms = now.max(self.last_ms + 1);
        let event = format!(
            "{{\"timestamp\":{},\"logStreamName\":\"2026/11/25/[$LATEST]xmpl\",\"message\":{}}}",
            self.last_ms,
            serde_json::to_string(&line).unwrap()
        );
        let path = self.folder.join(format!("log-{function}"));
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .unwrap();
        writeln!(file, "{event}").unwrap();
    }
}

fn stadiums() -> String {
    let rows = (1..=32).map(|id| {
        serde_json::json!({
            "id": id, "name": "Stadium", "capacity": 70000, "location": "Here", "surface": "Grass", "roof": "Open",
            "team": format!("Team {id}"), "yearOpened": 2001,
            "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z",
        })
    });
    rows.collect::<serde_json::Value>().to_string()
}
