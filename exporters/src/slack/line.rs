//! One request after another: not before it is time, addressed, and its answer read.

use std::time::Duration;

use dosd_actors::port::SharedClock;
use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use super::answer::{No, from_api, from_webhook, words};
use super::config::{Destination, SlackConfig};
use super::wire::{Call, HttpWire, Wire};
use crate::sink::Delivery;

/// Slack allows about one message in this time.
pub(super) const BETWEEN_REQUESTS: Duration = Duration::from_secs(1);
/// The most that a named delay keeps requests back.
const LEFT_ALONE_AT_MOST: Duration = Duration::from_mins(5);

/// The line to Slack.
pub(super) struct Line {
    pub(super) wire: Wire,
    destination: Destination,
    /// No request before.
    not_before: Option<Instant>,
}

impl Line {
    pub(super) fn new(config: &SlackConfig, clock: SharedClock) -> Result<Self, String> {
        let wire = Wire::Http(Box::new(HttpWire::new(config, clock)?));
        Ok(Self { wire, destination: config.destination.clone(), not_before: None })
    }

    /// Sends one request when it is time, and gives what Slack says of the message.
    pub(super) async fn call(&mut self, call: Call, body: Value) -> Result<Value, No> {
        self.wait().await?;
        // Also when nobody waits for the answer any more.
        self.not_before = Some(Instant::now() + BETWEEN_REQUESTS);
        let answer = self.wire.call(call, &self.addressed(call, body)).await;
        let answer = answer.map_err(|reason| No::new(Delivery::Retry { reason }))?;
        let said = match &self.destination {
            Destination::Webhook { .. } => from_webhook(&answer),
            Destination::Bot { .. } => from_api(&answer),
        };
        if let Err(No { delivery: Delivery::Throttled { delay, .. }, .. }) = &said {
            let delay = delay.unwrap_or_default().clamp(BETWEEN_REQUESTS, LEFT_ALONE_AT_MOST);
            self.not_before = Some(Instant::now() + delay);
        }
        said
    }

    /// Waits for a moment; a delay that Slack named is not waited for here.
    async fn wait(&self) -> Result<(), No> {
        let Some(at) = self.not_before else { return Ok(()) };
        let left = at.saturating_duration_since(Instant::now());
        if left > BETWEEN_REQUESTS {
            let reason = "Slack wanted fewer messages".to_owned();
            return Err(No::new(Delivery::Throttled { delay: Some(left), reason }));
        }
        sleep_until(at).await;
        Ok(())
    }

    /// A body with its channel, and with nothing in it looked up.
    fn addressed(&self, call: Call, mut body: Value) -> Value {
        body["unfurl_links"] = false.into();
        body["unfurl_media"] = false.into();
        if let Destination::Bot { channel, .. } = &self.destination {
            if call == Call::Post {
                body["channel"] = channel.as_str().into();
            }
            body["parse"] = "none".into();
            body["link_names"] = false.into();
        }
        body
    }

    /// Whether the token is good, or, of a webhook, whether somebody is there.
    pub(super) async fn check(&self) -> Result<(), String> {
        match self.wire.test_token().await? {
            None => Ok(()),
            Some(answer) => from_api(&answer).map(drop).map_err(|no| words(no.delivery)),
        }
    }
}
