//! A client of the database, and the IAM tokens that it needs.

use ring::{digest, hmac};
use time::OffsetDateTime;
use time::format_description::parse_borrowed;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, Error};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::lab::Lab;

/// An IAM token for this user, from now on and for 15 minutes. The lab's code that verifies it has none that signs.
fn token(lab: &Lab, user: &str) -> String {
    let credentials = lab.services.credentials();
    let endpoint = lab.services.database().endpoint();
    let format = parse_borrowed::<2>("[year][month][day]T[hour][minute][second]Z").unwrap();
    let date = OffsetDateTime::now_utc().format(&format).unwrap();
    let scope = format!("{}/us-east-1/rds-db/aws4_request", &date[..8]);
    let query = format!(
        "Action=connect&DBUser={user}&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={}%2F{}\
         &X-Amz-Date={date}&X-Amz-Expires=900&X-Amz-Security-Token={}&X-Amz-SignedHeaders=host",
        credentials.access_key_id,
        scope.replace('/', "%2F"),
        credentials.session_token,
    );
    let hash = |text: &str| hex::encode(digest::digest(&digest::SHA256, text.as_bytes()));
    let request = format!("GET\n/\n{query}\nhost:{endpoint}\n\nhost\n{}", hash(""));
    let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hash(&request));
    let secret = format!("AWS4{}", credentials.secret_access_key).into_bytes();
    let key = scope.split('/').fold(secret, |key, part| sign(&key, part));
    let signature = hex::encode(sign(&key, &to_sign));
    format!("{endpoint}/?{query}&X-Amz-Signature={signature}")
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
        .password(token(lab, user))
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
