//! By a webhook: the notification as a JSON document.

use super::super::super::surroundings::Surroundings;
use super::super::super::{Context, Failure, online};
use super::super::Way;
use super::super::notice::Notice;
use super::{Delivered, Notifier, PATIENCE};
use dosd_actors::port::SystemClock;
use dosd_exporters::webhook::{WebhookConfig, post_json};
use dosd_network::Secret;
use serde::Serialize;
use std::sync::Arc;

/// The notification, and its text for chats that show a line.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    notice: &'a Notice,
    text: String,
}

pub(super) fn notifier(way: &Way, context: &Context) -> Result<Notifier, Failure> {
    let around = Surroundings::of(&context.workspace()?, context.environment());
    let Some(url) = around.typed_or(way.url.clone(), "DOS_WEBHOOK_URL") else {
        return Ok(Notifier::Incomplete(
            "no URL is named: pass `--url`, or set DOS_WEBHOOK_URL in the environment or in `.env`"
                .to_owned(),
        ));
    };
    let token = around.typed_or(way.token.clone(), "DOS_WEBHOOK_TOKEN");
    Ok(Notifier::Webhook(WebhookConfig {
        token: token.map(Secret::new),
        timeout: PATIENCE,
        ..WebhookConfig::new(Secret::new(url))
    }))
}

pub(super) fn deliver(
    config: &WebhookConfig,
    notice: &Notice,
    dry_run: bool,
) -> Result<Delivered, Failure> {
    if dry_run {
        let url = config.url.expose().parse();
        let place = url.map_or_else(|_| "the URL".to_owned(), |url| dosd_network::place(&url));
        return Ok(Delivered::not(format!("it would be posted to {place}")));
    }
    let document = Document { notice, text: notice.text() };
    let clock = Arc::new(SystemClock::new());
    let posted = post_json(config, clock, &document);
    Ok(match online()?.block_on(posted) {
        Ok(status) => Delivered {
            is_done: true,
            detail: format!("posted, the server answers {status}"),
            reference: status.to_string(),
        },
        Err(why) => Delivered::not(why),
    })
}
