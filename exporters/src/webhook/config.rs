//! What the sink `webhook` is told. Values only; the daemon reads them from files and
//! variables.

use std::time::Duration;

use dosd_network::Secret;

/// How long one request may take, from its start to the end of the answer.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(20);

/// Where the events go, and how the receiver knows who sent them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookConfig {
    /// An address for `http` or `https`. Many services put a token into it, so none of it
    /// but the host is ever shown.
    pub url: Secret,
    /// What events are signed with: `whsec_` and 24 to 64 bytes in base64. Without any, no
    /// signature is sent; with several, one for each, so that a receiver can change over.
    pub secrets: Vec<Secret>,
    /// Sent as `Authorization: Bearer`.
    pub token: Option<Secret>,
    /// How long one request may take.
    pub timeout: Duration,
}

impl WebhookConfig {
    /// No signature, no token, [`DEFAULT_TIMEOUT`].
    #[must_use]
    pub fn new(url: Secret) -> Self {
        Self { url, secrets: Vec::new(), token: None, timeout: DEFAULT_TIMEOUT }
    }
}
