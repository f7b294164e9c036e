//! Whom to trust: the authorities of the machine, or, where it has none, as in an empty
//! container, those that browsers trust. `SSL_CERT_FILE` and `SSL_CERT_DIR` name others.

use std::sync::{Arc, OnceLock};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

/// Why no connection can be made secure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// The library and its provider have no version of TLS in common.
    #[error("no TLS: {0}")]
    Provider(String),
    /// There are certificates on this machine, and none can be read.
    #[error("the machine's certificates cannot be read: {0} (`SSL_CERT_FILE` names others)")]
    Roots(String),
    /// What was given as a certificate is none.
    #[error("no certificate in PEM form: {0}")]
    Pem(String),
}

/// Read once: the file is large, and changes with the machine.
static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();

/// Whose certificates are good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust<'a> {
    /// Those that the authorities of this machine signed.
    Authorities,
    /// Those, and what these certificates signed: PEM, one or more.
    AuthoritiesAnd(&'a [u8]),
    /// None: for connections without TLS, which must not become secure by surprise.
    Nobody,
}

/// Settings for connections as a client.
///
/// # Errors
/// [`TlsError`].
pub fn tls_config(trust: Trust<'_>) -> Result<ClientConfig, TlsError> {
    let roots = match trust {
        Trust::Authorities => authorities()?,
        Trust::AuthoritiesAnd(pem) => Arc::new(with_pem(&*authorities()?, pem)?),
        Trust::Nobody => Arc::new(RootCertStore::empty()),
    };
    // Named, so that it does not matter what others in this process prefer.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|cause| TlsError::Provider(cause.to_string()))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

fn authorities() -> Result<Arc<RootCertStore>, TlsError> {
    if let Some(roots) = ROOTS.get() {
        return Ok(Arc::clone(roots));
    }
    let roots = Arc::new(load()?);
    Ok(Arc::clone(ROOTS.get_or_init(|| roots)))
}

fn load() -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    if let (true, Some(cause)) = (native.certs.is_empty(), native.errors.first()) {
        return Err(TlsError::Roots(cause.to_string()));
    }
    let (added, _) = roots.add_parsable_certificates(native.certs);
    if added == 0 {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    Ok(roots)
}

fn with_pem(roots: &RootCertStore, pem: &[u8]) -> Result<RootCertStore, TlsError> {
    let mut roots = roots.clone();
    let mut added = 0;
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|cause| TlsError::Pem(cause.to_string()))?;
        roots.add(certificate).map_err(|cause| TlsError::Pem(cause.to_string()))?;
        added += 1;
    }
    if added == 0 {
        return Err(TlsError::Pem("it holds none".to_owned()));
    }
    Ok(roots)
}

#[cfg(test)]
mod tests {
    use super::{TlsError, Trust, tls_config};

    #[test]
    fn what_is_no_certificate_is_refused() {
        for pem in
            ["", "hello", "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n"]
        {
            let refused = tls_config(Trust::AuthoritiesAnd(pem.as_bytes()));
            assert!(matches!(refused, Err(TlsError::Pem(_))), "{pem:?}");
        }
    }
}
