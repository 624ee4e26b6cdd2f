//! Requests over HTTP: a connection is kept for the next request, and as many are opened as there are requests at a time.

use std::sync::Mutex;

use super::client::Reply;
use crate::aws::connection::{Answer, Connection};

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

    /// One `GET`. What it takes to open a connection, if none is idle, is a part of it.
    pub async fn get(&self) -> Result<Reply, String> {
        let kept = self.idle.lock().expect("no holder panics").pop();
        let was_kept = kept.is_some();
        match self.get_over(kept).await {
            // The server may have closed a kept connection meanwhile: that is no failure of the request.
            Err(_) if was_kept => self.get_over(None).await,
            other => other,
        }
        .map_err(|error| format!("{error:#}"))
    }

    async fn get_over(&self, kept: Option<Connection>) -> anyhow::Result<Reply> {
        let mut connection = match kept {
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
