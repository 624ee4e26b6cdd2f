//! The real services, started for a test.

#![allow(dead_code, reason = "each test file uses its own part")]

pub mod client;
pub mod https;

use std::net::SocketAddr;
use std::sync::Arc;

use lab_services::programs::cache_directory;
use lab_services::{Network, Options, Programs, Search, Services, TrustAnchors};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::{TlsConnector, rustls};

/// Services and the folder in which they live.
pub struct Lab {
    pub services: Services,
    pub folder: TempDir,
}

/// The programs; private copies are unpacked if they are missing here.
pub fn programs() -> Programs {
    match Search::start(&cache_directory().unwrap()) {
        Search::Found(programs) => programs,
        Search::Missing(plan) => plan.carry_out(|line| println!("{line}")).unwrap(),
    }
}

pub async fn start() -> Lab {
    start_with(Network::default(), None).await
}

pub async fn start_with(network: Network, parameter_quota: Option<u32>) -> Lab {
    let folder = tempfile::Builder::new()
        .prefix("lab-test-")
        .tempdir()
        .unwrap();
    let run_directory = folder.path().to_owned();
    let options = Options {
        run_directory,
        network,
        programs: programs(),
        parameter_quota,
    };
    Lab {
        services: Services::start(options).await.unwrap(),
        folder,
    }
}

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

    /// A TLS connection to a front.
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
