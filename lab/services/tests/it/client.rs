//! A client of the database, and the IAM tokens that it needs.

use std::time::{SystemTime, UNIX_EPOCH};

use ring::{digest, hmac};
use time::OffsetDateTime;
use time::format_description::parse_borrowed;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, Error};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::lab::Lab;

/// What an IAM token claims. The lab's code that verifies it has none that signs.
pub struct Claim {
    /// `host:port`
    pub endpoint: String,
    pub user: String,
    pub region: String,
    pub access_key_id: String,
    pub secret_access_key: String,
    pub session_token: String,
    /// When it is signed, in seconds since 1970.
    pub signed_at: u64,
    /// For how many seconds it says to be good.
    pub life: u64,
}

impl Claim {
    /// What is right for this user, from now on and for 15 minutes.
    pub fn of(lab: &Lab, user: &str) -> Self {
        let credentials = lab.services.credentials();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Self {
            endpoint: lab.services.database().endpoint().to_string(),
            user: user.to_owned(),
            region: "us-east-1".to_owned(),
            access_key_id: credentials.access_key_id.clone(),
            secret_access_key: credentials.secret_access_key.clone(),
            session_token: credentials.session_token.clone(),
            signed_at: now.as_secs(),
            life: 900,
        }
    }

    /// The token.
    pub fn sign(&self) -> String {
        let Self {
            endpoint,
            user,
            region,
            access_key_id,
            secret_access_key,
            session_token,
            signed_at,
            life,
        } = self;
        let time = OffsetDateTime::from_unix_timestamp(signed_at.cast_signed()).unwrap();
        let format = parse_borrowed::<2>("[year][month][day]T[hour][minute][second]Z").unwrap();
        let date = time.format(&format).unwrap();
        let day = &date[..8];
        let scope = format!("{day}/{region}/rds-db/aws4_request");
        let query = format!(
            "Action=connect&DBUser={user}&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={access_key_id}%2F{}\
             &X-Amz-Date={date}&X-Amz-Expires={life}&X-Amz-Security-Token={session_token}&X-Amz-SignedHeaders=host",
            scope.replace('/', "%2F"),
        );
        let hash = |text: &str| hex::encode(digest::digest(&digest::SHA256, text.as_bytes()));
        let request = format!("GET\n/\n{query}\nhost:{endpoint}\n\nhost\n{}", hash(""));
        let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hash(&request));
        let secret = format!("AWS4{secret_access_key}").into_bytes();
        let key = scope.split('/').fold(secret, |key, part| sign(&key, part));
        format!(
            "{endpoint}/?{query}&X-Amz-Signature={}",
            hex::encode(sign(&key, &to_sign))
        )
    }
}

fn sign(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes())
        .as_ref()
        .to_vec()
}

/// How to reach RDS Proxy as this user.
pub fn config(lab: &Lab, user: &str) -> Config {
    let endpoint = lab.services.database().endpoint();
    let mut config = Config::new();
    config
        .host(endpoint.ip().to_string())
        .port(endpoint.port())
        .user(user)
        .dbname("stadiums")
        .password(Claim::of(lab, user).sign())
        .ssl_mode(SslMode::Require);
    config
}

/// A client and the task that carries its messages.
pub async fn connect(
    lab: &Lab,
    config: &Config,
) -> Result<(Client, tokio::task::JoinHandle<()>), Error> {
    let (client, connection) = config.connect(MakeRustlsConnect::new(lab.tls())).await?;
    let task = tokio::spawn(async move {
        // Tests look at what the client sees.
        let _ = connection.await;
    });
    Ok((client, task))
}
