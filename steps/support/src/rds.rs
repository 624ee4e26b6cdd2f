//! IAM database authentication: a presigned request is the password.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign,
};
use aws_sigv4::sign::v4;

use crate::{BoxError, variable};

/// How long a token may be used to open a connection, in the longest form that RDS accepts. A connection that is open
/// outlives its token. (Amazon RDS User Guide, "IAM database authentication".)
const LIFETIME: Duration = Duration::from_mins(15);

/// The password with which `user` may open a connection to `host`:`port` during the next 15 minutes, signed with the
/// function's own credentials. Signing is arithmetic: nothing is sent anywhere.
///
/// # Errors
///
/// One of the variables `AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN` is missing,
/// or `host` makes no URL.
pub fn token(host: &str, port: u16, user: &str) -> Result<String, BoxError> {
    let credentials = Credentials::from_keys(
        variable("AWS_ACCESS_KEY_ID")?,
        variable("AWS_SECRET_ACCESS_KEY")?,
        Some(variable("AWS_SESSION_TOKEN")?),
    );
    presign(
        host,
        port,
        user,
        &variable("AWS_REGION")?,
        credentials,
        SystemTime::now(),
    )
}

fn presign(
    host: &str,
    port: u16,
    user: &str,
    region: &str,
    credentials: Credentials,
    now: SystemTime,
) -> Result<String, BoxError> {
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(LIFETIME);
    let identity = credentials.into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("rds-db")
        .time(now)
        .settings(settings)
        .build()?
        .into();

    let mut url = format!("https://{host}:{port}/?Action=connect&DBUser=");
    percent_encode(user, &mut url);
    let request = SignableRequest::new(
        "GET",
        url.as_str(),
        std::iter::empty(),
        SignableBody::Bytes(&[]),
    )?;
    let (instructions, _signature) = sign(request, &params)?.into_parts();
    for (name, value) in instructions.params() {
        url.push('&');
        url.push_str(name);
        url.push('=');
        percent_encode(value, &mut url);
    }
    Ok(url.split_off("https://".len()))
}

/// As `SigV4` wants it: everything but the unreserved characters of RFC 3986.
fn percent_encode(text: &str, into: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            into.push(byte.into());
        } else {
            into.extend([
                '%',
                HEX[usize::from(byte >> 4)].into(),
                HEX[usize::from(byte & 15)].into(),
            ]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by a second implementation of `SigV4`, written from its specification with Python's hmac and hashlib.
    const GOLDEN: &str = "db.example.com:5432/?Action=connect&DBUser=stadiums_reader\
        &X-Amz-Algorithm=AWS4-HMAC-SHA256\
        &X-Amz-Credential=AKIDEXAMPLE%2F20231114%2Feu-west-1%2Frds-db%2Faws4_request\
        &X-Amz-Date=20231114T221320Z\
        &X-Amz-Expires=900\
        &X-Amz-SignedHeaders=host\
        &X-Amz-Signature=79d38999bbf7f136a0af4265b31466d0e4b5525963c43fb539c5bda4e82c8150\
        &X-Amz-Security-Token=session%2Ftoken%2B%3D%3D";

    fn example(user: &str) -> String {
        let credentials =
            Credentials::from_keys("AKIDEXAMPLE", "secret", Some("session/token+==".to_owned()));
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        presign("db.example.com", 5432, user, "eu-west-1", credentials, now).expect("a token")
    }

    #[test]
    fn token_is_what_another_implementation_of_sigv4_signs() {
        assert_eq!(example("stadiums_reader"), GOLDEN);
    }

    #[test]
    fn a_user_name_cannot_add_parameters() {
        assert!(example("a&b c").contains("DBUser=a%26b%20c&X-Amz-"));
    }
}
