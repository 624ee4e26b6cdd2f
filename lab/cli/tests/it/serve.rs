//! `cargo lab serve` from the outside: the real program on a port of its own, called as its users call it.

use std::process::Stdio;
use std::time::Duration;

use lab_bench::contract;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

/// Nothing here takes as long, unless it hangs.
const TIMEOUT: Duration = Duration::from_mins(5);

/// The program, and the port that it took.
pub struct Server {
    child: Child,
    address: String,
    stdout: Lines<BufReader<ChildStdout>>,
    stderr: Lines<BufReader<ChildStderr>>,
}

/// An answer.
pub struct Answer {
    pub status: u16,
    pub headers: String,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    fn must_be_the_list(&self) {
        assert_eq!(self.status, 200, "{}", self.body);
        contract::check(self.body.as_bytes()).unwrap();
    }
}

impl Server {
    pub async fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_lab"))
            .arg("serve")
            .args(arguments)
            .args(["--port", "0", "--profile", "loopback", "--yes"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = String::new();
        let address = loop {
            let line = stderr.next_line().await.unwrap();
            let line = line.unwrap_or_else(|| panic!("it ended: {said}"));
            if let Some((_, rest)) = line.split_once(" at http://") {
                break rest.split('/').next().unwrap().to_owned();
            }
            said = said + &line + "\n";
        };
        Self {
            child,
            address,
            stdout,
            stderr,
        }
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    pub async fn send(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}",
            self.address,
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        // The framing of an event stream is no text.
        let text = String::from_utf8_lossy(&bytes);
        let (headers, body) = text.split_once("\r\n\r\n").unwrap();
        Answer {
            status: headers[9..12].parse().unwrap(),
            headers: headers.to_lowercase(),
            body: body.to_owned(),
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "", "").await
    }

    pub async fn invoke(&self, name: &str, event: &str) -> Answer {
        let path = format!("/2015-03-31/functions/{name}/invocations");
        self.send("POST", &path, "", event).await
    }

    /// The next line of standard output.
    async fn line(&mut self) -> String {
        self.stdout.next_line().await.unwrap().unwrap()
    }

    /// Asks it to end, and waits for the rest of both outputs.
    pub async fn end(mut self) -> (bool, String, String) {
        let process = Pid::from_raw(self.child.id().unwrap().cast_signed());
        kill(process, Signal::SIGTERM).unwrap();
        let (mut stdout, mut stderr) = (String::new(), String::new());
        while let Some(line) = self.stdout.next_line().await.unwrap() {
            stdout = stdout + &line + "\n";
        }
        while let Some(line) = self.stderr.next_line().await.unwrap() {
            stderr = stderr + &line + "\n";
        }
        let status = self.child.wait().await.unwrap();
        (status.success(), stdout, stderr)
    }
}

pub async fn patiently<T>(test: impl Future<Output = T>) -> T {
    tokio::time::timeout(TIMEOUT, test).await.expect("it hangs")
}

#[tokio::test]
async fn a_step_answers_as_through_an_http_api_and_as_lambda_does() {
    patiently(async {
        let mut server = Server::start(&["05"]).await;
        let answer = server.get("/").await;
        answer.must_be_the_list();
        assert!(
            answer.headers.contains("content-type: application/json"),
            "{}",
            answer.headers
        );
        let report = server.line().await;
        assert!(
            report.starts_with("REPORT RequestId: ") && report.contains("Init Duration: "),
            "{report}"
        );
        assert_eq!(server.get("/nowhere?a=b").await.status, 404);
        let report = server.line().await;
        assert!(
            report.starts_with("REPORT ") && !report.contains("Init Duration"),
            "the environment is used again: {report}"
        );
        assert_eq!(server.send("POST", "/", "", "{}").await.status, 405);

        let event = String::from_utf8(contract::request().to_vec()).unwrap();
        for name in [
            "05-elasticache",
            "5",
            "step-05-elasticache:$LATEST",
            "arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3A05-elasticache",
        ] {
            let answer = server.invoke(name, &event).await;
            assert_eq!(answer.status, 200, "{name}: {}", answer.body);
            assert_eq!(answer.json()["statusCode"], 200);
            assert!(!answer.headers.contains("x-amz-function-error"));
        }
        let answer = server.invoke("05", "{}").await;
        assert_eq!(answer.status, 200);
        assert!(
            answer.headers.contains("x-amz-function-error: unhandled"),
            "{}",
            answer.headers
        );
        assert!(answer.json()["errorType"].is_string(), "{}", answer.body);
        let answer = server.invoke("06", "{}").await;
        assert_eq!(answer.status, 404);
        assert!(
            answer
                .headers
                .contains("x-amzn-errortype: resourcenotfoundexception")
        );
        assert_eq!(server.invoke("05", "no json").await.status, 400);

        let (success, stdout, stderr) = server.end().await;
        assert!(success, "{stderr}");
        // Two lines were read; those who asked wrongly did not reach the function.
        let reports = stdout
            .lines()
            .filter(|line| line.starts_with("REPORT"))
            .count();
        assert_eq!(reports, 1 + 4 + 1, "{stdout}");
        assert!(stderr.ends_with("stopped\n"), "{stderr}");
    })
    .await;
}

#[tokio::test]
async fn services_are_broken_and_repaired_while_it_runs() {
    patiently(async {
        let server = Server::start(&["05", "--fault", "database=down"]).await;
        let faults = |answer: &Answer| answer.json()["faults"].to_string();
        assert_eq!(
            faults(&server.get("/_lab/faults").await),
            r#"["database=down"]"#
        );
        assert_eq!(server.get("/").await.status, 503);
        let repaired = server.send("DELETE", "/_lab/faults/database", "", "").await;
        assert_eq!(faults(&repaired), "[]");
        server.get("/").await.must_be_the_list();

        let broken = server.send("PUT", "/_lab/faults/cache=down", "", "").await;
        assert_eq!(faults(&broken), r#"["cache=down"]"#);
        server.get("/").await.must_be_the_list();
        // One fault a service: the next one takes its place.
        let broken = server
            .send("PUT", "/_lab/faults/cache=garbage", "", "")
            .await;
        assert_eq!(faults(&broken), r#"["cache=garbage"]"#);
        server.get("/").await.must_be_the_list();
        // What happens once does not last.
        let moment = server
            .send("PUT", "/_lab/faults/database=restart", "", "")
            .await;
        assert_eq!(faults(&moment), r#"["cache=garbage"]"#);
        let all = server.send("DELETE", "/_lab/faults", "", "").await;
        assert_eq!(faults(&all), "[]");
        server.get("/").await.must_be_the_list();

        for (method, path) in [
            ("PUT", "/_lab/faults/cache=up"),
            ("DELETE", "/_lab/faults/printer"),
            ("POST", "/_lab/faults"),
        ] {
            let answer = server.send(method, path, "", "").await;
            assert_eq!(answer.status, 400, "{path}: {}", answer.body);
        }
        let (success, stdout, stderr) = server.end().await;
        assert!(success, "{stderr}");
        assert!(stdout.contains("[function] "), "complaints: {stdout}");
        assert!(stderr.contains("fault on: cache=down"), "{stderr}");
    })
    .await;
}

#[tokio::test]
async fn what_a_step_does_not_have_cannot_be_broken() {
    let output = Command::new(env!("CARGO_BIN_EXE_lab"))
        .args([
            "serve",
            "floor",
            "--port",
            "0",
            "--yes",
            "--fault",
            "cache=down",
        ])
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(said.contains("floor does not talk to the cache"), "{said}");
}

#[tokio::test]
async fn above_the_concurrency_requests_are_refused_as_lambda_refuses_them() {
    patiently(async {
        // Slow enough that the others come while the first one has the only environment.
        let arguments = ["05", "--concurrency", "1", "--fault", "database=slow"];
        let server = Server::start(&arguments).await;
        let event = String::from_utf8(contract::request().to_vec()).unwrap();
        let (one, two, three) = tokio::join!(
            server.invoke("05", &event),
            server.invoke("05", &event),
            server.invoke("05", &event)
        );
        let mut answers = [one, two, three];
        answers.sort_by_key(|answer| answer.status);
        let statuses = answers.each_ref().map(|answer| answer.status);
        assert_eq!(statuses, [200, 429, 429]);
        let refusal = answers[1].json();
        assert_eq!(refusal["Reason"], "ConcurrentInvocationLimitExceeded");
        assert!(
            answers[1]
                .headers
                .contains("x-amzn-errortype: toomanyrequestsexception")
        );
        let (success, _, stderr) = server.end().await;
        assert!(success);
        assert!(stderr.contains("refused: 429"), "{stderr}");
    })
    .await;
}
