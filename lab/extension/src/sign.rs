//! Signature Version 4 for a POST request with a JSON body.
//!
//! The AWS SDK's signer would add forty crates to the extension and save no line.

use ring::{digest, hmac};

use crate::settings::Settings;

/// The value of the `Authorization` header.
///
/// `headers` are those that are signed, in lower case and sorted by name; `date` is the value of `x-amz-date`.
pub fn authorization(
    settings: &Settings,
    headers: &[(&str, &str)],
    body: &[u8],
    date: &str,
) -> String {
    let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>();
    let names = names.join(";");
    let lines = headers
        .iter()
        .map(|(name, value)| format!("{name}:{value}\n"));
    let request = format!(
        "POST\n/\n\n{}\n{names}\n{}",
        lines.collect::<String>(),
        hash(body)
    );
    let scope = format!("{}/{}/ssm/aws4_request", &date[..8], settings.region);
    let to_sign = format!(
        "AWS4-HMAC-SHA256\n{date}\n{scope}\n{}",
        hash(request.as_bytes())
    );
    let secret = format!("AWS4{}", settings.secret_access_key).into_bytes();
    let key = scope.split('/').fold(secret, |key, part| hmac(&key, part));
    let signature = hex::encode(hmac(&key, &to_sign));
    let access_key = &settings.access_key_id;
    format!(
        "AWS4-HMAC-SHA256 Credential={access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
}

fn hash(bytes: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_implementation_signs_alike() {
        // Made by botocore 1.43.11, `SigV4Auth(credentials, "ssm", "us-east-1").add_auth(request)`, with this clock.
        let expected = "AWS4-HMAC-SHA256 Credential=ASIAEXAMPLEEXAMPLE12/20260131/us-east-1/ssm/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, \
             Signature=6adb074d5fd2b5b5d62482243e205ead95fa4598e3f2070cbc4d54a768aa026c";
        let date = "20260131T235000Z";
        let headers = [
            ("content-type", "application/x-amz-json-1.1"),
            ("host", "127.0.0.1:4566"),
            ("x-amz-date", date),
            ("x-amz-security-token", "session-token"),
            ("x-amz-target", "AmazonSSM.GetParameter"),
        ];
        let settings = Settings::read(|name| match name {
            "AWS_ACCESS_KEY_ID" => Some("ASIAEXAMPLEEXAMPLE12".into()),
            "AWS_SECRET_ACCESS_KEY" => Some("secretEXAMPLEsecretEXAMPLEsecretEXAMPLE1".into()),
            "AWS_REGION" => Some("us-east-1".into()),
            "AWS_LAMBDA_RUNTIME_API"
            | "AWS_ENDPOINT_URL_SSM"
            | "SSL_CERT_FILE"
            | "AWS_SESSION_TOKEN" => Some(String::new()),
            _ => None,
        });
        let body = br#"{"Name":"/a","WithDecryption":false}"#;
        assert_eq!(
            authorization(&settings.unwrap(), &headers, body, date),
            expected
        );
    }
}
