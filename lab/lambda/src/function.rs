//! What a function's owner configures.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::platform::Platform;

/// An external extension: a process of its own beside the runtime, in the same environment.
#[derive(Debug, Clone)]
pub struct Extension {
    /// The executable. Its file name is the name that it must register with.
    pub path: PathBuf,
    /// Variables that only the extension sees, besides those of the environment.
    pub variables: Vec<(String, String)>,
    /// A variable that carries the port on which the extension listens, for the runtime and the extension alike. The
    /// environment binds a free port of 127.0.0.1 and hands the listening socket down, so that many environments fit on
    /// one host: on AWS each has a network of its own and the port may be the same.
    pub port_variable: Option<String>,
}

impl Extension {
    /// The file name of the executable.
    pub fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }
}

/// The variable that tells an extension which file descriptor its listening socket has.
pub const LISTENER_VARIABLE: &str = "LAB_LISTENER_FD";

/// One line of an environment's log.
#[derive(Debug, Clone, Copy)]
pub struct LogLine<'a> {
    /// `function`, `platform` or the extension's name.
    pub source: &'a str,
    /// The line without its end.
    pub text: &'a str,
}

/// Receives what the environment's processes and the platform write to the log, a line at a time.
pub type LogSink = Arc<dyn Fn(LogLine<'_>) + Send + Sync>;

/// The account, with the id that AWS's own documentation uses for examples.
pub(crate) const ACCOUNT_ID: &str = "123456789012";

/// A function's configuration.
#[derive(Clone)]
pub struct Function {
    /// The function's name.
    pub name: String,
    /// Memory size in MiB (AWS writes MB), 128 to 10,240; the CPU share follows from it.
    pub memory_mb: u32,
    /// The time one invocation may take.
    pub timeout: Duration,
    /// The executable that speaks the Runtime API.
    pub bootstrap: PathBuf,
    /// The external extensions.
    pub extensions: Vec<Extension>,
    /// A folder that the processes find at `/opt`, where layers are on Lambda: each in a mount namespace of its own, so that
    /// the machine's `/opt` stays as it is. [`crate::opt_can_be_bound`] says whether this machine allows it.
    pub opt: Option<PathBuf>,
    /// The function's own environment variables.
    pub variables: Vec<(String, String)>,
    /// The service that runs it.
    pub platform: Arc<Platform>,
    /// Where log lines go; `None` drops them, but for the last few, which error messages show.
    pub log: Option<LogSink>,
}

impl Function {
    /// The function's ARN.
    pub fn arn(&self) -> String {
        format!(
            "arn:aws:lambda:{}:{ACCOUNT_ID}:function:{}",
            self.platform.region, self.name
        )
    }
}
