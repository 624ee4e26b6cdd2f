//! The program, and a client for it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use lab_results::leaderboard::{Crate, Line, Result as Measured};

/// Nothing here takes as long, unless it hangs.
pub const TIMEOUT: Duration = Duration::from_mins(2);

/// A board.
pub struct Board {
    child: Child,
    /// Host and port.
    pub address: String,
    /// What it said until it had said the facilitator's code.
    pub said: String,
}

/// An answer's status and body.
pub type Answer = (u16, String);

impl Board {
    /// Starts it with these arguments on a free port.
    pub fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_lab"))
            .args(["board", "--port", "0"])
            .args(arguments)
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        while !said.contains("facilitator's code") {
            assert_ne!(lines.read_line(&mut said).unwrap(), 0, "it ended: {said}");
        }
        // What it says later goes where this test's own words go.
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::stderr()));
        let address = said.split("http://").nth(1).unwrap();
        let address = address.split('/').next().unwrap().to_owned();
        Self {
            child,
            address,
            said,
        }
    }

    /// The same with a file.
    pub fn on(file: &Path) -> Self {
        Self::start(&["--file", file.to_str().unwrap()])
    }

    /// The facilitator's code.
    pub fn facilitator(&self) -> String {
        let code = self.said.trim_end().rsplit(' ').next();
        code.unwrap().to_owned()
    }

    /// A request, over a connection of its own.
    pub fn request(&self, head: &str, headers: &str, body: &[u8]) -> Answer {
        request(&self.address, head, headers, body)
    }

    /// Sends a line.
    pub fn send(&self, line: &str) -> Answer {
        self.request("POST /", "", line.as_bytes())
    }

    /// Asks for a path.
    pub fn get(&self, path: &str) -> String {
        let (status, body) = self.request(&format!("GET {path}"), "", b"");
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// A page's event stream, and nothing is read of it yet.
    pub fn events(&self) -> TcpStream {
        let mut stream = connect(&self.address);
        stream
            .write_all(b"GET /events HTTP/1.1\r\nhost: board\r\n\r\n")
            .unwrap();
        stream
    }
}

impl Drop for Board {
    /// SIGKILL.
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
    stream
}

fn request(address: &str, head: &str, headers: &str, body: &[u8]) -> Answer {
    let mut stream = connect(address);
    let length = body.len();
    let head = format!(
        "{head} HTTP/1.1\r\nhost: board\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}

/// Reads an event stream until it has said this.
pub fn hear(stream: &mut TcpStream, what: &str) {
    let (mut heard, mut some) = (Vec::new(), [0; 16384]);
    while !String::from_utf8_lossy(&heard).contains(what) {
        let length = stream.read(&mut some).unwrap();
        assert_ne!(length, 0, "it ended before {what}");
        heard.extend_from_slice(&some[..length]);
    }
}

/// A result whose crate keeps the contract.
pub fn result(label: &str, p50_us: f64) -> Measured {
    Measured {
        label: label.to_owned(),
        profile: "region".to_owned(),
        limited: true,
        rounds: 12,
        floor_us: 400.0,
        crates: vec![Crate {
            name: "mine".to_owned(),
            memory_mb: 256,
            p50_us,
            network_us: 500.0,
            keeps_contract: Some(true),
        }],
    }
}

/// Its line.
pub fn line(label: &str, p50_us: f64) -> String {
    Line(result(label, p50_us)).to_string()
}

/// `lab` with these arguments and this input: standard output.
pub fn lab(arguments: &[&str], input: &str) -> String {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(input.as_bytes()).unwrap();
    std::io::Seek::rewind(&mut file).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_lab"))
        .args(arguments)
        .stdin(file)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}
