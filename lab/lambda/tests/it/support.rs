//! What the tests share: a function around the examples, and what it left behind.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lab_lambda::{
    Cgroups, Credentials, Extension, Function, Placement, Platform, Report, Scaling, TraceHeader,
};

/// An example of this crate. `target/PROFILE/deps/THIS_TEST` -> `target/PROFILE/examples/NAME`; cargo builds the examples
/// before it runs tests.
pub fn example(name: &str) -> PathBuf {
    let own = std::env::current_exe().unwrap();
    own.ancestors().nth(2).unwrap().join("examples").join(name)
}

pub fn platform(limits: Cgroups) -> Platform {
    Platform {
        region: "us-east-1".to_owned(),
        credentials: Credentials {
            access_key_id: "ASIAEXAMPLE".to_owned(),
            secret_access_key: "secret".to_owned(),
            session_token: "token".to_owned(),
        },
        limits,
        placement: Placement::of_this_machine(2),
        memory_per_vcpu_mib: 1769.0,
        cpu_period: Duration::from_millis(20),
        init_vcpus: 2.0,
        init_timeout: Duration::from_secs(10),
        shutdown_budget: Duration::from_secs(2),
        shutdown_budget_of_runtime: Duration::from_millis(300),
        shutdown_budget_internal: Duration::from_millis(500),
        open_files: 1024,
        largest_payload: 6 << 20,
        largest_response: (6 << 20) + 100,
        largest_stream: 1 << 20,
    }
}

pub fn function(behaviour: &str) -> Function {
    let none = Cgroups::None {
        reason: "this test is not about limits".to_owned(),
    };
    Function {
        name: "test".to_owned(),
        memory_mb: 256,
        timeout: Duration::from_secs(10),
        bootstrap: example("bootstrap"),
        extensions: Vec::new(),
        opt: None,
        variables: vec![("BEHAVIOUR".to_owned(), behaviour.to_owned())],
        platform: Arc::new(platform(none)),
        log: None,
    }
}

pub fn trace() -> TraceHeader {
    TraceHeader::new(false)
}

/// Nothing is limited but the number of environments.
pub fn scaling() -> Scaling {
    Scaling {
        account_concurrency: 1000,
        reserved: None,
        grow_by: 1000,
        grow_within: Duration::from_secs(10),
        rate_per_environment: 10,
        idle: Duration::from_mins(10),
    }
}

/// A function, and a folder that outlives its environments like a sandbox's `/tmp`.
pub struct Case {
    pub function: Function,
    pub folder: tempfile::TempDir,
    /// What the platform has logged.
    pub log: Arc<Mutex<Vec<String>>>,
}

impl Case {
    pub fn new(behaviour: &str) -> Self {
        let log = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&log);
        let folder = tempfile::tempdir().unwrap();
        let mut function = function(behaviour);
        function.variables.push(variable("FOLDER", folder.path()));
        function.log = Some(Arc::new(move |line| {
            if line.source == "platform" {
                sink.lock().unwrap().push(line.text.to_owned());
            }
        }));
        Self {
            function,
            folder,
            log,
        }
    }

    /// It misbehaves the first time only.
    pub fn once(mut self) -> Self {
        self.function
            .variables
            .push(variable("ONCE", &self.folder.path().join("once")));
        self
    }

    /// With an extension that behaves as it is told.
    pub fn extension(mut self, behaviour: &str) -> Self {
        self.function.extensions.push(Extension {
            path: example("extension"),
            variables: vec![("EXTENSION".to_owned(), behaviour.to_owned())],
            port_variable: None,
        });
        self
    }

    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.function.timeout = timeout;
        self
    }

    pub fn platform(mut self, change: impl FnOnce(&mut Platform)) -> Self {
        change(Arc::get_mut(&mut self.function.platform).unwrap());
        self
    }

    /// What the extension has written down: its events, one a line.
    pub fn extension_events(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("events")).unwrap_or_default()
    }

    /// The REPORT lines of the log so far, which is taken.
    pub fn take_reports(&self) -> Vec<Report> {
        let log = self.take_log();
        log.iter().filter_map(|line| line.parse().ok()).collect()
    }

    /// The log so far; the next call begins where this one ended.
    pub fn take_log(&self) -> Vec<String> {
        std::mem::take(&mut *self.log.lock().unwrap())
    }
}

fn variable(name: &str, value: &Path) -> (String, String) {
    (name.to_owned(), value.display().to_string())
}
