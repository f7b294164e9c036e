//! From the checked configuration to what the server works with: tokens read, files opened.

use super::tls;
use crate::config::{self, Http};
use crate::secrets;
use crate::workspace::Workspace;
use dosd_network::Secret;
use rustls::ServerConfig;
use std::net::SocketAddr;

/// What the server is started with.
pub struct Settings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Who may do what.
    pub access: Access,
    /// The certificate, when connections are encrypted.
    pub tls: Option<ServerConfig>,
    /// Connections at once.
    pub max_connections: usize,
    /// The longest body of a request, in bytes.
    pub max_body: usize,
}

/// The tokens. Without one, whoever reaches the address may do everything; the configuration
/// allows that on loopback alone.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// May read and write.
    pub token: Option<Secret>,
    /// May read.
    pub read_token: Option<Secret>,
}

/// Why the server cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A token is not where it should be.
    #[error("key `dosd.http.{key}`: {problem}\n  help: set it, or name another place")]
    Token {
        /// The key of the file.
        key: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// The certificate or its key cannot be used.
    #[error("key `dosd.http.{key}`: {problem}\n  help: name PEM files that belong together")]
    Tls {
        /// The key of the file.
        key: &'static str,
        /// What is wrong.
        problem: String,
    },
}

impl Settings {
    /// Reads what the configuration names.
    ///
    /// # Errors
    ///
    /// [`SettingsError`], with the key of the file.
    pub fn read(http: &Http, workspace: &Workspace) -> Result<Self, SettingsError> {
        let reveal = |key, secret: Option<&config::Secret>| {
            let found = secret.map(|secret| secrets::reveal(secret, workspace)).transpose();
            found.map_err(|problem| SettingsError::Token { key, problem })
        };
        let access = Access {
            token: reveal("token_env or token_file", http.token.as_ref())?,
            read_token: reveal("read_token_env or read_token_file", http.read_token.as_ref())?,
        };
        let tls =
            http.tls.as_ref().map(|files| tls::server_config(files, workspace)).transpose()?;
        Ok(Self {
            listen: http.listen,
            access,
            tls,
            max_connections: usize::try_from(http.max_connections).unwrap_or(usize::MAX),
            max_body: usize::try_from(http.max_body).unwrap_or(usize::MAX),
        })
    }
}
