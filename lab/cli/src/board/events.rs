//! What an open page hears: the ranking and the question, whenever they change (server-sent events).

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{Stream, unfold};
use tokio::sync::watch::Receiver;

use super::Board;

/// What happens within this time is told at once.
const TOGETHER: Duration = Duration::from_millis(150);

struct Page {
    board: Arc<Board>,
    changes: Receiver<u64>,
    /// What it has heard.
    heard: (u64, u64),
}

/// An event for all that there is, then one after each change. A page that is slow misses what was replaced meanwhile.
pub fn stream(board: Arc<Board>) -> Sse<impl Stream<Item = Result<Event, Infallible>> + use<>> {
    let page = Page {
        changes: board.changes(),
        board,
        heard: (0, 0),
    };
    let events = unfold(page, async |mut page| {
        let event = page.next().await?;
        Some((Ok(event), page))
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}

impl Page {
    /// The next event; none when the board ends.
    async fn next(&mut self) -> Option<Event> {
        loop {
            let shown = self.board.shown();
            if shown.versions.0 != self.heard.0 {
                self.heard.0 = shown.versions.0;
                return Some(Event::default().event("board").data(&shown.board));
            }
            if shown.versions.1 != self.heard.1 {
                self.heard.1 = shown.versions.1;
                return Some(Event::default().event("question").data(&shown.question));
            }
            self.changes.changed().await.ok()?;
            tokio::time::sleep(TOGETHER).await;
            self.changes.mark_unchanged();
        }
    }
}
