//! The end of a process that should have gone on.

use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

/// The end of a process that should have gone on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exit {
    /// The extension's name; `None` for the runtime.
    pub extension: Option<String>,
    /// How it ended.
    pub status: ExitStatus,
    /// True when the kernel killed it because the environment had used up its memory.
    pub out_of_memory: bool,
}

impl Exit {
    /// `the runtime` or `the extension NAME`.
    pub(super) fn who(&self) -> String {
        match &self.extension {
            Some(name) => format!("the extension {name}"),
            None => "the runtime".to_owned(),
        }
    }

    /// In AWS's words.
    pub(super) fn message(&self) -> String {
        match (&self.extension, self.status.code()) {
            (None, Some(0)) => "Runtime exited without providing a reason".to_owned(),
            (None, _) => format!("Runtime exited with error: {}", in_go_words(self.status)),
            (Some(_), Some(0)) => "exit code 0".to_owned(),
            (Some(_), _) => in_go_words(self.status),
        }
    }
}

/// Lambda's supervisor is a Go program, and this is how Go prints an exit status.
fn in_go_words(status: ExitStatus) -> String {
    let Some(signal) = status.signal() else {
        return format!("exit status {}", status.code().unwrap_or_default());
    };
    let name = match signal {
        1 => "hangup",
        2 => "interrupt",
        3 => "quit",
        4 => "illegal instruction",
        5 => "trace/breakpoint trap",
        6 => "aborted",
        7 => "bus error",
        8 => "floating point exception",
        9 => "killed",
        11 => "segmentation fault",
        13 => "broken pipe",
        15 => "terminated",
        other => return format!("signal: signal {other}"),
    };
    format!("signal: {name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exit_is_told_in_lambdas_words() {
        let exit = |extension: Option<&str>, wait_status| Exit {
            extension: extension.map(str::to_owned),
            status: ExitStatus::from_raw(wait_status),
            out_of_memory: false,
        };
        let exited = |code: i32| exit(None, code << 8).message();
        assert_eq!(exited(7), "Runtime exited with error: exit status 7");
        assert_eq!(exited(0), "Runtime exited without providing a reason");
        let aborted = exit(None, 6);
        assert_eq!(
            aborted.message(),
            "Runtime exited with error: signal: aborted"
        );
        assert_eq!(exit(Some("extension"), 1 << 8).message(), "exit status 1");
        assert_eq!(exit(Some("extension"), 0).message(), "exit code 0");
        assert_eq!(exit(Some("extension"), 34).message(), "signal: signal 34");
    }
}
