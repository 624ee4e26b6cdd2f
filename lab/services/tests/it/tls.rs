//! TLS connections to the services.

use std::net::SocketAddr;
use std::sync::Arc;

use lab_services::TrustAnchors;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::{TlsConnector, rustls};

use crate::lab::Lab;

impl Lab {
    /// The file that `SSL_CERT_FILE` names.
    pub fn trust_file(&self, anchors: TrustAnchors) -> String {
        let variables = self.services.environment(anchors);
        variables
            .into_iter()
            .find(|(name, _)| name == "SSL_CERT_FILE")
            .unwrap()
            .1
    }

    /// A TLS client that trusts the run's own certificate authority.
    pub fn tls(&self) -> rustls::ClientConfig {
        let mut roots = rustls::RootCertStore::empty();
        for certificate in
            CertificateDer::pem_file_iter(self.trust_file(TrustAnchors::None)).unwrap()
        {
            roots.add(certificate.unwrap()).unwrap();
        }
        rustls::ClientConfig::builder_with_provider(Arc::new(
            rustls::crypto::ring::default_provider(),
        ))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
    }

    /// A TLS connection to a service.
    pub async fn connect(&self, address: SocketAddr) -> TlsStream<TcpStream> {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let name = ServerName::from(address.ip());
        TlsConnector::from(Arc::new(self.tls()))
            .connect(name, stream)
            .await
            .unwrap()
    }
}
