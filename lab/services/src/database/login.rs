//! How a client gets a session from RDS Proxy: TLS, then an IAM token as a clear-text password.

use std::io;
use std::sync::atomic::Ordering;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio_rustls::server::TlsStream;

use super::Proxy;
use super::session::{NoSession, Session};
use super::token::{self, Expected};
use super::wire::{self, Messages, Startup};
use crate::REGION;
use crate::network::counts::Counter;
use crate::network::delay::{Delayed, pause};

/// A client that has logged in.
pub(crate) struct Client {
    pub stream: TlsStream<Delayed>,
    /// What it has sent so far.
    pub messages: Messages,
    pub user: String,
    pub database: String,
    pub session: Session,
}

/// What a client asks for at the start.
struct Request {
    user: String,
    database: String,
    /// Parameters that the session is to have, like the time zone.
    settings: Vec<(String, String)>,
}

impl Proxy {
    /// Takes a client from its first byte to `ReadyForQuery`. An error means that the connection is over; where the
    /// protocol allows, the client has been told why.
    pub async fn log_in(&self, stream: Delayed) -> io::Result<Client> {
        let stream = self.start_tls(stream).await?;
        let mut stream = self.listener.handshake(stream).await?;
        let request = self.read_request(&mut stream).await?;
        let messages = self.check_token(&mut stream, &request.user).await?;
        pause(self.listener.link.get().session_setup).await?;
        let (session, greeting) = match self.session_for(&request).await {
            Ok(both) => both,
            Err(response) => return Err(refuse(&mut stream, response).await),
        };
        // Counted before the answer: a client that has it must find it counted.
        self.listener.counters.add(Counter::DatabaseSessions, 1);
        let welcome = [
            wire::message(b'R', &[0; 4]),
            greeting,
            wire::message(b'Z', b"I"),
        ]
        .concat();
        stream.write_all(&welcome).await?;
        stream.flush().await?;
        Ok(Client {
            stream,
            messages,
            user: request.user,
            database: request.database,
            session,
        })
    }

    /// Answers the client's wish for TLS, and refuses a client that does not want it.
    async fn start_tls(&self, mut stream: Delayed) -> io::Result<Delayed> {
        loop {
            let startup = Startup::receive(&mut stream).await?;
            self.count_round_trip();
            match startup {
                Startup::Tls => {
                    stream.write_all(b"S").await?;
                    return Ok(stream);
                }
                Startup::Gss => stream.write_all(b"N").await?,
                // RDS Proxy does not support it. Nobody waits for an answer.
                Startup::Cancel => return Err(io::ErrorKind::Unsupported.into()),
                Startup::Session(_) => {
                    let error = wire::fatal(
                        "28000",
                        "this proxy accepts TLS connections only",
                        "IAM authentication sends the token in clear text, so TLS is required.",
                    );
                    return Err(refuse(&mut stream, error).await);
                }
            }
        }
    }

    async fn read_request(&self, stream: &mut TlsStream<Delayed>) -> io::Result<Request> {
        let Startup::Session(parameters) = Startup::receive(stream).await? else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        self.count_round_trip();
        let mut request = Request {
            user: String::new(),
            database: String::new(),
            settings: Vec::new(),
        };
        for (name, value) in parameters {
            match name.as_str() {
                "user" => request.user = value,
                "database" => request.database = value,
                "options" if !value.is_empty() => {
                    let message = "RDS Proxy currently doesn't support command-line options";
                    return Err(refuse(stream, wire::fatal("0A000", message, "")).await);
                }
                "options" => {}
                // The database is in UTF-8, as every client here asks.
                "client_encoding" if ["utf8", "utf-8"].contains(&value.to_lowercase().as_str()) => {
                }
                _ => request.settings.push((name, value)),
            }
        }
        if request.database.is_empty() {
            request.database.clone_from(&request.user);
        }
        Ok(request)
    }

    /// Asks for the password, which must be a token for `user`.
    async fn check_token(
        &self,
        stream: &mut TlsStream<Delayed>,
        user: &str,
    ) -> io::Result<Messages> {
        const CLEARTEXT_PASSWORD: [u8; 4] = 3_u32.to_be_bytes();
        stream
            .write_all(&wire::message(b'R', &CLEARTEXT_PASSWORD))
            .await?;
        stream.flush().await?;
        let mut messages = Messages::default();
        let password = messages.expect(stream).await?;
        self.count_round_trip();
        let mut body = password.body();
        if password.tag() != b'p' {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let token = wire::text(&mut body)?;
        let endpoint = self.listener.address().to_string();
        let expected = Expected {
            endpoint: &endpoint,
            user,
            region: REGION,
            credentials: &self.credentials,
        };
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs())
            + self.clock_ahead.load(Ordering::Relaxed);
        if let Err(error) = token::verify(token, &expected, now) {
            self.listener
                .counters
                .add(Counter::DatabaseTokensRefused, 1);
            let refusal = authentication_failed(user, &error.to_string());
            return Err(refuse(stream, refusal).await);
        }
        Ok(messages)
    }

    /// A session of PostgreSQL with the client's settings, and what PostgreSQL would say to the client at the start.
    async fn session_for(&self, request: &Request) -> Result<(Session, Bytes), Bytes> {
        let refused = |error: NoSession| error.response();
        let mut session = self
            .pool
            .take(&request.user, &request.database)
            .await
            .map_err(refused)?;
        let mut greeting = session.greeting.to_vec();
        for (name, value) in &request.settings {
            let literal = |text: &str| format!("'{}'", text.replace('\'', "''"));
            let sql = format!(
                "SELECT set_config({}, {}, false)",
                literal(name),
                literal(value)
            );
            let answer = session.run(&sql).await.map_err(refused)?;
            let changed = answer.iter().filter(|message| message.tag() == b'S');
            greeting.extend(changed.flat_map(|message| message.bytes.iter()));
        }
        Ok((session, greeting.into()))
    }

    fn count_round_trip(&self) {
        self.listener.counters.add(Counter::DatabaseRoundTrips, 1);
    }
}

/// RDS Proxy's answer to a token that it does not accept. The detail is the lab's: AWS gives none.
pub(crate) fn authentication_failed(user: &str, detail: &str) -> Bytes {
    let message = format!(
        "The IAM authentication failed for the role {user}. Check the IAM token for this role and try again."
    );
    wire::fatal("28P01", &message, detail)
}

/// Tells the client why, and closes.
async fn refuse(stream: &mut (impl AsyncWrite + Unpin), response: Bytes) -> io::Error {
    let told = async {
        stream.write_all(&response).await?;
        stream.shutdown().await
    };
    told.await
        .err()
        .unwrap_or_else(|| io::ErrorKind::ConnectionRefused.into())
}
