//! Verifies an RDS IAM authentication token: a presigned URL without its scheme, used as a password.
//!
//! Written from AWS's description of Signature Version 4, on purpose without the signer that the steps use: a mistake
//! would otherwise cancel itself out.

use std::collections::BTreeMap;
use std::fmt::Write;

use ring::{digest, hmac};
use time::PrimitiveDateTime;
use time::format_description::parse_borrowed;

use crate::Credentials;

/// The longest life of a token, in seconds: 15 minutes (docs.aws.amazon.com, "IAM database authentication").
const LONGEST_LIFE: u64 = 900;

/// How far a client's clock may be ahead, in seconds. AWS allows five minutes for Signature Version 4 in general.
const CLOCK_SKEW: u64 = 300;

/// What a token must say to be accepted.
pub(crate) struct Expected<'a> {
    /// The endpoint that it is for, as `host:port`.
    pub endpoint: &'a str,
    /// The database user who wants to log in.
    pub user: &'a str,
    pub region: &'a str,
    pub credentials: &'a Credentials,
}

/// Why a token is refused. RDS does not tell its clients; the lab does, so that a mistake can be found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    #[error("the password is no IAM token: it must be a presigned URL without https://")]
    NoToken,
    #[error("the token is for the endpoint {0}, this is {1}")]
    Endpoint(String, String),
    #[error("the token's {0} is {1:?}, it must be {2:?}")]
    Field(&'static str, String, String),
    #[error("the token's X-Amz-Security-Token is not the session token of the function's role")]
    Session,
    #[error("the token has no {0}, or one that cannot be read")]
    Unreadable(&'static str),
    #[error("the token expired {0} s ago")]
    Expired(u64),
    #[error("the token is valid for {0} s, at most {LONGEST_LIFE} s are allowed")]
    LifeTooLong(u64),
    #[error("the token is signed {0} s in the future: a clock is wrong")]
    Future(u64),
    #[error(
        "the token's signature does not match: it was signed with another key, or changed afterwards"
    )]
    Signature,
}

/// Checks a token at `now`, in seconds since 1970.
pub(crate) fn verify(token: &str, expected: &Expected<'_>, now: u64) -> Result<(), TokenError> {
    let (endpoint, query) = token.split_once("/?").ok_or(TokenError::NoToken)?;
    if endpoint != expected.endpoint {
        return Err(TokenError::Endpoint(
            endpoint.to_owned(),
            expected.endpoint.to_owned(),
        ));
    }
    let mut fields = parse(query).ok_or(TokenError::NoToken)?;
    let signature = fields
        .remove("X-Amz-Signature")
        .and_then(|text| hex::decode(text).ok());
    let signature = signature.ok_or(TokenError::Unreadable("X-Amz-Signature"))?;
    let signed_at = fields.get("X-Amz-Date").cloned().unwrap_or_default();
    let day = signed_at
        .get(..8)
        .ok_or(TokenError::Unreadable("X-Amz-Date"))?;
    let scope = format!("{day}/{}/rds-db/aws4_request", expected.region);

    check_fields(&fields, expected, &scope)?;
    check_time(&fields, &signed_at, now)?;

    let request = format!(
        "GET\n/\n{}\nhost:{endpoint}\n\nhost\n{}",
        canonical(&fields),
        hash("")
    );
    let to_sign = format!("AWS4-HMAC-SHA256\n{signed_at}\n{scope}\n{}", hash(&request));
    let key = signing_key(
        &expected.credentials.secret_access_key,
        day,
        expected.region,
    );
    hmac::verify(&key, to_sign.as_bytes(), &signature).map_err(|_| TokenError::Signature)
}

fn check_fields(
    fields: &BTreeMap<String, String>,
    expected: &Expected<'_>,
    scope: &str,
) -> Result<(), TokenError> {
    let credential = format!("{}/{scope}", expected.credentials.access_key_id);
    for (name, value) in [
        ("Action", "connect"),
        ("DBUser", expected.user),
        ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
        ("X-Amz-Credential", &credential),
        ("X-Amz-SignedHeaders", "host"),
    ] {
        let is = fields.get(name).map_or("", String::as_str);
        if is != value {
            return Err(TokenError::Field(name, is.to_owned(), value.to_owned()));
        }
    }
    if fields.get("X-Amz-Security-Token") == Some(&expected.credentials.session_token) {
        Ok(())
    } else {
        Err(TokenError::Session)
    }
}

fn check_time(
    fields: &BTreeMap<String, String>,
    signed_at: &str,
    now: u64,
) -> Result<(), TokenError> {
    let signed_at = seconds(signed_at).ok_or(TokenError::Unreadable("X-Amz-Date"))?;
    let life: u64 = fields
        .get("X-Amz-Expires")
        .and_then(|text| text.parse().ok())
        .ok_or(TokenError::Unreadable("X-Amz-Expires"))?;
    if life > LONGEST_LIFE {
        return Err(TokenError::LifeTooLong(life));
    }
    if signed_at > now + CLOCK_SKEW {
        return Err(TokenError::Future(signed_at - now));
    }
    match now.checked_sub(signed_at + life) {
        Some(late) if late > 0 => Err(TokenError::Expired(late)),
        _ => Ok(()),
    }
}

fn signing_key(secret: &str, day: &str, region: &str) -> hmac::Key {
    let first = hmac::Key::new(hmac::HMAC_SHA256, format!("AWS4{secret}").as_bytes());
    [day, region, "rds-db", "aws4_request"]
        .iter()
        .fold(first, |key, part| {
            hmac::Key::new(
                hmac::HMAC_SHA256,
                hmac::sign(&key, part.as_bytes()).as_ref(),
            )
        })
}

fn hash(text: &str) -> String {
    hex::encode(digest::digest(&digest::SHA256, text.as_bytes()))
}

/// The query's fields, decoded; nothing if one is malformed or comes twice.
fn parse(query: &str) -> Option<BTreeMap<String, String>> {
    let mut fields = BTreeMap::new();
    for field in query.split('&') {
        let (name, value) = field.split_once('=')?;
        if fields.insert(decode(name)?, decode(value)?).is_some() {
            return None;
        }
    }
    Some(fields)
}

/// The query in the one form that is signed: sorted by name, and encoded in one way only. All names are plain ASCII here,
/// so that sorting before encoding is the same as after.
fn canonical(fields: &BTreeMap<String, String>) -> String {
    let fields = fields
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)));
    fields.collect::<Vec<_>>().join("&")
}

fn encode(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("a String takes all text");
        }
        encoded
    })
}

fn decode(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut decoded = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let part = part.as_bytes();
        decoded.extend(hex::decode(part.get(..2)?).ok()?);
        decoded.extend_from_slice(&part[2..]);
    }
    String::from_utf8(decoded).ok()
}

/// Seconds since 1970 of a time like `20260131T235959Z`.
fn seconds(text: &str) -> Option<u64> {
    const FORMAT: &str = "[year][month][day]T[hour][minute][second]Z";
    let format = parse_borrowed::<2>(FORMAT).expect("it is a format");
    let time = PrimitiveDateTime::parse(text, &format).ok()?;
    u64::try_from(time.assume_utc().unix_timestamp()).ok()
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
