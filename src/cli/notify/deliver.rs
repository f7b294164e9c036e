//! Whom a notification is given to, and what became of it. It composes nothing.

use super::super::surroundings::Surroundings;
use super::super::{Context, Failure, online};
use super::Way;
use super::notice::Notice;
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;

/// Somebody who waits for a command does not wait longer for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What became of a notification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Delivered {
    #[serde(rename = "delivered")]
    pub(super) is_done: bool,
    /// What happened, for people.
    pub(super) detail: String,
    /// What the receiver calls it, or empty.
    #[serde(rename = "ref")]
    pub(super) reference: String,
}

impl Delivered {
    fn not(detail: impl Into<String>) -> Self {
        Self { is_done: false, detail: detail.into(), reference: String::new() }
    }
}

/// By whom it is told.
pub(super) enum Notifier {
    /// By nobody: it is only shown.
    Null,
    /// Somebody is meant who cannot be reached like this; what is missing.
    Incomplete(String),
    /// By a webhook.
    #[cfg(feature = "webhook")]
    Webhook(dosd_exporters::webhook::WebhookConfig),
    /// By Slack.
    #[cfg(feature = "slack")]
    Slack(dosd_exporters::slack::Destination),
}

impl Notifier {
    /// # Errors
    ///
    /// When nobody is called so, or this build leaves it out.
    pub(super) fn named(way: &Way, context: &Context) -> Result<Self, Failure> {
        let around = Surroundings::of(&context.workspace()?, context.environment());
        match way.notifier.as_str() {
            "null" => Ok(Self::Null),
            #[cfg(feature = "webhook")]
            "webhook" => Ok(webhook(way, &around)),
            #[cfg(feature = "slack")]
            "slack" => Ok(slack(way, &around)),
            #[cfg(not(all(feature = "webhook", feature = "slack")))]
            name @ ("webhook" | "slack") => Err(Failure::Usage(format!(
                "`{name}` is not part of this build\n  help: build it with `--features {name}`"
            ))),
            name => Err(Failure::Usage(format!(
                "no notifier is called `{name}`; known are: null, slack, webhook\n  help: correct `--notifier`"
            ))),
        }
    }

    /// Hands it over, once.
    ///
    /// # Errors
    ///
    /// When the system gives no network. What the receiver does not take is no error.
    pub(super) fn deliver(self, notice: &Notice, dry_run: bool) -> Result<Delivered, Failure> {
        match self {
            Self::Null => Ok(Delivered::not("`null` sends nothing; name a `--notifier`")),
            Self::Incomplete(missing) => Ok(Delivered::not(missing)),
            #[cfg(feature = "webhook")]
            Self::Webhook(config) => deliver_webhook(&config, notice, dry_run),
            #[cfg(feature = "slack")]
            Self::Slack(destination) => deliver_slack(destination, notice, dry_run),
        }
    }
}

#[cfg(feature = "webhook")]
fn webhook(way: &Way, around: &Surroundings) -> Notifier {
    use dosd_exporters::webhook::WebhookConfig;
    let Some(url) = around.typed_or(way.url.clone(), "DOS_WEBHOOK_URL") else {
        return Notifier::Incomplete(
            "no URL is named: pass `--url`, or set DOS_WEBHOOK_URL in the environment or in `.env`"
                .to_owned(),
        );
    };
    let token = around.typed_or(way.token.clone(), "DOS_WEBHOOK_TOKEN");
    Notifier::Webhook(WebhookConfig {
        token: token.map(dosd_network::Secret::new),
        timeout: PATIENCE,
        ..WebhookConfig::new(dosd_network::Secret::new(url))
    })
}

#[cfg(feature = "webhook")]
fn deliver_webhook(
    config: &dosd_exporters::webhook::WebhookConfig,
    notice: &Notice,
    dry_run: bool,
) -> Result<Delivered, Failure> {
    /// The notification, and its text for chats that show a line.
    #[derive(Serialize)]
    struct Document<'a> {
        #[serde(flatten)]
        notice: &'a Notice,
        text: String,
    }
    if dry_run {
        let url = config.url.expose().parse();
        let place = url.map_or_else(|_| "the URL".to_owned(), |url| dosd_network::place(&url));
        return Ok(Delivered::not(format!("it would be posted to {place}")));
    }
    let document = Document { notice, text: notice.text() };
    let clock = Arc::new(dosd_actors::port::SystemClock::new());
    let posted = dosd_exporters::webhook::post_json(config, clock, &document);
    Ok(match online()?.block_on(posted) {
        Ok(status) => Delivered {
            is_done: true,
            detail: format!("posted, the server answers {status}"),
            reference: status.to_string(),
        },
        Err(why) => Delivered::not(why),
    })
}

#[cfg(feature = "slack")]
fn slack(way: &Way, around: &Surroundings) -> Notifier {
    use dosd_exporters::slack::{API, Destination};
    let Some(channel) = way.channel.clone().filter(|channel| !channel.trim().is_empty()) else {
        return Notifier::Incomplete("no channel is named: pass `--channel`".to_owned());
    };
    let Some(token) = around.typed_or(way.token.clone(), "SLACK_BOT_TOKEN") else {
        return Notifier::Incomplete(
            "no bot is named: set SLACK_BOT_TOKEN in the environment or in `.env`".to_owned(),
        );
    };
    let api = around.get("SLACK_API_URL").unwrap_or_else(|| API.to_owned());
    match format!("{}/", api.trim_end_matches('/')).parse() {
        Ok(api) => Notifier::Slack(Destination::Bot {
            token: dosd_network::Secret::new(token),
            channel,
            api,
        }),
        Err(_) => Notifier::Incomplete("SLACK_API_URL is no URL".to_owned()),
    }
}

#[cfg(feature = "slack")]
fn deliver_slack(
    destination: dosd_exporters::slack::Destination,
    notice: &Notice,
    dry_run: bool,
) -> Result<Delivered, Failure> {
    use dosd_exporters::slack::{SlackNotice, post_notice};
    if dry_run {
        return Ok(Delivered::not(format!("it would be posted at {}", destination.host())));
    }
    let message = SlackNotice {
        title: notice.headline(),
        fields: notice.fields.clone(),
        summary: notice.summary.clone(),
    };
    let clock = Arc::new(dosd_actors::port::SystemClock::new());
    let posted = async {
        let posted = post_notice(destination, clock, &message);
        let late = || format!("no answer within {} s", PATIENCE.as_secs());
        tokio::time::timeout(PATIENCE, posted).await.map_err(|_| late())?
    };
    Ok(match online()?.block_on(posted) {
        Ok(ts) => Delivered {
            is_done: true,
            detail: "posted".to_owned(),
            reference: ts.unwrap_or_default(),
        },
        Err(why) => Delivered::not(why),
    })
}
