//! The sink itself: it sends a batch's lines and remembers which of them left.

use std::collections::BTreeSet;
use std::time::Duration;

use dosd_actors::supervisor::FleetView;

use super::config::{Address, StatsdConfig};
use super::encode::{BatchId, Counts, gauges};
use super::pack::datagram;
use super::wire::{Trouble, Wire};
use crate::event::Event;
use crate::sink::{Assurance, Delivery, Limits, Sink, Unhealthy};

/// Events of one batch at most: they share the few lines of their counters, and moving the cursor
/// costs more than all of them.
const BATCH_EVENTS: usize = 4096;

/// Events within this time share their lines.
const GATHER: Duration = Duration::from_millis(250);

/// Longer than everything that a send waits for by itself.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Sends counters and gauges to a statsd agent.
pub struct StatsdSink {
    config: StatsdConfig,
    wire: Wire,
    /// How long a datagram may be, in bytes; less once the socket said that one was too long.
    datagram_bytes: usize,
    /// The batch that is being sent, and how many of its lines left.
    under_way: Option<(BatchId, usize)>,
    /// The last datagram with counts: it is lost if a refusal comes late.
    last: Option<Vec<u8>>,
    /// A datagram with counts that was refused late.
    owed: Option<Vec<u8>>,
    /// The lanes that the agent knows a gauge of.
    lanes: BTreeSet<String>,
}

impl StatsdSink {
    /// A sink for `config`. Nothing is opened yet.
    ///
    /// # Errors
    /// What is wrong with the configuration, in words.
    pub fn new(config: StatsdConfig) -> Result<Self, String> {
        if let Some(problem) = config.problem() {
            return Err(problem);
        }
        Ok(Self {
            wire: Wire::new(config.address.clone()),
            datagram_bytes: config.address.datagram_bytes(),
            config,
            under_way: None,
            last: None,
            owed: None,
            lanes: BTreeSet::new(),
        })
    }

    #[cfg(test)]
    pub(super) fn set_datagram_bytes(&mut self, bytes: usize) {
        self.datagram_bytes = bytes;
    }

    /// As if so many lines of a batch had left already.
    #[cfg(test)]
    pub(super) fn go_on_after(&mut self, batch: &Counts, lines: usize) {
        self.under_way = batch.of.map(|id| (id, lines));
    }

    /// Sends what is owed, and the lines of a batch that have not left yet.
    async fn send_counts(&mut self, batch: &Counts) -> Result<(), Trouble> {
        if let Some(owed) = self.owed.clone() {
            self.wire.send(&owed).await?;
            self.last = self.owed.take();
        }
        let mut sent = match self.under_way.take() {
            Some((id, sent)) if Some(id) == batch.of => sent,
            Some(_) | None => 0,
        };
        while let Some(datagram) = datagram(&batch.lines, sent, self.datagram_bytes) {
            self.under_way = batch.of.map(|id| (id, sent));
            match self.wire.send(&datagram.bytes).await {
                Ok(()) => {
                    sent += datagram.lines;
                    self.under_way = batch.of.map(|id| (id, sent));
                    self.last = Some(datagram.bytes);
                }
                Err(Trouble::TooLong(_)) if datagram.lines > 1 => {
                    self.datagram_bytes = datagram.bytes.len() / 2;
                }
                Err(trouble) => return Err(trouble),
            }
        }
        self.under_way = None;
        Ok(())
    }

    async fn send_gauges(&mut self, fleet: &FleetView, now_ms: i64) -> Result<(), Trouble> {
        self.wire.refresh().await;
        let lines = gauges(fleet, now_ms, &self.config, &mut self.lanes);
        let mut sent = 0;
        while let Some(datagram) = datagram(&lines, sent, self.datagram_bytes) {
            self.wire.send(&datagram.bytes).await?;
            // What is refused late from here on is a gauge, as far as anybody can tell.
            self.last = None;
            sent += datagram.lines;
        }
        Ok(())
    }

    /// Remembers which counts a late refusal was about.
    pub(super) fn note(&mut self, trouble: &Trouble) {
        if matches!(trouble, Trouble::BeforeRefused(_)) {
            self.owed = self.last.take().or_else(|| self.owed.take());
        }
    }
}

impl Sink for StatsdSink {
    type Batch = Counts;

    fn kind(&self) -> &'static str {
        "statsd"
    }

    fn limits(&self) -> Limits {
        Limits { events: BATCH_EVENTS, timeout: TIMEOUT, gather: GATHER, ..Limits::default() }
    }

    fn assurance(&self) -> Assurance {
        match self.config.address {
            Address::Udp { .. } => Assurance::LeftThisHost,
            Address::Unix(_) => Assurance::Queued,
        }
    }

    fn encode(&self, events: &[Event]) -> Self::Batch {
        Counts::of(events, &self.config)
    }

    async fn send(&mut self, batch: &Self::Batch) -> Delivery {
        let Err(trouble) = self.send_counts(batch).await else { return Delivery::Accepted };
        self.note(&trouble);
        match trouble {
            Trouble::TooLong(reason) => Delivery::Refused { reason },
            Trouble::BeforeRefused(reason) | Trouble::Failed(reason) => Delivery::Retry { reason },
        }
    }

    async fn check(&mut self) -> Result<(), Unhealthy> {
        self.wire.check().await.map_err(Unhealthy)
    }

    fn show_every(&self) -> Option<Duration> {
        Some(self.config.interval)
    }

    async fn show(&mut self, fleet: &FleetView, now_ms: i64) -> Result<(), Unhealthy> {
        let Err(trouble) = self.send_gauges(fleet, now_ms).await else { return Ok(()) };
        self.note(&trouble);
        Err(Unhealthy(trouble.into_words()))
    }
}
