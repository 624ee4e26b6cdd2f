//! A party that a function calls over plain HTTP: every request gets the same answer after the same delay.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::http::{StatusCode, header};
use bytes::Bytes;
use lab_workspace::function_file::UpstreamEntry;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

/// A running upstream, which ends when it is dropped.
pub struct Upstream {
    /// Where it listens.
    pub address: SocketAddr,
    task: AbortHandle,
}

impl Upstream {
    /// Starts it on a free port of 127.0.0.1, on the event loop of the caller.
    pub async fn start(entry: &UpstreamEntry) -> Result<Self> {
        let body: Bytes = std::fs::read(&entry.answer)
            .with_context(|| format!("cannot read {}", entry.answer.display()))?
            .into();
        let status = StatusCode::from_u16(entry.status)
            .with_context(|| format!("status = {}", entry.status))?;
        let is_json = entry.answer.extension().is_some_and(|it| it == "json");
        let kind = if is_json {
            "application/json"
        } else {
            "text/plain; charset=utf-8"
        };
        let delay = Duration::from_secs_f64(entry.delay_ms / 1000.0);
        let answer = move || async move {
            // Without the timer there is no delay, and an answer all the same.
            let _ = lab_services::pause(delay).await;
            (status, [(header::CONTENT_TYPE, kind)], body)
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let serve = async move { axum::serve(listener, Router::new().fallback(answer)).await };
        Ok(Self {
            address,
            task: tokio::spawn(serve).abort_handle(),
        })
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.task.abort();
    }
}
