//! `kind = "webhook"`.

use super::SinkPorts;
use crate::config::sink::Webhook;
use crate::secrets::reveal;
use dosd_exporters::webhook::{DEFAULT_TIMEOUT, WebhookConfig, WebhookSink};
use std::sync::Arc;

impl SinkPorts {
    pub(super) fn webhook(&self, webhook: &Webhook) -> Result<WebhookSink, String> {
        let reveal = |secret| reveal(secret, &self.workspace);
        let config = WebhookConfig {
            url: reveal(&webhook.url)?,
            secrets: webhook.secrets.iter().map(reveal).collect::<Result<_, _>>()?,
            token: webhook.token.as_ref().map(reveal).transpose()?,
            timeout: webhook.timeout.unwrap_or(DEFAULT_TIMEOUT),
        };
        WebhookSink::new(&config, Arc::clone(&self.clock))
    }
}
