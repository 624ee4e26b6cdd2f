//! Sessions with the real PostgreSQL, and the ones that RDS Proxy keeps open.

use std::collections::HashMap;
use std::io;
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv};
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;

use super::wire::{self, Message, Messages};

/// How long a session may take to be made as good as new; then it is closed.
const RESET_TIMEOUT: Duration = Duration::from_secs(1);

/// An open session with PostgreSQL.
pub(crate) struct Session {
    pub stream: UnixStream,
    pub messages: Messages,
    /// What PostgreSQL said at the start: its parameters and the session's key, for each client that gets this session.
    pub greeting: Bytes,
}

/// Why there is no session.
#[derive(Debug)]
pub(crate) enum NoSession {
    /// PostgreSQL says no: its own `ErrorResponse`.
    Refused(Bytes),
    /// PostgreSQL cannot be reached, or breaks off.
    Lost(io::Error),
}

impl From<io::Error> for NoSession {
    fn from(error: io::Error) -> Self {
        Self::Lost(error)
    }
}

impl NoSession {
    /// What a client gets to see.
    pub fn response(&self) -> Bytes {
        match self {
            Self::Refused(response) => response.clone(),
            Self::Lost(error) => {
                let message = "the proxy cannot reach the database";
                wire::fatal("08006", message, &error.to_string())
            }
        }
    }

    /// What a person gets to see.
    pub fn message(&self) -> String {
        match self {
            Self::Refused(response) => wire::error_text(&response[5..]),
            Self::Lost(error) => error.to_string(),
        }
    }
}

impl Session {
    /// Opens a session. PostgreSQL trusts whoever reaches its Unix socket: the proxy has checked the IAM token.
    pub async fn open(socket: &Path, user: &str, database: &str) -> Result<Self, NoSession> {
        let mut stream = UnixStream::connect(socket).await?;
        stream
            .write_all(&wire::session_request(user, database))
            .await?;
        let mut messages = Messages::default();
        let mut greeting = BytesMut::new();
        loop {
            let message = messages.expect(&mut stream).await?;
            match message.tag() {
                b'S' | b'K' => greeting.extend_from_slice(&message.bytes),
                b'E' => return Err(NoSession::Refused(message.bytes)),
                b'Z' => {
                    return Ok(Self {
                        stream,
                        messages,
                        greeting: greeting.freeze(),
                    });
                }
                // AuthenticationOk, and notices for nobody.
                _ => {}
            }
        }
    }

    /// Runs SQL and returns all messages of the answer but `ReadyForQuery`.
    pub async fn run(&mut self, sql: &str) -> Result<Vec<Message>, NoSession> {
        self.stream.write_all(&wire::simple_query(sql)).await?;
        let mut answer = Vec::new();
        let mut refused = None;
        loop {
            let message = self.messages.expect(&mut self.stream).await?;
            match message.tag() {
                b'Z' => {
                    return refused
                        .map_or(Ok(answer), |response| Err(NoSession::Refused(response)));
                }
                b'E' => refused = Some(message.bytes),
                _ => answer.push(message),
            }
        }
    }

    /// Whether the session's user is a direct member of the role `rds_iam`. Asked so, and not with `pg_has_role`, because
    /// a superuser has every role.
    pub async fn may_use_iam(&mut self) -> Result<bool, NoSession> {
        let sql = "SELECT 1 FROM pg_auth_members WHERE member = current_user::regrole AND roleid = 'rds_iam'::regrole";
        Ok(self
            .run(sql)
            .await?
            .iter()
            .any(|message| message.tag() == b'D'))
    }

    /// Reads on until all requests are answered, then makes the session as good as new. Fails if a transaction is open.
    async fn reset(&mut self, mut unanswered: u64, mut idle: bool) -> Result<(), NoSession> {
        while unanswered > 0 {
            let message = self.messages.expect(&mut self.stream).await?;
            if message.tag() == b'Z' {
                unanswered -= 1;
                idle = message.body() == b"I";
            }
        }
        if !idle {
            return Err(io::Error::other("the client left a transaction open").into());
        }
        self.run("DISCARD ALL").await.map(drop)
    }

    /// Whether PostgreSQL has neither ended nor said anything unasked. It says so when it ends a session. The kernel is
    /// asked, as tokio may not have heard of it yet.
    fn is_alive(&self) -> bool {
        let flags = MsgFlags::MSG_PEEK | MsgFlags::MSG_DONTWAIT;
        recv(self.stream.as_raw_fd(), &mut [0], flags) == Err(Errno::EAGAIN)
    }
}

/// The sessions that are open and in nobody's use, per user and database. A client that finds one here does not wait for
/// PostgreSQL to start a process, as behind RDS Proxy.
///
/// One client holds one session from log-in to log-out. RDS Proxy gives it back after each transaction unless the client
/// is pinned; that is not modelled here, only counted.
pub(crate) struct Pool {
    socket: PathBuf,
    idle: Mutex<HashMap<(String, String), Vec<Session>>>,
}

impl Pool {
    pub fn new(socket: PathBuf) -> Self {
        Self {
            socket,
            idle: Mutex::default(),
        }
    }

    /// An idle session, or a new one of a user who may use IAM tokens.
    pub async fn take(&self, user: &str, database: &str) -> Result<Session, NoSession> {
        while let Some(session) = self.take_idle(user, database) {
            if session.is_alive() {
                return Ok(session);
            }
        }
        let mut session = Session::open(&self.socket, user, database).await?;
        if session.may_use_iam().await? {
            return Ok(session);
        }
        let detail = format!(
            "The database user {user} is not a member of the role rds_iam: GRANT rds_iam TO {user}"
        );
        Err(NoSession::Refused(super::login::authentication_failed(
            user, &detail,
        )))
    }

    fn take_idle(&self, user: &str, database: &str) -> Option<Session> {
        let mut idle = self.idle.lock().expect("no holder panics");
        idle.get_mut(&(user.to_owned(), database.to_owned()))?.pop()
    }

    /// Takes a session back after its client has left. One that cannot be made as good as new is closed.
    pub async fn give_back(
        &self,
        mut session: Session,
        user: &str,
        database: &str,
        unanswered: u64,
        idle: bool,
    ) {
        let reset = tokio::time::timeout(RESET_TIMEOUT, session.reset(unanswered, idle));
        if let Ok(Ok(())) = reset.await {
            let mut idle = self.idle.lock().expect("no holder panics");
            idle.entry((user.to_owned(), database.to_owned()))
                .or_default()
                .push(session);
        }
    }
}
