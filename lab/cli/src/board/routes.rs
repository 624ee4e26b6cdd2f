//! The board's addresses, as `data/results/README.md` lists them.

use std::sync::Arc;
use std::time::SystemTime;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use lab_results::format::timestamp;

use super::admission::{Admission, Peer};
use super::entry::Entry;
use super::record::{Show, Vote, What};
use super::{Board, events, export, page};

/// What every answer is made with.
struct Shared {
    board: Arc<Board>,
    admission: Admission,
    /// The page's own script is the one that runs.
    nonce: String,
}

/// All addresses of a board.
pub fn router(board: Arc<Board>, nonce: String) -> Router {
    let shared = Arc::new(Shared {
        admission: Admission::new(board.settings.facilitator.clone()),
        board,
        nonce,
    });
    Router::new()
        .route("/", get(live).post(line))
        .route("/events", get(stream))
        .route("/lines", get(lines))
        .route("/board.csv", get(csv))
        .route("/board.json", get(json))
        .route("/board.html", get(kept))
        .route("/vote", post(vote))
        .route("/show", post(show))
        .with_state(shared)
}

/// What a handler gets.
type Of = State<Arc<Shared>>;

async fn live(State(shared): Of) -> Response {
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{}'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'",
        shared.nonce
    );
    let mut answer = answer(
        "text/html; charset=utf-8",
        page::live(&shared.board, &shared.nonce),
    );
    if let Ok(policy) = HeaderValue::try_from(policy) {
        answer.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    answer
}

async fn stream(State(shared): Of) -> Response {
    events::stream(Arc::clone(&shared.board)).into_response()
}

async fn lines(State(shared): Of) -> Response {
    answer("text/plain; charset=utf-8", shared.board.lines())
}

async fn csv(State(shared): Of) -> Response {
    answer(
        "text/csv; charset=utf-8",
        export::csv(&shared.board.standings()),
    )
}

async fn json(State(shared): Of) -> Response {
    match serde_json::to_string_pretty(&shared.board.standings()) {
        Ok(text) => answer("application/json", text + "\n"),
        Err(error) => said(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

async fn kept(State(shared): Of) -> Response {
    let text = page::kept(&shared.board, &timestamp(SystemTime::now()));
    answer("text/html; charset=utf-8", text)
}

async fn line(State(shared): Of, Extension(peer): Extension<Peer>, request: Request) -> Response {
    let code = shared.board.settings.code.clone();
    let body = match shared.admission.admit(peer, code.as_deref(), request).await {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let Ok(text) = String::from_utf8(body) else {
        return said(StatusCode::UNPROCESSABLE_ENTITY, "a line is text, in UTF-8");
    };
    let Entry {
        taken,
        said: mut told,
    } = Entry::read(&text, &shared.board.settings.profiles);
    if taken.is_empty() {
        return said(StatusCode::UNPROCESSABLE_ENTITY, &told.join("\n"));
    }
    let (lines, results): (Vec<_>, Vec<_>) = taken.into_iter().unzip();
    let what = lines.into_iter().map(What::Line).collect();
    if let Err(refusal) = shared.keep(what).await {
        return refusal;
    }
    let standings = shared.board.standings();
    let places = results.iter().flat_map(|result| {
        let groups = standings.groups.iter();
        let group = groups
            .filter(|group| (&group.profile, group.limited) == (&result.profile, result.limited));
        group.flat_map(|group| {
            let own = group
                .ranked
                .iter()
                .filter(|place| place.label == result.label);
            own.map(|it| {
                format!(
                    "{}: {} is in place {} of {}",
                    it.label,
                    it.name,
                    it.place,
                    group.ranked.len()
                )
            })
        })
    });
    told.splice(..0, places);
    said(StatusCode::OK, &told.join("\n"))
}

async fn vote(State(shared): Of, Extension(peer): Extension<Peer>, request: Request) -> Response {
    let body = match shared.admission.admit(peer, None, request).await {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let vote: Vote = match serde_json::from_slice(&body) {
        Ok(vote) => vote,
        Err(error) => {
            return said(
                StatusCode::UNPROCESSABLE_ENTITY,
                &format!("no choice: {error}"),
            );
        }
    };
    if let Err(why) = shared.board.may_vote(&vote) {
        return said(StatusCode::CONFLICT, why);
    }
    match shared.keep(vec![What::Vote(vote)]).await {
        Ok(()) => said(StatusCode::OK, "counted"),
        Err(refusal) => refusal,
    }
}

async fn show(State(shared): Of, Extension(peer): Extension<Peer>, request: Request) -> Response {
    let facilitator = shared.board.settings.facilitator.clone();
    let body = match shared
        .admission
        .admit(peer, Some(&facilitator), request)
        .await
    {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let show: Option<Show> = match serde_json::from_slice(&body) {
        Ok(show) => show,
        Err(error) => {
            return said(
                StatusCode::UNPROCESSABLE_ENTITY,
                &format!("nothing to show: {error}"),
            );
        }
    };
    let questions = &shared.board.settings.questions;
    let told = match &show {
        Some(show) if !questions.iter().any(|it| it.chapter == show.chapter) => {
            let chapters: Vec<&str> = questions.iter().map(|it| it.chapter.as_str()).collect();
            let told = format!(
                "no chapter {:?} asks a question: {}",
                show.chapter,
                chapters.join(", ")
            );
            return said(StatusCode::UNPROCESSABLE_ENTITY, &told);
        }
        Some(_) => "shown",
        None => "closed",
    };
    match shared.keep(vec![What::Show(show)]).await {
        Ok(()) => said(StatusCode::OK, told),
        Err(refusal) => refusal,
    }
}

impl Shared {
    /// Keeps it on the disk, for which nothing else waits.
    async fn keep(&self, what: Vec<What>) -> Result<(), Response> {
        let board = Arc::clone(&self.board);
        let kept = tokio::task::spawn_blocking(move || board.take(what)).await;
        let error = match kept {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        eprintln!("WARNING: nothing can be kept: {error}");
        let told = format!(
            "the board cannot keep it: {error}; tell the facilitator, and send it again later"
        );
        Err(said(StatusCode::INSUFFICIENT_STORAGE, &told))
    }
}

pub(super) fn said(status: StatusCode, text: &str) -> Response {
    let mut answer = answer("text/plain; charset=utf-8", format!("{text}\n"));
    *answer.status_mut() = status;
    answer
}

fn answer(kind: &'static str, text: String) -> Response {
    let mut answer = Response::new(Body::from(text));
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}
