//! `application/vnd.amazon.eventstream`: the framing of a streamed answer of the Invoke API (smithy.io, "Amazon Event Stream
//! Specification"). Forty lines here rather than the SDK's crate, which brings the SDK's types with it.

use axum::body::Bytes;

/// The type of a header's value that is a string.
const STRING: u8 = 7;

/// One message: both lengths, a checksum of them, the headers, the payload, and a checksum of everything. Names have up to
/// 255 bytes, values up to 65,535.
pub(super) fn message(headers: &[(&str, &str)], payload: &[u8]) -> Bytes {
    let mut encoded = Vec::new();
    for (name, value) in headers {
        encoded.push(name.len() as u8);
        encoded.extend_from_slice(name.as_bytes());
        encoded.push(STRING);
        encoded.extend_from_slice(&(value.len() as u16).to_be_bytes());
        encoded.extend_from_slice(value.as_bytes());
    }
    let whole = 4 + 4 + 4 + encoded.len() + payload.len() + 4;
    let mut message = Vec::with_capacity(whole);
    message.extend_from_slice(&(whole as u32).to_be_bytes());
    message.extend_from_slice(&(encoded.len() as u32).to_be_bytes());
    message.extend_from_slice(&crc32fast::hash(&message).to_be_bytes());
    message.extend_from_slice(&encoded);
    message.extend_from_slice(payload);
    message.extend_from_slice(&crc32fast::hash(&message).to_be_bytes());
    message.into()
}

/// An event of this type.
pub(super) fn event(kind: &str, content_type: &str, payload: &[u8]) -> Bytes {
    let headers = [
        (":message-type", "event"),
        (":event-type", kind),
        (":content-type", content_type),
    ];
    message(&headers, payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Vectors that the AWS SDKs test their decoders with.
    #[test]
    fn messages_are_those_of_the_published_vectors() {
        let empty = b"\x00\x00\x00\x10\x00\x00\x00\x00\x05\xc2\x48\xeb\x7d\x98\xc8\xff";
        assert_eq!(message(&[], b""), &empty[..]);
        let payload =
            b"\x00\x00\x00\x1d\x00\x00\x00\x00\xfd\x52\x8c\x5a{'foo':'bar'}\xc3\x65\x39\x36";
        assert_eq!(message(&[], b"{'foo':'bar'}"), &payload[..]);
        let header = b"\x00\x00\x00\x3d\x00\x00\x00\x20\x07\xfd\x83\x96\x0ccontent-type\x07\x00\x10application/json{'foo':'bar'}\x8d\x9c\x08\xb1";
        let json = [("content-type", "application/json")];
        assert_eq!(message(&json, b"{'foo':'bar'}"), &header[..]);
    }
}
