//! What the processes of an environment write: passed on line by line; error messages show the last ones.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::task::JoinHandle;

use crate::function::{LogLine, LogSink};

/// Lines that an error message shows.
const TAIL_LINES: usize = 8;
/// Characters of a line that it shows.
const TAIL_WIDTH: usize = 200;

/// Bytes of the log that a caller gets who asks for them: "up to the last 4 KB" (Invoke, `LogType`).
const CALLERS_TAIL: usize = 4096;

/// The log of one environment.
#[derive(Clone)]
pub(super) struct Log {
    sink: Option<LogSink>,
    tail: Arc<Mutex<VecDeque<String>>>,
    /// The log of an invocation whose caller wants it.
    recorded: Arc<Mutex<Option<String>>>,
}

impl Log {
    pub(super) fn new(sink: Option<LogSink>) -> Self {
        Self {
            sink,
            tail: Arc::default(),
            recorded: Arc::default(),
        }
    }

    /// Records what is logged from now on.
    pub(super) fn record(&self) {
        *self.recorded() = Some(String::new());
    }

    /// The end of what has been recorded.
    pub(super) fn take_record(&self) -> String {
        let recorded = self.recorded().take().unwrap_or_default();
        let begin = recorded.len().saturating_sub(CALLERS_TAIL);
        recorded[recorded.ceil_char_boundary(begin)..].to_owned()
    }

    fn recorded(&self) -> MutexGuard<'_, Option<String>> {
        self.recorded.lock().expect("no holder of this lock panics")
    }

    fn note(&self, text: &str) {
        if let Some(recorded) = &mut *self.recorded() {
            recorded.push_str(text);
            recorded.push('\n');
        }
    }

    /// A line of the platform's own, put into words only where somebody reads it.
    pub(super) fn platform(&self, text: impl FnOnce() -> String) {
        if self.sink.is_none() && self.recorded().is_none() {
            return;
        }
        let text = text();
        self.note(&text);
        if let Some(sink) = &self.sink {
            sink(LogLine {
                source: "platform",
                text: &text,
            });
        }
    }

    fn write(&self, source: &str, text: &str) {
        self.note(text);
        if let Some(sink) = &self.sink {
            sink(LogLine { source, text });
        }
        let mut tail = self.tail.lock().expect("no holder of this lock panics");
        if tail.len() == TAIL_LINES {
            tail.pop_front();
        }
        tail.push_back(text.to_owned());
    }

    /// The last lines that the processes wrote, for the end of an error message: the newest first, since it most often says what
    /// is wrong, and of long ones the beginning. Empty when there are none.
    pub(super) fn tail(&self) -> String {
        let tail = self.tail.lock().expect("no holder of this lock panics");
        if tail.is_empty() {
            return String::new();
        }
        let lines = tail.iter().rev().map(|line| {
            let mut shown: String = line.chars().take(TAIL_WIDTH).collect();
            if shown.len() < line.len() {
                shown += "...";
            }
            format!("\n    | {shown}")
        });
        format!(
            ". What it wrote, the newest line first:{}",
            lines.collect::<String>()
        )
    }

    /// Reads a pipe until its end, in the background.
    pub(super) fn follow(
        &self,
        source: &str,
        pipe: impl AsyncRead + Unpin + Send + 'static,
    ) -> JoinHandle<()> {
        let (log, source) = (self.clone(), source.to_owned());
        tokio::spawn(async move {
            let mut lines = BufReader::new(pipe);
            let mut line = Vec::new();
            while let Ok(1..) = lines.read_until(b'\n', &mut line).await {
                log.write(&source, String::from_utf8_lossy(&line).trim_end());
                line.clear();
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_line_is_told_first_and_long_ones_are_cut() {
        let log = Log::new(None);
        assert_eq!(log.tail(), "");
        for number in 0..=TAIL_LINES {
            log.write("function", &format!("line {number}"));
        }
        log.write("function", &"x".repeat(TAIL_WIDTH + 1));
        let tail = log.tail();
        let lines: Vec<&str> = tail.lines().collect();
        assert_eq!(lines.len(), 1 + TAIL_LINES);
        assert_eq!(lines[1], format!("    | {}...", "x".repeat(TAIL_WIDTH)));
        assert_eq!(lines[2], format!("    | line {TAIL_LINES}"));
    }
}
