//! By Slack: a message of a bot.

use super::super::super::surroundings::Surroundings;
use super::super::super::{Context, Failure, online};
use super::super::Way;
use super::super::notice::Notice;
use super::{Delivered, Notifier, PATIENCE};
use dosd_actors::port::SystemClock;
use dosd_exporters::slack::{API, Destination, SlackNotice, post_notice};
use dosd_network::Secret;
use std::sync::Arc;

pub(super) fn notifier(way: &Way, context: &Context) -> Result<Notifier, Failure> {
    let around = Surroundings::of(&context.workspace()?, context.environment());
    let Some(channel) = way.channel.clone().filter(|channel| !channel.trim().is_empty()) else {
        return Ok(Notifier::Incomplete("no channel is named: pass `--channel`".to_owned()));
    };
    let Some(token) = around.typed_or(way.token.clone(), "SLACK_BOT_TOKEN") else {
        return Ok(Notifier::Incomplete(
            "no bot is named: set SLACK_BOT_TOKEN in the environment or in `.env`".to_owned(),
        ));
    };
    let api = around.get("SLACK_API_URL").unwrap_or_else(|| API.to_owned());
    let Ok(api) = format!("{}/", api.trim_end_matches('/')).parse() else {
        return Ok(Notifier::Incomplete("SLACK_API_URL is no URL".to_owned()));
    };
    Ok(Notifier::Slack(Destination::Bot { token: Secret::new(token), channel, api }))
}

pub(super) fn deliver(
    destination: Destination,
    notice: &Notice,
    dry_run: bool,
) -> Result<Delivered, Failure> {
    if dry_run {
        return Ok(Delivered::not(format!("it would be posted at {}", destination.host())));
    }
    let message = SlackNotice {
        title: notice.headline(),
        fields: notice.fields.clone(),
        summary: notice.summary.clone(),
    };
    let clock = Arc::new(SystemClock::new());
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
