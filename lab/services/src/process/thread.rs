//! A thread with an event loop of its own.

use std::thread::JoinHandle;

use tokio::sync::oneshot;

use crate::Error;

/// A running thread. It ends with [`EventLoop::stop`] and when this is dropped; a drop waits for its end.
pub(crate) struct EventLoop {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl EventLoop {
    /// Starts a thread and returns what `start` returns on it. The tasks that it has started go on until the thread is
    /// stopped, which ends with `stop`. If the future is dropped, `start` is dropped as well and the thread ends.
    pub async fn start<T: Clone + Send + 'static>(
        start: impl AsyncFnOnce() -> Result<T, Error> + Send + 'static,
        stop: impl AsyncFnOnce(T) + Send + 'static,
    ) -> Result<(Self, T), Error> {
        let (mut started, wait_for_start) = oneshot::channel();
        let (stop_sender, wait_for_stop) = oneshot::channel();
        let body = async move || {
            let result = tokio::select! {
                result = start() => result,
                () = started.closed() => return,
            };
            let running = result.as_ref().ok().cloned();
            if started.send(result).is_ok()
                && let Some(running) = running
            {
                // Stopped, or dropped: both close the channel.
                let _ = wait_for_stop.await;
                stop(running).await;
            }
        };
        let failed = || Error::io("starting the services' thread");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(failed())?;
        let thread = std::thread::Builder::new()
            .name("services".to_owned())
            .spawn(move || runtime.block_on(body()))
            .map_err(failed())?;
        let running = wait_for_start.await.map_err(|_| Error::Stopped)??;
        let event_loop = Self {
            stop: Some(stop_sender),
            thread: Some(thread),
        };
        Ok((event_loop, running))
    }

    /// Stops the thread and waits for its end.
    pub async fn stop(mut self) {
        self.stop.take();
        let thread = self.thread.take();
        // A thread that panicked has ended its programs as well.
        let _ = tokio::task::spawn_blocking(move || thread.map(JoinHandle::join)).await;
    }
}

impl Drop for EventLoop {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
