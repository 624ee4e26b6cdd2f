//! The processes of an environment, from the first to the last: a reset replaces them all.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::failure::Exit;
use super::freeze::wait_until_asleep;
use super::process::Process;
use crate::clock::epoch_ms;
use crate::function::{Extension, Function};
use crate::platform::Platform;
use crate::runtime_api::{self, Exchange, Identity, shutdown_event};

/// Extensions and runtime, and the server that they talk to.
pub(super) struct Processes {
    pub(super) exchange: Arc<Exchange>,
    pub(super) runtime_api: SocketAddr,
    server: JoinHandle<()>,
    /// The names of the configured extensions.
    pub(super) extensions: Vec<String>,
    /// The extensions in the order of the configuration, then the runtime, as far as they have been started.
    pub(super) started: Vec<Process>,
}

impl Processes {
    /// The server alone; the init phase starts the processes.
    pub(super) async fn new(function: &Function) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let runtime_api = listener.local_addr()?;
        let extensions: Vec<String> = function.extensions.iter().map(Extension::name).collect();
        let exchange = Arc::new(Exchange::new(Identity {
            function_name: function.name.clone(),
            extensions: extensions.clone(),
            largest_response: function.platform.largest_response,
            largest_stream: function.platform.largest_stream,
        }));
        Ok(Self {
            server: runtime_api::serve(listener, Arc::clone(&exchange)),
            exchange,
            runtime_api,
            extensions,
            started: Vec::new(),
        })
    }

    /// Waits for the end of any process, the runtime's before those of the extensions; never returns without processes.
    pub(super) async fn first_to_end(&mut self) -> Exit {
        std::future::poll_fn(|context| {
            for (index, process) in self.started.iter_mut().enumerate().rev() {
                let wait = std::pin::pin!(process.child.wait());
                if let Poll::Ready(status) = wait.poll(context) {
                    return Poll::Ready(Exit {
                        extension: self.extensions.get(index).cloned(),
                        status: status.unwrap_or_default(),
                        out_of_memory: false,
                    });
                }
            }
            Poll::Pending
        })
        .await
    }

    /// Waits until all that an ended process wrote has been read.
    pub(super) async fn last_words(&mut self, exit: &Exit) {
        let extensions = self.extensions.iter().map(Some).chain([None]);
        for (name, process) in extensions.zip(&mut self.started) {
            if name == exit.extension.as_ref() {
                process.last_words().await;
            }
        }
    }

    pub(super) fn ids(&self) -> Vec<i32> {
        self.started.iter().map(Process::id).collect()
    }

    /// `function` or the extension's name, and the process id.
    pub(super) fn named(&self) -> Vec<(String, i32)> {
        let names = self.extensions.iter().cloned();
        let names = names.chain(["function".to_owned()]);
        names.zip(self.ids()).collect()
    }

    pub(super) fn signal(&self, signal: Signal) {
        for process in &self.started {
            process.signal(signal);
        }
    }

    /// Ends all processes. Without extensions they are killed at once. With internal extensions alone, the runtime gets
    /// SIGTERM and their budget. With external ones, the runtime gets SIGTERM and a part of the budget, the extensions that
    /// want it get the shutdown event and the rest of it. What is left is killed. A stopped process runs again before it
    /// may handle anything of this.
    pub(super) async fn shutdown(mut self, reason: &str, platform: &Platform) {
        if self.exchange.has_extensions() {
            self.signal(Signal::SIGCONT);
            // A signal that finds a thread still stopped may be lost on a runtime that waits for it in another one.
            wait_until_asleep(self.ids()).await;
            let (of_runtime, whole) = if self.extensions.is_empty() {
                let internal = platform.shutdown_budget_internal;
                (internal, internal)
            } else {
                (
                    platform.shutdown_budget_of_runtime,
                    platform.shutdown_budget,
                )
            };
            self.say_goodbye(reason, of_runtime, whole).await;
        }
        self.signal(Signal::SIGKILL);
        // Reaped here, so that the control group is empty when it is used again or removed.
        for process in &mut self.started {
            let _ = process.child.wait().await;
        }
    }

    async fn say_goodbye(&mut self, reason: &str, of_runtime: Duration, budget: Duration) {
        let start = Instant::now();
        let extensions = self.extensions.len().min(self.started.len());
        let (extensions, runtime) = self.started.split_at_mut(extensions);
        for process in runtime {
            process.signal(Signal::SIGTERM);
            let _ = timeout_at(start + of_runtime, process.child.wait()).await;
            process.signal(Signal::SIGKILL);
        }
        let left = (start + budget).saturating_duration_since(Instant::now());
        let deadline_ms = epoch_ms() + left.as_millis() as u64;
        let told = self
            .exchange
            .deliver_shutdown(&shutdown_event(reason, deadline_ms));
        for (process, name) in extensions.iter_mut().zip(&self.extensions) {
            if told.contains(name) {
                let _ = timeout_at(start + budget, process.child.wait()).await;
            } else {
                process.signal(Signal::SIGKILL);
            }
        }
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        self.server.abort();
    }
}
