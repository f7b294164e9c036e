//! What the sink `slack` is told. Values only; the daemon checks what people wrote.

use std::fmt;
use std::time::Duration;

use dosd_network::Secret;
use url::Url;

/// How long company is waited for before the first message after quiet.
pub const GROUP_WAIT: Duration = Duration::from_secs(5);
/// The least time between two messages.
pub const GROUP_INTERVAL: Duration = Duration::from_mins(1);
/// How long what was told is not told again as news.
pub const REPEAT: Duration = Duration::from_hours(4);
/// How long an answer may take.
pub const TIMEOUT: Duration = Duration::from_secs(10);
/// Where Slack's Web API is.
pub const API: &str = "https://slack.com/api/";

/// Whom to tell, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlackConfig {
    /// Where messages go.
    pub destination: Destination,
    /// What the messages say they are about: the workspace's name.
    pub workspace: String,
    /// [`GROUP_WAIT`].
    pub group_wait: Duration,
    /// [`GROUP_INTERVAL`].
    pub group_interval: Duration,
    /// [`REPEAT`].
    pub repeat: Duration,
    /// Whether one message shows how the fleet stands. Only a bot can: a webhook edits nothing.
    pub status: bool,
    /// [`TIMEOUT`], for each request.
    pub timeout: Duration,
}

impl SlackConfig {
    /// Everything but the destination and the name as documented.
    #[must_use]
    pub fn new(destination: Destination, workspace: impl Into<String>) -> Self {
        Self {
            destination,
            workspace: workspace.into(),
            group_wait: GROUP_WAIT,
            group_interval: GROUP_INTERVAL,
            repeat: REPEAT,
            status: false,
            timeout: TIMEOUT,
        }
    }

    /// For a command that sends once: every batch is a message at once, and nothing is held
    /// back or told later.
    #[must_use]
    pub fn at_once(self) -> Self {
        let none = Duration::ZERO;
        Self { group_wait: none, group_interval: none, repeat: none, status: false, ..self }
    }
}

/// Where messages go. It shows no secret.
#[derive(Clone, PartialEq, Eq)]
pub enum Destination {
    /// An incoming webhook.
    Webhook {
        /// All of it is a secret: whoever has it can post.
        url: Url,
    },
    /// A bot with the scope `chat:write`.
    Bot {
        /// Its token, `xoxb-…`.
        token: Secret,
        /// The channel's id, or its name.
        channel: String,
        /// [`API`], with the slash at its end.
        api: Url,
    },
}

impl Destination {
    /// The host that is talked to, as it may be shown.
    #[must_use]
    pub fn host(&self) -> String {
        let (Self::Webhook { url } | Self::Bot { api: url, .. }) = self;
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}{port}", url.host_str().unwrap_or_default())
    }
}

impl fmt::Debug for Destination {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Webhook { .. } => write!(out, "Webhook({})", self.host()),
            Self::Bot { channel, .. } => write!(out, "Bot({}, {channel:?})", self.host()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_do_not_show() {
        let url = "https://user:word@hooks.example:81/services/T0/B0/secret?x=secret";
        let webhook = Destination::Webhook { url: url.parse().unwrap() };
        let config = SlackConfig::new(webhook, "garden");
        let shown = format!("{config:?}");
        assert!(shown.contains("hooks.example:81"), "{shown}");
        assert!(!shown.contains("secret") && !shown.contains("word"), "{shown}");

        let (token, api) = (Secret::new("xoxb-secret"), API.parse().unwrap());
        let bot = Destination::Bot { token, channel: "#garden".to_owned(), api };
        assert_eq!(format!("{bot:?}"), "Bot(slack.com, \"#garden\")");
    }
}
