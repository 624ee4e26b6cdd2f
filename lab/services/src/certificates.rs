//! The private certificate authority of a run, and the trust anchors that a function is given.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;
use tokio_rustls::rustls::{self, ServerConfig};

use crate::Error;

/// Which certificate authorities a function trusts beside the lab's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrustAnchors {
    /// Mozilla's, about 120, the same on every machine: they stand for those of Lambda's operating system, which are some more,
    /// so that a program that reads them all pays for it here, too.
    Platform,
    /// None.
    None,
}

/// The certificate of all services and the files that make clients trust it.
pub(crate) struct Certificates {
    pub acceptor: TlsAcceptor,
    platform: PathBuf,
    own: PathBuf,
}

impl Certificates {
    /// Makes a certificate authority, a certificate for 127.0.0.1 and localhost, and the two files for `SSL_CERT_FILE`.
    pub fn create(folder: &Path) -> Result<Self, Error> {
        let failed = |error: rcgen::Error| {
            Error::path(folder, format!("no certificate could be made: {error}"))
        };
        let authority = authority().map_err(failed)?;
        let acceptor = acceptor(&authority).map_err(failed)?;
        let own = write(folder.join("trust-lab.pem"), authority.pem())?;
        let mozilla = webpki_root_certs::TLS_SERVER_ROOT_CERTS;
        let mozilla = mozilla
            .iter()
            .map(|der| pem::Pem::new("CERTIFICATE", der.as_ref()))
            .collect::<Vec<_>>();
        let platform = write(
            folder.join("trust.pem"),
            authority.pem() + &pem::encode_many(&mozilla),
        )?;
        Ok(Self {
            acceptor,
            platform,
            own,
        })
    }

    /// The file for `SSL_CERT_FILE`.
    pub fn file(&self, anchors: TrustAnchors) -> &Path {
        match anchors {
            TrustAnchors::Platform => &self.platform,
            TrustAnchors::None => &self.own,
        }
    }
}

fn write(path: PathBuf, text: String) -> Result<PathBuf, Error> {
    std::fs::write(&path, text).map_err(Error::io(format!("writing {}", path.display())))?;
    Ok(path)
}

fn authority() -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
        .distinguished_name
        .push(DnType::CommonName, "Private authority of one lab run");
    CertifiedIssuer::self_signed(params, KeyPair::generate()?)
}

/// P-256 keys: ring cannot make RSA ones, and their signatures are cheap for the lab, which shares the machine with what
/// it measures.
fn acceptor(authority: &CertifiedIssuer<'static, KeyPair>) -> Result<TlsAcceptor, rcgen::Error> {
    let key = KeyPair::generate()?;
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned(), "localhost".to_owned()])?;
    let certificate = params.signed_by(&key, authority)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring supports the default versions")
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )
        .expect("the key fits the certificate that was made with it");
    // No tickets and no session cache: every handshake is a full one, so that counts and times do not depend on which
    // client happens to keep a ticket.
    config.send_tls13_tickets = 0;
    config.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
    Ok(TlsAcceptor::from(Arc::new(config)))
}
