//! One HTTP/1.1 connection to an API, reused for requests that are sent one after the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, Result, anyhow};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{CONTENT_TYPE, DATE, HOST, USER_AGENT};
use hyper::rt::{Read, Write};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};
use tokio_util::io::InspectReader;

/// For a whole answer: an HTTP API gives up after 30 s (facts.toml, `limits.http_api_timeout`).
const TIMEOUT: Duration = Duration::from_secs(45);

/// The server closed the connection before it had sent anything of an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection was closed before anything of an answer came")]
pub struct Closed;

/// An open connection.
pub struct Connection {
    sender: SendRequest<Empty<Bytes>>,
    /// Bytes that have come so far.
    received: Arc<AtomicUsize>,
    authority: String,
    path: String,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The whole body.
    pub body: Bytes,
    /// From sending the request until the whole body was there.
    pub latency: Duration,
    /// The `Content-Type` header.
    pub content_type: Option<String>,
    /// The server's clock: the `Date` header, whole seconds.
    pub date: Option<SystemTime>,
}

impl Connection {
    /// Connects to the server of an `https` or `http` URL.
    pub async fn open(url: &str) -> Result<Self> {
        let uri: Uri = url.parse().with_context(|| format!("{url} is no URL"))?;
        let (scheme, host) = uri
            .scheme_str()
            .zip(uri.host())
            .filter(|(scheme, _)| ["http", "https"].contains(scheme))
            .with_context(|| format!("{url} is no URL of an HTTP server"))?;
        let tls = scheme == "https";
        let port = uri.port_u16().unwrap_or(if tls { 443 } else { 80 });
        let cannot = || format!("cannot connect to {host}");
        let received = Arc::new(AtomicUsize::new(0));
        let connected = async {
            let stream = TcpStream::connect((host, port)).await?;
            stream.set_nodelay(true)?;
            let counter = Arc::clone(&received);
            let stream = InspectReader::new(stream, move |bytes: &[u8]| {
                counter.fetch_add(bytes.len(), Ordering::Relaxed);
            });
            if tls {
                let name = ServerName::try_from(host.to_owned())?;
                let connector = TlsConnector::from(Arc::new(mozilla_roots()?));
                sender(connector.connect(name, stream).await?).await
            } else {
                sender(stream).await
            }
        };
        let sender = tokio::time::timeout(TIMEOUT, connected)
            .await
            .with_context(cannot)?
            .with_context(cannot)?;
        let authority = uri.authority().map(ToString::to_string);
        Ok(Self {
            sender,
            received,
            authority: authority.unwrap_or_default(),
            path: uri
                .path_and_query()
                .map_or("/", |it| it.as_str())
                .to_owned(),
        })
    }

    /// Asks for the URL that the connection was opened for.
    pub async fn get(&mut self) -> Result<Answer> {
        let path = self.path.clone();
        self.get_path(&path).await
    }

    /// Asks for another path of the same server. The error [`Closed`] says that nothing of an answer came.
    pub async fn get_path(&mut self, path: &str) -> Result<Answer> {
        let request = Request::get(path)
            .header(HOST, &self.authority)
            .header(USER_AGENT, "rust-lambda-lab")
            .body(Empty::new())?;
        let before = self.received.load(Ordering::Relaxed);
        let exchange = async {
            self.sender.ready().await?;
            let begin = Instant::now();
            let response = self.sender.send_request(request).await?;
            let (parts, body) = response.into_parts();
            let body = body.collect().await?.to_bytes();
            let latency = begin.elapsed();
            let header = |name| parts.headers.get(name).and_then(|it| it.to_str().ok());
            let date = header(DATE);
            Ok::<_, hyper::Error>(Answer {
                status: parts.status.as_u16(),
                body,
                latency,
                content_type: header(CONTENT_TYPE).map(str::to_owned),
                date: date.and_then(|date| httpdate::parse_http_date(date).ok()),
            })
        };
        tokio::time::timeout(TIMEOUT, exchange)
            .await
            .map_err(|_| anyhow!("no answer within {} s", TIMEOUT.as_secs()))
            .and_then(|answer| {
                answer.map_err(|error| {
                    let nothing = self.received.load(Ordering::Relaxed) == before;
                    let error = anyhow::Error::from(error);
                    if nothing {
                        error.context(Closed)
                    } else {
                        error
                    }
                })
            })
            .with_context(|| format!("GET {path} of {}", self.authority))
    }
}

async fn sender<S>(stream: S) -> Result<SendRequest<Empty<Bytes>>>
where
    TokioIo<S>: Read + Write + Send + Unpin + 'static,
{
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    // It ends when the sender is dropped; what goes wrong with it, the sender says.
    tokio::spawn(connection);
    Ok(sender)
}

fn mozilla_roots() -> Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().cloned());
    let provider = Arc::new(crypto::ring::default_provider());
    let config =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
