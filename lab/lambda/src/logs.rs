//! What the processes of an environment write: passed on line by line, the last lines kept for error messages.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

use crate::function::LogSink;

/// Lines kept for an error message.
const KEPT_LINES: usize = 20;

/// One line of an environment's log.
#[derive(Debug, Clone, Copy)]
pub struct LogLine<'a> {
    /// `function`, `platform` or the extension's name.
    pub source: &'a str,
    /// The line without its end.
    pub text: &'a str,
}

/// The log of one environment.
#[derive(Clone)]
pub(crate) struct Log {
    sink: Option<LogSink>,
    tail: Arc<Mutex<VecDeque<String>>>,
}

impl Log {
    pub(crate) fn new(sink: Option<LogSink>) -> Self {
        Self {
            sink,
            tail: Arc::default(),
        }
    }

    /// A line of the platform's own, put into words only where somebody reads it.
    pub(crate) fn platform(&self, text: impl FnOnce() -> String) {
        if let Some(sink) = &self.sink {
            sink(LogLine {
                source: "platform",
                text: &text(),
            });
        }
    }

    fn write(&self, source: &str, text: &str) {
        if let Some(sink) = &self.sink {
            sink(LogLine { source, text });
        }
        let mut tail = self.tail.lock().expect("no holder of this lock panics");
        if tail.len() == KEPT_LINES {
            tail.pop_front();
        }
        tail.push_back(text.to_owned());
    }

    /// The last lines that the processes wrote, for the end of an error message; empty when there are none.
    pub(crate) fn tail(&self) -> String {
        let tail = self.tail.lock().expect("no holder of this lock panics");
        if tail.is_empty() {
            return String::new();
        }
        let lines: String = tail.iter().map(|line| format!("\n    | {line}")).collect();
        format!(". The last it wrote:{lines}")
    }

    /// Reads a pipe until its end.
    pub(crate) async fn follow(self, source: String, pipe: impl AsyncRead + Unpin) {
        let mut lines = BufReader::new(pipe);
        let mut line = Vec::new();
        while let Ok(1..) = lines.read_until(b'\n', &mut line).await {
            self.write(&source, String::from_utf8_lossy(&line).trim_end());
            line.clear();
        }
    }
}
