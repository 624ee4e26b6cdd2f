//! Redis' protocol, RESP2 and RESP3, as far as counting needs it
//! (redis.io/docs, "Redis serialization protocol specification").

/// The largest number of values or bytes that one header may announce: 512 MiB, Redis' own limit for a string.
const LARGEST: i64 = 512 * 1024 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Command {
    /// Its name in upper case.
    pub name: String,
    /// Its length in bytes.
    pub length: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reply {
    /// Its length in bytes.
    pub length: usize,
    /// What it is.
    pub kind: ReplyKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReplyKind {
    /// No value.
    Null,
    /// A value.
    Value,
    /// An error.
    Error,
    /// Sent unasked: it answers no command.
    Push,
}

/// The first command in `bytes`, if it is complete.
pub(crate) fn command(bytes: &[u8]) -> Result<Option<Command>, Malformed> {
    let Some((line, mut length)) = line(bytes) else {
        return Ok(None);
    };
    if line.first() != Some(&b'*') {
        let first = line
            .split(u8::is_ascii_whitespace)
            .next()
            .unwrap_or_default();
        return Ok(Some(Command {
            name: name(first),
            length,
        }));
    }
    let mut first = None;
    for _ in 0..number(&line[1..])? {
        let Some((argument, end)) = bulk_string(bytes, length)? else {
            return Ok(None);
        };
        first.get_or_insert(argument);
        length = end;
    }
    Ok(Some(Command {
        name: name(first.unwrap_or_default()),
        length,
    }))
}

/// The first reply in `bytes`, if it is complete.
pub(crate) fn reply(bytes: &[u8]) -> Result<Option<Reply>, Malformed> {
    let mut kind = None;
    let mut length = 0;
    // Values that are still to come: an array adds its elements instead of nesting.
    let mut missing = 1_i64;
    while missing > 0 {
        let Some((line, header)) = line(&bytes[length..]) else {
            return Ok(None);
        };
        let (&sign, rest) = line.split_first().ok_or(Malformed)?;
        length += header;
        missing -= 1;
        let mut this = ReplyKind::Value;
        match sign {
            b'+' | b':' | b'#' | b',' | b'(' => {}
            b'-' => this = ReplyKind::Error,
            b'_' => this = ReplyKind::Null,
            b'$' | b'=' | b'!' | b'*' | b'~' if rest == b"-1" => this = ReplyKind::Null,
            b'$' | b'=' | b'!' => {
                length += number(rest)? as usize + 2;
                if bytes.len() < length {
                    return Ok(None);
                }
            }
            b'*' | b'~' => missing += number(rest)?,
            b'%' => missing += 2 * number(rest)?,
            // Attributes describe the value that follows them.
            b'|' => missing += 2 * number(rest)? + 1,
            b'>' => {
                this = ReplyKind::Push;
                missing += number(rest)?;
            }
            _ => return Err(Malformed),
        }
        if missing > LARGEST {
            return Err(Malformed);
        }
        kind.get_or_insert(this);
    }
    Ok(kind.map(|kind| Reply { length, kind }))
}

pub(crate) fn encode(arguments: &[&[u8]]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", arguments.len()).into_bytes();
    for argument in arguments {
        bytes.extend(format!("${}\r\n", argument.len()).bytes());
        bytes.extend_from_slice(argument);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

/// The first line without its end, and its length with it.
fn line(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let end = bytes.windows(2).position(|pair| pair == b"\r\n")?;
    Some((&bytes[..end], end + 2))
}

fn number(digits: &[u8]) -> Result<i64, Malformed> {
    let number: i64 = std::str::from_utf8(digits)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or(Malformed)?;
    if (0..=LARGEST).contains(&number) {
        Ok(number)
    } else {
        Err(Malformed)
    }
}

/// The string that starts at `start`, and where it ends.
fn bulk_string(bytes: &[u8], start: usize) -> Result<Option<(&[u8], usize)>, Malformed> {
    let Some((header, header_length)) = line(&bytes[start..]) else {
        return Ok(None);
    };
    let Some((b'$', digits)) = header.split_first() else {
        return Err(Malformed);
    };
    let content = start + header_length;
    let end = content + number(digits)? as usize;
    if bytes.len() < end + 2 {
        return Ok(None);
    }
    Ok(Some((&bytes[content..end], end + 2)))
}

fn name(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).to_uppercase()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn arbitrary_bytes_are_read_or_refused(bytes: Vec<u8>) {
            let _ = (command(&bytes), reply(&bytes));
        }

        #[test]
        fn almost_resp_is_read_or_refused(bytes in r"([*$+:%~>|_-](-?[0-9]{0,12})(\r\n)?[a-z]{0,3}){0,8}") {
            let _ = (command(bytes.as_bytes()), reply(bytes.as_bytes()));
        }

        #[test]
        fn a_command_is_complete_only_with_its_last_byte(arguments: Vec<Vec<u8>>, rest: Vec<u8>) {
            let arguments = arguments.iter().map(Vec::as_slice).collect::<Vec<_>>();
            let bytes = encode(&[&[&b"get"[..]], &arguments[..]].concat());
            for end in 0..bytes.len() {
                prop_assert_eq!(command(&bytes[..end]), Ok(None));
            }
            let expected = Command { name: "GET".into(), length: bytes.len() };
            prop_assert_eq!(command(&[bytes, rest].concat()), Ok(Some(expected)));
        }
    }

    #[test]
    fn replies_of_every_kind() {
        for (bytes, kind) in [
            ("+OK\r\n", ReplyKind::Value),
            ("-ERR no\r\n", ReplyKind::Error),
            ("$-1\r\n", ReplyKind::Null),
            ("_\r\n", ReplyKind::Null),
            ("$5\r\na\r\nbc\r\n", ReplyKind::Value),
            ("*2\r\n$1\r\na\r\n*1\r\n:1\r\n", ReplyKind::Value),
            ("*0\r\n", ReplyKind::Value),
            ("%1\r\n+a\r\n_\r\n", ReplyKind::Value),
            ("|1\r\n+ttl\r\n:9\r\n$1\r\na\r\n", ReplyKind::Value),
            (">2\r\n+invalidate\r\n*1\r\n+a\r\n", ReplyKind::Push),
        ] {
            for end in 0..bytes.len() {
                assert_eq!(
                    reply(&bytes.as_bytes()[..end]),
                    Ok(None),
                    "{bytes:?} cut at {end}"
                );
            }
            let expected = Reply {
                length: bytes.len(),
                kind,
            };
            assert_eq!(
                reply(format!("{bytes}+next\r\n").as_bytes()),
                Ok(Some(expected)),
                "{bytes:?}"
            );
        }
    }

    #[test]
    fn an_inline_command() {
        assert_eq!(
            command(b"ping hello\r\n"),
            Ok(Some(Command {
                name: "PING".into(),
                length: 12
            }))
        );
    }
}
