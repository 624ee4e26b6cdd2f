//! PostgreSQL's wire protocol, version 3.0, as far as a proxy has to understand it
//! (postgresql.org/docs, chapter "Frontend/Backend Protocol").

use std::io;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

/// The longest message that is accepted, in bytes: far more than the workshop sends, far less than memory.
const LONGEST_MESSAGE: usize = 64 * 1024 * 1024;

/// The longest start-up message that is accepted, in bytes. PostgreSQL has the same limit.
const LONGEST_STARTUP: usize = 10_000;

/// Bytes before a message's body: tag and length.
const HEADER: usize = 5;

/// A whole message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    /// Tag, length and body, as they came.
    pub bytes: Bytes,
}

impl Message {
    /// What kind of message this is, for example `Q` for a simple query.
    pub fn tag(&self) -> u8 {
        self.bytes[0]
    }

    /// What follows the length.
    pub fn body(&self) -> &[u8] {
        &self.bytes[HEADER..]
    }
}

/// Bytes received, cut into messages.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    received: BytesMut,
}

impl Messages {
    /// Waits for more bytes; false at the end of the stream. Cancelling it loses nothing.
    pub async fn receive(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> io::Result<bool> {
        self.received.reserve(8 * 1024);
        Ok(stream.read_buf(&mut self.received).await? > 0)
    }

    /// The next whole message, if it is here.
    pub fn next(&mut self) -> io::Result<Option<Message>> {
        let Some(mut header) = self.received.get(1..HEADER) else {
            return Ok(None);
        };
        let length = header.get_u32() as usize;
        if !(4..=LONGEST_MESSAGE).contains(&length) {
            return Err(invalid(format!("a message of {length} bytes")));
        }
        if self.received.len() <= length {
            return Ok(None);
        }
        Ok(Some(Message {
            bytes: self.received.split_to(1 + length).freeze(),
        }))
    }

    /// Waits for the next whole message.
    pub async fn expect(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Message> {
        loop {
            if let Some(message) = self.next()? {
                return Ok(message);
            }
            if !self.receive(stream).await? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    #[cfg(test)]
    pub fn push(&mut self, bytes: &[u8]) {
        self.received.extend_from_slice(bytes);
    }
}

/// The first message of a connection, which has no tag.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Startup {
    /// The client wants TLS.
    Tls,
    /// The client wants Kerberos encryption.
    Gss,
    /// The client wants another session's query cancelled.
    Cancel,
    /// The client starts a session with these parameters.
    Session(Vec<(String, String)>),
}

impl Startup {
    /// Reads exactly one start-up message: what follows `Tls` belongs to TLS.
    pub async fn receive(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Self> {
        let length = stream.read_u32().await? as usize;
        if !(8..=LONGEST_STARTUP).contains(&length) {
            return Err(invalid(format!("a start-up message of {length} bytes")));
        }
        let mut body = vec![0; length - 4];
        stream.read_exact(&mut body).await?;
        Self::parse(&body)
    }

    /// Reads a start-up message without its length.
    pub fn parse(mut body: &[u8]) -> io::Result<Self> {
        match body
            .try_get_u32()
            .map_err(|_| invalid("a start-up message without a version"))?
        {
            80_877_103 => Ok(Self::Tls),
            80_877_104 => Ok(Self::Gss),
            80_877_102 => Ok(Self::Cancel),
            0x0003_0000 => Ok(Self::Session(parameters(body)?)),
            version => Err(invalid(format!(
                "protocol version {}.{}",
                version >> 16,
                version & 0xffff
            ))),
        }
    }
}

fn parameters(mut body: &[u8]) -> io::Result<Vec<(String, String)>> {
    let mut parameters = Vec::new();
    loop {
        let name = text(&mut body)?;
        if name.is_empty() {
            return Ok(parameters);
        }
        parameters.push((name.to_owned(), text(&mut body)?.to_owned()));
    }
}

/// Takes a text that ends with a zero byte.
pub(crate) fn text<'a>(body: &mut &'a [u8]) -> io::Result<&'a str> {
    let end = body
        .iter()
        .position(|byte| *byte == 0)
        .ok_or_else(|| invalid("a text without an end"))?;
    let text =
        std::str::from_utf8(&body[..end]).map_err(|_| invalid("a text that is not UTF-8"))?;
    *body = &body[end + 1..];
    Ok(text)
}

pub(crate) fn message(tag: u8, body: &[u8]) -> Bytes {
    let mut message = BytesMut::with_capacity(HEADER + body.len());
    message.put_u8(tag);
    message.put_u32(4 + body.len() as u32);
    message.put_slice(body);
    message.freeze()
}

/// A start-up message that asks a server for a session.
pub(crate) fn session_request(user: &str, database: &str) -> Bytes {
    let body = format!("user\0{user}\0database\0{database}\0\0");
    let mut message = BytesMut::new();
    message.put_u32(8 + body.len() as u32);
    message.put_u32(0x0003_0000);
    message.put_slice(body.as_bytes());
    message.freeze()
}

pub(crate) fn simple_query(sql: &str) -> Bytes {
    message(b'Q', format!("{sql}\0").as_bytes())
}

/// The `ErrorResponse` that ends a session: its SQLSTATE, what is wrong, and more about it, which may be empty.
pub(crate) fn fatal(code: &str, text: &str, detail: &str) -> Bytes {
    let detail = match detail {
        "" => String::new(),
        detail => format!("D{detail}\0"),
    };
    let fields = format!("SFATAL\0VFATAL\0C{code}\0M{text}\0{detail}\0");
    message(b'E', fields.as_bytes())
}

/// The message text of an `ErrorResponse`'s body.
pub(crate) fn error_text(mut body: &[u8]) -> String {
    while let Ok(field) = text(&mut body) {
        if let Some(message) = field.strip_prefix('M') {
            return message.to_owned();
        }
    }
    "an error without a message".to_owned()
}

fn invalid(what: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn arbitrary_bytes_are_read_or_refused(bytes: Vec<u8>) {
            let _ = Startup::parse(&bytes);
            let mut messages = Messages::default();
            messages.push(&bytes);
            while let Ok(Some(message)) = messages.next() {
                prop_assert!(message.bytes.len() >= HEADER);
            }
        }

        #[test]
        fn messages_do_not_depend_on_where_the_stream_is_cut(
            sent in prop::collection::vec((any::<u8>(), prop::collection::vec(any::<u8>(), 0..40)), 0..10),
            cut in 1..50_usize,
        ) {
            let stream = sent.iter().flat_map(|(tag, body)| message(*tag, body)).collect::<Vec<_>>();
            let mut messages = Messages::default();
            let mut received = Vec::new();
            for chunk in stream.chunks(cut) {
                messages.push(chunk);
                while let Some(message) = messages.next().unwrap() {
                    received.push((message.tag(), message.body().to_vec()));
                }
            }
            prop_assert_eq!(received, sent);
        }
    }

    #[test]
    fn a_session_request_reads_back() {
        let request = session_request("reader", "stadiums");
        let expected = [("user", "reader"), ("database", "stadiums")]
            .map(|(name, value)| (name.into(), value.into()));
        assert_eq!(
            Startup::parse(&request[4..]).unwrap(),
            Startup::Session(expected.to_vec())
        );
    }

    #[test]
    fn an_impossible_length_is_refused() {
        for length in [0, 3, u32::MAX] {
            let mut messages = Messages::default();
            messages.push(b"Q");
            messages.push(&length.to_be_bytes());
            assert!(messages.next().is_err(), "{length}");
        }
    }

    #[test]
    fn an_error_keeps_its_message() {
        let error = fatal("28P01", "no", "because");
        assert_eq!(error_text(&error[HEADER..]), "no");
    }
}
