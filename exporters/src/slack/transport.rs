//! The sink itself: it counts what comes, tells it when it is time, and keeps both on disk
//! before it says that it took anything.

use std::time::Duration;

use dosd_actors::port::SharedClock;
use dosd_actors::supervisor::FleetView;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};
use tracing::warn;

use super::answer::{No, from_api, from_webhook};
use super::book::{Book, Times};
use super::config::{Destination, SlackConfig};
use super::gather::Gathered;
use super::message::{Message, compose};
use super::state_file::{Kept, Posted, StateFile};
use super::status::{Status, status};
use super::wire::{Call, HttpWire, Wire};
use crate::event::Event;
use crate::sink::{Delivery, Limits, Sink, Unhealthy};

/// Slack allows about one message in this time.
const BETWEEN_REQUESTS: Duration = Duration::from_secs(1);
/// The most that a named delay keeps this sink away.
const LEFT_ALONE_AT_MOST: Duration = Duration::from_mins(5);
/// How often it looks whether something is to be told or shown.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How long after it could not show something it tries again.
const SHOW_AGAIN_AFTER: Duration = Duration::from_secs(30);
/// How long the disk may take.
const DISK: Duration = Duration::from_secs(10);

/// Tells people in a Slack channel.
pub struct SlackSink {
    pub(super) wire: Wire,
    config: SlackConfig,
    times: Times,
    clock: SharedClock,
    file: Option<StateFile>,
    /// Read at the first need.
    kept: Option<Kept>,
    /// Whether the disk knows less than `kept`.
    is_dirty: bool,
    /// The batch that a message told of, while it is not accepted yet: when only the save
    /// failed, people are not told again.
    told_of: Option<Gathered>,
    /// No request before.
    not_before: Option<Instant>,
    /// What the fleet's message shows, since when.
    shown: Option<(Status, Instant)>,
    /// Why the last look could show nothing, and when that was.
    trouble: Option<(Unhealthy, Instant)>,
}

impl SlackSink {
    /// A sink that keeps what it told and counted in `file`, or, for a command that sends
    /// once ([`SlackConfig::at_once`]), nowhere.
    ///
    /// # Errors
    /// In words: the token cannot be sent, or there is no TLS.
    pub fn new(
        config: SlackConfig,
        clock: SharedClock,
        file: Option<StateFile>,
    ) -> Result<Self, String> {
        let wire = Wire::Http(Box::new(HttpWire::new(&config, clock.clone())?));
        Ok(Self {
            wire,
            times: Times::new(config.group_interval, config.repeat),
            config,
            clock,
            file,
            kept: None,
            is_dirty: false,
            told_of: None,
            not_before: None,
            shown: None,
            trouble: None,
        })
    }

    /// What would be posted about these events if nothing had been told before.
    #[must_use]
    pub fn preview(&self, events: &[Event]) -> Value {
        let (now_ms, mut book) = (self.clock.now_ms(), Book::default());
        book.count(&Gathered::of(events).kinds);
        compose(&self.config.workspace, &book, now_ms, self.times).body()
    }

    /// What would be posted about the fleet.
    #[must_use]
    pub fn preview_status(&self, fleet: &FleetView) -> Value {
        status(&self.config.workspace, fleet, self.clock.now_ms()).body()
    }

    /// Tells of a batch or counts it, durably.
    async fn take(&mut self, batch: &Gathered) -> Result<(), Delivery> {
        if self.told_of.as_ref() != Some(batch) {
            let now_ms = self.clock.now_ms();
            let mut kept = self.kept().await.map_err(retry)?;
            kept.book.settle(now_ms, self.times);
            kept.book.count(&batch.kinds);
            if kept.book.due_in_ms(now_ms, self.times) != Some(0) {
                // Not before the disk has it: this batch may come again.
                self.save(&kept).await.map_err(retry)?;
                self.kept = Some(kept);
                return Ok(());
            }
            self.tell(kept, now_ms).await?;
            self.told_of = Some(batch.clone());
        }
        self.tidy().await.map_err(retry)?;
        self.told_of = None;
        Ok(())
    }

