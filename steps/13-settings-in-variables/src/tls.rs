//! The TLS provider and the trust anchors.

use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use support::BoxError;
use tokio_postgres_rustls::MakeRustlsConnect;

/// Makes ring the provider of the whole process: rustls chooses none by itself when several are compiled in. Trusts
/// what the platform trusts, parsed here once.
///
/// ring knows no post-quantum key exchange: this is what the step gives up.
pub fn connector() -> Result<MakeRustlsConnect, BoxError> {
    ring::default_provider()
        .install_default()
        .map_err(|_| "a TLS provider is installed already: call this once")?;
    let platform = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (added, _ignored) = roots.add_parsable_certificates(platform.certs);
    if added == 0 {
        let errors = platform.errors;
        return Err(format!("no root certificates: {errors:?}; is SSL_CERT_FILE right?").into());
    }
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}
