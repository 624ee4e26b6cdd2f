//! `GetParameter` over kept-alive HTTPS connections.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::json;
use time::OffsetDateTime;
use time::format_description::parse_borrowed;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

use crate::settings::Settings;
use crate::{Error, sign};

const CONTENT: &str = "application/x-amz-json-1.1";
const TARGET: &str = "AmazonSSM.GetParameter";

type Sender = SendRequest<Full<Bytes>>;

pub struct ParameterStore {
    settings: Arc<Settings>,
    /// `host:port`.
    host: String,
    tls: TlsConnector,
    /// As many permits as connections may exist.
    permits: Semaphore,
    idle: Mutex<Vec<Sender>>,
}

impl ParameterStore {
    pub fn new(settings: Arc<Settings>) -> Result<Self, Error> {
        let url = &settings.parameter_store;
        let host = url
            .strip_prefix("https://")
            .map(|host| host.trim_end_matches('/').to_owned());
        let host = host.ok_or_else(|| {
            format!("AWS_ENDPOINT_URL_SSM is {url:?}: it must begin with https://")
        })?;
        let host = if host.contains(':') {
            host
        } else {
            host + ":443"
        };
        let tls = TlsConnector::from(Arc::new(trust(&settings.trust_file)?));
        let permits = Semaphore::new(settings.max_connections);
        Ok(Self {
            settings,
            host,
            tls,
            permits,
            idle: Mutex::default(),
        })
    }

    /// Asks for a parameter; the answer is Parameter Store's own, be it the parameter or an error.
    pub async fn get(
        &self,
        name: &str,
        with_decryption: bool,
    ) -> Result<(StatusCode, Bytes), Error> {
        let _permit = self.permits.acquire().await?;
        let body = json!({ "Name": name, "WithDecryption": with_decryption }).to_string();
        let idle = self.idle.lock().expect("no holder panics").pop();
        if let Some(idle) = idle {
            // It may have been closed while it was idle; then a new one is opened.
            if let Ok(answer) = self.ask(idle, &body).await {
                return Ok(answer);
            }
        }
        self.ask(self.connect().await?, &body).await
    }

    async fn ask(&self, mut sender: Sender, body: &str) -> Result<(StatusCode, Bytes), Error> {
        sender.ready().await?;
        let response = sender.send_request(self.request(body)?).await?;
        let status = response.status();
        let answer = response.into_body().collect().await?.to_bytes();
        self.idle.lock().expect("no holder panics").push(sender);
        Ok((status, answer))
    }

    fn request(&self, body: &str) -> Result<Request<Full<Bytes>>, Error> {
        let format = parse_borrowed::<2>("[year][month][day]T[hour][minute][second]Z")?;
        let date = OffsetDateTime::now_utc().format(&format)?;
        let headers = [
            (CONTENT_TYPE.as_str(), CONTENT),
            (HOST.as_str(), &self.host),
            ("x-amz-date", &date),
            ("x-amz-security-token", &self.settings.session_token),
            ("x-amz-target", TARGET),
        ];
        let authorization = sign::authorization(&self.settings, &headers, body.as_bytes(), &date);
        let mut request = Request::post("/").header(AUTHORIZATION, authorization);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        Ok(request.body(Full::from(body.to_owned()))?)
    }

    async fn connect(&self) -> Result<Sender, Error> {
        let failed = |error: std::io::Error| {
            format!(
                "cannot connect to Parameter Store at {}: {error}",
                self.host
            )
        };
        let stream = TcpStream::connect(&self.host).await.map_err(failed)?;
        stream.set_nodelay(true)?;
        let (name, _) = self.host.rsplit_once(':').ok_or("a host without a port")?;
        let name = ServerName::try_from(name.to_owned())?;
        let stream = self.tls.connect(name, stream).await.map_err(failed)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(sender)
    }
}

fn trust(file: &str) -> Result<ClientConfig, Error> {
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(file)
        .map_err(|error| format!("SSL_CERT_FILE {file}: {error}"))?;
    roots.add_parsable_certificates(certificates.flatten());
    if roots.is_empty() {
        return Err(format!("SSL_CERT_FILE {file} holds no certificate").into());
    }
    let provider = Arc::new(crypto::ring::default_provider());
    let config =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
