//! Serves the built book on this machine and builds it again after changes.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use axum::Router;
use lab_workspace::Workspace;
use notify_debouncer_mini::new_debouncer;
use notify_debouncer_mini::notify::RecursiveMode;
use tower_http::services::ServeDir;

use crate::build;

/// How long nothing must change before the book is built again.
const QUIET: Duration = Duration::from_millis(300);

/// What the book is made from.
const WATCHED: [&str; 3] = ["book/chapters", "steps", "data"];

/// Runs until Ctrl-C.
pub fn serve(workspace: &Workspace, listen: SocketAddr) -> Result<()> {
    let output = build(workspace)?;
    let again = workspace.clone();
    let mut watcher = new_debouncer(QUIET, move |_| match build(&again) {
        Ok(_) => eprintln!("built again: reload the page"),
        // The last good one stays up.
        Err(error) => eprintln!("error: {error:#}"),
    })?;
    for folder in WATCHED {
        let path = workspace.root.join(folder);
        watcher
            .watcher()
            .watch(&path, RecursiveMode::Recursive)
            .with_context(|| format!("cannot watch {}", path.display()))?;
    }
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(listen_until_interrupted(&output, listen))
}

async fn listen_until_interrupted(output: &Path, listen: SocketAddr) -> Result<()> {
    let listener = tokio::net::TcpListener::bind(listen)
        .await
        .with_context(|| {
            format!("cannot listen on {listen}: take another port with --listen 127.0.0.1:0")
        })?;
    println!("http://{}/  (Ctrl-C ends)", listener.local_addr()?);
    let files = Router::new().fallback_service(ServeDir::new(output));
    axum::serve(listener, files)
        .with_graceful_shutdown(async {
            let _ = tokio::signal::ctrl_c().await;
        })
        .await?;
    Ok(())
}
