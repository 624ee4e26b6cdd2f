//! Who may call the services: the credentials of the function's role, new for each run.

/// The Region that the lab pretends to be.
pub const REGION: &str = "us-east-1";

/// Temporary credentials, in the shape of those that Lambda gives to a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// `AWS_ACCESS_KEY_ID`: `ASIA` and 16 more characters.
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`: 40 characters.
    pub secret_access_key: String,
    /// `AWS_SESSION_TOKEN`. Real ones are a few hundred to a thousand characters long, which matters: the token travels in
    /// each request to Parameter Store and in each RDS IAM token.
    pub session_token: String,
}

impl Credentials {
    /// New random credentials. They have the same lengths and need no URL encoding in any run, so that counted bytes do
    /// not differ from run to run.
    pub(crate) fn random() -> Self {
        const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        const MIXED: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        Self {
            access_key_id: format!("ASIA{}", characters(UPPER, 16)),
            secret_access_key: characters(MIXED, 40),
            session_token: characters(MIXED, 800),
        }
    }
}

/// `length` random characters of an alphabet. They are unguessable enough for a service that only this machine reaches.
fn characters(alphabet: &[u8], length: usize) -> String {
    (0..length)
        .map(|_| char::from(alphabet[fastrand::usize(..alphabet.len())]))
        .collect()
}
