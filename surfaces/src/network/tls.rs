//! Whom to trust: the authorities of the machine, or, where it has none, as in an empty
//! container, those that browsers trust. `SSL_CERT_FILE` and `SSL_CERT_DIR` name others.

use std::sync::{Arc, OnceLock};

use dosd_actors::witness::Unreadable;
use rustls::{ClientConfig, RootCertStore};

/// Read once: the file is large, and changes with the machine.
static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();

/// Settings with which every certificate is checked.
pub(crate) fn config_with_roots() -> Result<ClientConfig, Unreadable> {
    let roots = if let Some(roots) = ROOTS.get() {
        Arc::clone(roots)
    } else {
        let roots = Arc::new(load()?);
        Arc::clone(ROOTS.get_or_init(|| roots))
    };
    config(roots)
}

/// Settings with which no certificate is good, for connections without TLS.
pub(crate) fn config_without_roots() -> Result<ClientConfig, Unreadable> {
    config(Arc::new(RootCertStore::empty()))
}

fn config(roots: Arc<RootCertStore>) -> Result<ClientConfig, Unreadable> {
    // Named, so that it does not matter what others in this process prefer.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|cause| Unreadable::new(format!("no TLS: {cause}")))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

fn load() -> Result<RootCertStore, Unreadable> {
    let mut roots = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    if let (true, Some(cause)) = (native.certs.is_empty(), native.errors.first()) {
        return Err(Unreadable::new(format!(
            "the machine's certificates cannot be read: {cause} (`SSL_CERT_FILE` names others)"
        )));
    }
    let (added, _) = roots.add_parsable_certificates(native.certs);
    if added == 0 {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    Ok(roots)
}
