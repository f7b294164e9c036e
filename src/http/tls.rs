//! The server's certificate.

use super::settings::SettingsError;
use crate::config::Tls;
use crate::workspace::Workspace;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::Path;
use std::sync::Arc;

/// Reads both files.
pub(super) fn server_config(
    files: &Tls,
    workspace: &Workspace,
) -> Result<ServerConfig, SettingsError> {
    let certificate = workspace.resolve_path(&files.certificate);
    let key = workspace.resolve_path(&files.key);
    let chain = chain(&certificate).map_err(|problem| fault("tls_cert", &certificate, &problem))?;
    let key_der = PrivateKeyDer::from_pem_file(&key)
        .map_err(|cause| fault("tls_key", &key, &format!("no private key in PEM form: {cause}")))?;
    // Named, so that it does not matter what others in this process prefer.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|config| config.with_no_client_auth().with_single_cert(chain, key_der))
        .map_err(|cause| fault("tls_cert", &certificate, &cause.to_string()))
}

fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let read = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|cause| cause.to_string())?;
    if read.is_empty() { Err("it holds no certificate in PEM form".to_owned()) } else { Ok(read) }
}

fn fault(key: &'static str, path: &Path, problem: &str) -> SettingsError {
    SettingsError::Tls { key, problem: format!("`{}`: {problem}", path.display()) }
}
