//! Whom a notification is given to, and what became of it. It composes nothing.

#![cfg_attr(
    not(any(feature = "slack", feature = "webhook")),
    allow(unused_variables, dead_code, clippy::unnecessary_wraps, reason = "there is only `null`")
)]

#[cfg(feature = "slack")]
mod slack;
#[cfg(feature = "webhook")]
mod webhook;

use super::super::{Context, Failure};
use super::Way;
use super::notice::Notice;
use crate::sinks::is_built;
use serde::Serialize;
#[cfg(any(feature = "slack", feature = "webhook"))]
use std::time::Duration;

/// Somebody who waits for a command does not wait longer for an answer.
#[cfg(any(feature = "slack", feature = "webhook"))]
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
        let name = way.notifier.as_str();
        if matches!(name, "webhook" | "slack") && !is_built(name) {
            return Err(Failure::Usage(format!(
                "`{name}` is not part of this build\n  help: build it with `--features {name}`"
            )));
        }
        match name {
            "null" => Ok(Self::Null),
            #[cfg(feature = "webhook")]
            "webhook" => webhook::notifier(way, context),
            #[cfg(feature = "slack")]
            "slack" => slack::notifier(way, context),
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
            Self::Webhook(config) => webhook::deliver(&config, notice, dry_run),
            #[cfg(feature = "slack")]
            Self::Slack(destination) => slack::deliver(destination, notice, dry_run),
        }
    }
}