    /// Tells all that waits. It is not on disk then that it was told.
    async fn tell(&mut self, mut kept: Kept, now_ms: i64) -> Result<(), Delivery> {
        let message = compose(&self.config.workspace, &kept.book, now_ms, self.times);
        self.post(&message).await?;
        // No wait between the answer and this.
        kept.book.told(self.clock.now_ms().max(now_ms), self.times);
        self.kept = Some(kept);
        self.is_dirty = true;
        Ok(())
    }

    /// Posts a message; its numbers alone when Slack does not take the rest, so that what
    /// somebody wrote into a row cannot keep people from being told.
    async fn post(&mut self, message: &Message) -> Result<(), Delivery> {
        let full = self.call(Call::Post, message.body());
        let no = match full.await {
            Ok(_) => return Ok(()),
            Err(no) => no.delivery,
        };
        let Delivery::Refused { reason } = &no else { return Err(no) };
        let plain = self.call(Call::Post, json!({"text": message.plain})).await;
        match plain.map_err(|no| no.delivery) {
            Ok(_) => {
                warn!("Slack did not take a message's details: {reason}; it was told in numbers");
                Ok(())
            }
            Err(Delivery::Refused { .. }) => Err(no),
            Err(other) => Err(other),
        }
    }

    /// Sends one request, not before it is time.
    async fn call(&mut self, call: Call, mut body: Value) -> Result<Value, No> {
        if let Some(at) = self.not_before {
            let left = at.saturating_duration_since(Instant::now());
            if left > BETWEEN_REQUESTS {
                let reason = "Slack wanted fewer messages".to_owned();
                return Err(No::new(Delivery::Throttled { delay: Some(left), reason }));
            }
            sleep_until(at).await;
        }
        self.not_before = Some(Instant::now() + BETWEEN_REQUESTS);
        body["unfurl_links"] = false.into();
        body["unfurl_media"] = false.into();
        let read = match &self.config.destination {
            Destination::Webhook { .. } => from_webhook,
            Destination::Bot { channel, .. } => {
                if call == Call::Post {
                    body["channel"] = channel.as_str().into();
                }
                body["parse"] = "none".into();
                body["link_names"] = false.into();
                from_api
            }
        };
        let answer = self.wire.call(call, &body).await;
        let answer = answer.map_err(|reason| No::new(Delivery::Retry { reason }))?;
        let said = read(&answer);
        if let Err(No { delivery: Delivery::Throttled { delay, .. }, .. }) = &said {
            let delay = delay.unwrap_or_default().clamp(BETWEEN_REQUESTS, LEFT_ALONE_AT_MOST);
            self.not_before = Some(Instant::now() + delay);
        }
        said
    }

    /// Tells what is due without a new event, and shows how the fleet stands.
    async fn look(&mut self, fleet: &FleetView, now_ms: i64) -> Result<(), String> {
        let mut kept = self.kept().await?;
        kept.book.settle(now_ms, self.times);
        // Kept, so that a clock that was set back does not silence the channel until it has
        // caught up.
        self.kept = Some(kept.clone());
        if kept.book.due_in_ms(now_ms, self.times) == Some(0) {
            self.tell(kept, now_ms).await.map_err(words)?;
        }
        self.tidy().await?;
        if self.config.status { self.show_fleet(fleet, now_ms).await } else { Ok(()) }
    }

    async fn show_fleet(&mut self, fleet: &FleetView, now_ms: i64) -> Result<(), String> {
        let status = status(&self.config.workspace, fleet, now_ms);
        let is_shown = self.shown.as_ref().is_some_and(|(shown, at)| {
            *shown == status || at.elapsed() < self.config.group_interval
        });
        let Destination::Bot { channel, .. } = &self.config.destination else { return Ok(()) };
        if is_shown {
            return Ok(());
        }
        let channel = channel.clone();
        let posted = self.kept().await?.status.filter(|posted| posted.asked == channel);
        if !self.edit(posted.as_ref(), &status).await? {
            self.post_fleet(channel, &status).await?;
        }
        self.shown = Some((status, Instant::now()));
        self.tidy().await
    }

