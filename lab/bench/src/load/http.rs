//! Requests over HTTP: a connection is reused by the next request, and as many are opened as there are requests at a time.

use std::sync::Mutex;

use super::client::Reply;
use crate::aws::connection::{Answer, Closed, Connection};

/// Connections to one URL.
pub struct Pool {
    url: String,
    idle: Mutex<Vec<Connection>>,
}

impl Pool {
    /// No connection yet.
    pub fn new(url: String) -> Self {
        Self {
            url,
            idle: Mutex::default(),
        }
    }

    /// One `GET`. What it takes to open a connection, if none is idle, is a part of it. It is sent a second time only where
    /// an idle connection turns out to be closed before anything of an answer came: servers close idle connections.
    pub async fn get(&self) -> Result<Reply, String> {
        let idle = self.idle.lock().expect("no holder panics").pop();
        let reused = idle.is_some();
        match self.get_over(idle).await {
            Err(error) if reused && error.is::<Closed>() => self.get_over(None).await,
            other => other,
        }
        .map_err(|error| format!("{error:#}"))
    }

    async fn get_over(&self, idle: Option<Connection>) -> anyhow::Result<Reply> {
        let mut connection = match idle {
            Some(connection) => connection,
            None => Connection::open(&self.url).await?,
        };
        let Answer {
            status,
            body,
            content_type,
            ..
        } = connection.get().await?;
        self.idle.lock().expect("no holder panics").push(connection);
        Ok(Reply {
            status,
            content_type: content_type.unwrap_or_default(),
            body,
            cold: false,
            cause: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

    /// What the server does with a request.
    #[derive(Clone, Copy)]
    enum Does {
        Answer,
        Close,
        CloseAfter(&'static str),
        Swallow,
    }

    /// A server that does this with its requests, in their order, and how many came.
    async fn server(does: &'static [Does]) -> (Pool, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let came = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&came);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, does, Arc::clone(&counter)));
            }
        });
        (Pool::new(url), came)
    }

    async fn serve(mut stream: TcpStream, does: &[Does], came: Arc<AtomicUsize>) {
        let mut request = [0; 4096];
        while stream.read(&mut request).await.is_ok_and(|bytes| bytes > 0) {
            match does[came.fetch_add(1, Ordering::SeqCst)] {
                Does::Answer => stream.write_all(OK.as_bytes()).await.unwrap(),
                Does::Close => return,
                Does::CloseAfter(text) => return stream.write_all(text.as_bytes()).await.unwrap(),
                Does::Swallow => std::future::pending().await,
            }
        }
    }

    #[tokio::test]
    async fn a_timeout_is_a_failure_and_nothing_is_sent_again() {
        let (pool, came) = server(&[Does::Answer, Does::Swallow, Does::Swallow]).await;
        pool.get().await.unwrap();
        // The clock goes on by itself as soon as everybody waits.
        tokio::time::pause();
        let error = pool.get().await.unwrap_err();
        assert!(error.contains("no answer within 45 s"), "{error}");
        assert_eq!(came.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn half_an_answer_is_a_failure_and_nothing_is_sent_again() {
        const HALF: Does = Does::CloseAfter("HTTP/1.1 200 OK\r\ncontent-le");
        let (pool, came) = server(&[Does::Answer, HALF, Does::Answer]).await;
        pool.get().await.unwrap();
        pool.get().await.unwrap_err();
        assert_eq!(came.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn an_idle_connection_that_was_closed_is_replaced_once() {
        let (pool, came) = server(&[Does::Answer, Does::Close, Does::Answer]).await;
        pool.get().await.unwrap();
        assert_eq!(pool.get().await.unwrap().status, 200);
        assert_eq!(came.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn a_new_connection_that_is_closed_is_a_failure() {
        let (pool, came) = server(&[Does::Close, Does::Answer]).await;
        let error = pool.get().await.unwrap_err();
        assert!(error.contains("closed before anything"), "{error}");
        assert_eq!(came.load(Ordering::SeqCst), 1);
    }
}
