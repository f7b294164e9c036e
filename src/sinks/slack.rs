//! `kind = "slack"`.

use super::SinkPorts;
use crate::config::sink::{Slack, SlackDestination};
use crate::secrets::reveal;
use dosd_exporters::slack::{API, Destination, SlackConfig, SlackSink, StateFile};
use std::sync::Arc;

impl SinkPorts {
    pub(super) fn slack(&self, name: &str, slack: &Slack) -> Result<SlackSink, String> {
        let config = self.slack_config(slack)?;
        let clock = Arc::clone(&self.clock);
        if self.once {
            // What the daemon's exporter has told and counted is its own.
            return SlackSink::new(config.at_once(), clock, None);
        }
        let directory = self.workspace.exporters_dir();
        let file = StateFile::new(Arc::clone(&self.storage), &directory, name);
        SlackSink::new(config, clock, Some(file))
    }

    fn slack_config(&self, slack: &Slack) -> Result<SlackConfig, String> {
        let root = self.workspace.root();
        let workspace = root.file_name().unwrap_or(root.as_os_str()).to_string_lossy();
        let usual = SlackConfig::new(self.slack_destination(&slack.destination)?, workspace);
        Ok(SlackConfig {
            group_wait: slack.group_wait.unwrap_or(usual.group_wait),
            group_interval: slack.group_interval.unwrap_or(usual.group_interval),
            repeat: slack.repeat.unwrap_or(usual.repeat),
            status: slack.status,
            timeout: slack.timeout.unwrap_or(usual.timeout),
            ..usual
        })
    }

    /// How messages come to a channel, with what that takes.
    pub(crate) fn slack_destination(
        &self,
        destination: &SlackDestination,
    ) -> Result<Destination, String> {
        match destination {
            SlackDestination::Webhook(url) => {
                let url = reveal(url, &self.workspace)?;
                let url = url.expose().trim().parse();
                let url = url.map_err(|_| "the webhook's URL is none".to_owned())?;
                Ok(Destination::Webhook { url })
            }
            SlackDestination::Bot { token, channel, api } => {
                let api = api.as_deref().unwrap_or(API);
                // Methods are joined to it, which needs the slash.
                let api = format!("{}/", api.trim_end_matches('/')).parse();
                Ok(Destination::Bot {
                    token: reveal(token, &self.workspace)?,
                    channel: channel.clone(),
                    api: api.map_err(|_| "the URL of the Web API is none".to_owned())?,
                })
            }
        }
    }
}