    /// Edits the fleet's message; says whether there was one to edit.
    async fn edit(&mut self, posted: Option<&Posted>, status: &Status) -> Result<bool, String> {
        let Some(Posted { channel, ts, .. }) = posted else { return Ok(false) };
        let mut body = status.body();
        body["channel"] = channel.as_str().into();
        body["ts"] = ts.as_str().into();
        match self.call(Call::Update, body).await {
            Ok(_) => Ok(true),
            Err(no) if no.is_gone() => Ok(false),
            Err(no) => Err(words(no.delivery)),
        }
    }

    async fn post_fleet(&mut self, asked: String, status: &Status) -> Result<(), String> {
        let mut kept = self.kept().await?;
        let said = self.call(Call::Post, status.body()).await.map_err(|no| words(no.delivery))?;
        let text = |key: &str| said.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        kept.status = Some(Posted { asked, channel: text("channel"), ts: text("ts") });
        self.kept = Some(kept);
        self.is_dirty = true;
        Ok(())
    }

    /// What is kept, as a copy: it is changed when what it says has happened.
    async fn kept(&mut self) -> Result<Kept, String> {
        if let Some(kept) = &self.kept {
            return Ok(kept.clone());
        }
        let kept = match &self.file {
            Some(file) => file.load().await?,
            None => Kept::default(),
        };
        Ok(self.kept.insert(kept).clone())
    }

    /// Brings the disk up to date.
    async fn tidy(&mut self) -> Result<(), String> {
        if self.is_dirty {
            let kept = self.kept().await?;
            self.save(&kept).await?;
            self.is_dirty = false;
        }
        Ok(())
    }

    async fn save(&mut self, kept: &Kept) -> Result<(), String> {
        match &mut self.file {
            Some(file) => file.save(kept).await,
            None => Ok(()),
        }
    }
}

impl Sink for SlackSink {
    type Batch = Gathered;

    fn kind(&self) -> &'static str {
        "slack"
    }

    fn limits(&self) -> Limits {
        let left_ms = self
            .kept
            .as_ref()
            .map_or(0, |kept| kept.book.interval_left_ms(self.clock.now_ms(), self.times));
        let left = Duration::from_millis(left_ms.unsigned_abs());
        Limits {
            // A message, then its numbers alone, each after a wait.
            timeout: 2 * (BETWEEN_REQUESTS + self.config.timeout) + DISK,
            gather: left.max(self.config.group_wait),
            ..Limits::default()
        }
    }

    fn encode(&self, events: &[Event]) -> Self::Batch {
        Gathered::of(events)
    }

    async fn send(&mut self, batch: &Self::Batch) -> Delivery {
        match self.take(batch).await {
            Ok(()) => Delivery::Accepted,
            Err(delivery) => delivery,
        }
    }

    async fn check(&mut self) -> Result<(), Unhealthy> {
        let host = self.config.destination.host();
        let answer = self.wire.test_token().await;
        match answer.map_err(|why| Unhealthy(format!("{host}: {why}")))? {
            None => Ok(()),
            Some(answer) => match from_api(&answer) {
                Ok(_) => Ok(()),
                Err(no) => Err(Unhealthy(format!("{host}: {}", words(no.delivery)))),
            },
        }
    }

    fn show_every(&self) -> Option<Duration> {
        Some(LOOK_EVERY)
    }

    async fn show(&mut self, fleet: &FleetView, now_ms: i64) -> Result<(), Unhealthy> {
        if let Some((trouble, at)) = &self.trouble
            && at.elapsed() < SHOW_AGAIN_AFTER
        {
            return Err(trouble.clone());
        }
        let shown = self.look(fleet, now_ms).await.map_err(Unhealthy);
        self.trouble = shown.clone().err().map(|trouble| (trouble, Instant::now()));
        shown
    }
}

fn retry(reason: String) -> Delivery {
    Delivery::Retry { reason }
}

/// The reason in an answer that is no acceptance.
fn words(delivery: Delivery) -> String {
    match delivery {
        Delivery::Throttled { reason, .. }
        | Delivery::Retry { reason }
        | Delivery::Refused { reason }
        | Delivery::Disabled { reason } => reason,
        Delivery::Stopped { next, .. } => words(*next),
        Delivery::Accepted | Delivery::PartlyAccepted { .. } => String::new(),
    }
}
