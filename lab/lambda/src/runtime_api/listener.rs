//! Taking connections, also when there is no file descriptor for them.

use std::io;
use std::time::Duration;

use nix::libc::{EMFILE, ENFILE};

/// The pause after a connection that could not be taken because no file descriptor was free. Without it the loop would
/// spin: the connection stays in the queue, and the listener stays ready.
const PAUSE: Duration = Duration::from_millis(10);

/// The next connection. What goes wrong before there is one, such as a client that has left already, is passed over.
pub(super) async fn accept<T, F>(mut once: impl FnMut() -> F) -> T
where
    F: Future<Output = io::Result<T>>,
{
    loop {
        match once().await {
            Ok(connection) => return connection,
            Err(error) if matches!(error.raw_os_error(), Some(EMFILE | ENFILE)) => {
                tokio::time::sleep(PAUSE).await;
            }
            Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use nix::libc::ECONNABORTED;

    use super::*;

    /// Fails with each of these, then succeeds; answers how many pauses that took.
    async fn pauses(errors: &[i32]) -> u32 {
        let calls = AtomicU32::new(0);
        let start = tokio::time::Instant::now();
        let connection = accept(|| async {
            let call = calls.fetch_add(1, Ordering::Relaxed) as usize;
            match errors.get(call) {
                Some(error) => Err(io::Error::from_raw_os_error(*error)),
                None => Ok("connected"),
            }
        });
        assert_eq!(connection.await, "connected");
        assert_eq!(calls.into_inner() as usize, errors.len() + 1);
        (start.elapsed().as_millis() / PAUSE.as_millis()) as u32
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_file_descriptor_it_waits_before_each_new_attempt() {
        assert_eq!(pauses(&[EMFILE, ENFILE, EMFILE]).await, 3);
        assert_eq!(pauses(&[ECONNABORTED]).await, 0);
        assert_eq!(pauses(&[]).await, 0);
    }
}
