//! Ctrl-C, a closed terminal, a request to terminate.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Whether a command ends by itself when it is interrupted.
static TAKEN_OVER: AtomicBool = AtomicBool::new(false);

/// Waits for an interruption that no command takes care of.
pub async fn interrupted() {
    let mut signals = Signals::new();
    loop {
        signals.next().await;
        if !TAKEN_OVER.load(Ordering::Relaxed) {
            return;
        }
    }
}

/// The error of a command that was interrupted and has put everything back.
#[derive(Debug)]
pub struct Interrupted;

impl std::error::Error for Interrupted {}

impl std::fmt::Display for Interrupted {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("interrupted")
    }
}

/// While this lives, its owner ends what runs. Afterwards an interruption ends the program at once again.
pub struct TakenOver(Signals);

impl TakenOver {
    /// From now on.
    pub fn begin() -> Self {
        TAKEN_OVER.store(true, Ordering::Relaxed);
        Self(Signals::new())
    }

    /// Waits for an interruption.
    pub async fn interrupted(&mut self) {
        self.0.next().await;
    }
}

impl Drop for TakenOver {
    fn drop(&mut self) {
        TAKEN_OVER.store(false, Ordering::Relaxed);
    }
}

struct Signals(Vec<Signal>);

impl Signals {
    fn new() -> Self {
        let kinds = [
            SignalKind::interrupt(),
            SignalKind::terminate(),
            SignalKind::hangup(),
        ];
        Self(kinds.into_iter().flat_map(signal).collect())
    }

    async fn next(&mut self) {
        std::future::poll_fn(|context| {
            let any = self
                .0
                .iter_mut()
                .any(|signal| signal.poll_recv(context).is_ready());
            if any {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
        })
        .await;
    }
}
