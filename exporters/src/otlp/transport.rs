//! The sink itself: it sends the requests of a batch one after the other.

use std::time::Duration;

use dosd_actors::port::SharedClock;
use tracing::warn;

use super::answer::Outcome;
use super::config::OtlpConfig;
use super::encode::{Encoder, OtlpBatch, OtlpRequest};
use super::progress::Progress;
use super::receiver::Receiver;
use super::signal::OtlpSignal;
use crate::event::Event;
use crate::sink::{Delivery, Limits, Sink, Unhealthy};

/// How long events may gather after the journal rang: a request for each would cost the
/// receiver more than a look that is one second later costs anybody.
const GATHER: Duration = Duration::from_secs(1);

/// Requests of a batch that [`Limits::timeout`] leaves time for. What was taken is
/// remembered, so more of them only need another try.
const REQUESTS: u32 = 4;

/// Sends verdicts to receivers of the OpenTelemetry protocol.
pub struct OtlpSink {
    encoder: Encoder,
    /// In the order in which they are sent to.
    receivers: Vec<(OtlpSignal, Receiver)>,
    progress: Progress,
    timeout: Duration,
    /// Who was warned about: each receiver once.
    warned: Vec<OtlpSignal>,
}

impl OtlpSink {
    /// A sink for `config`. Nothing is connected yet.
    ///
    /// # Errors
    /// Why nothing can be sent, in words without secrets.
    pub fn new(config: &OtlpConfig, clock: &SharedClock) -> Result<Self, String> {
        let (mut receivers, mut signals, mut timeout) = (Vec::new(), Vec::new(), Duration::ZERO);
        for signal in OtlpSignal::ALL {
            if let Some(receiver) = config.receiver(signal) {
                let made = Receiver::new(signal, receiver, clock.clone());
                receivers.push((signal, made.map_err(|why| format!("{signal}: {why}"))?));
                signals.push(signal);
                timeout = timeout.max(receiver.timeout);
            }
        }
        Ok(Self {
            encoder: Encoder::new(config.resource.message(), signals),
            receivers,
            progress: Progress::default(),
            timeout: timeout.saturating_mul(REQUESTS),
            warned: Vec::new(),
        })
    }

    async fn send_request(&mut self, request: &OtlpRequest) -> Result<(), Delivery> {
        let OtlpRequest { signal, message, ids } = request;
        let found = self.receivers.iter_mut().find(|(known, _)| known == signal);
        let Some((_, receiver)) = found else { return Ok(()) };
        match receiver.export(message).await {
            Outcome::Taken { rejected: 0, words } => {
                self.progress.took(*signal, ids, None);
                self.warn_once(*signal, &words);
                Ok(())
            }
            Outcome::Taken { rejected, words } => {
                let colon = if words.is_empty() { "" } else { ": " };
                let of = ids.len();
                // It does not say which, so each of them may be one.
                let reason = format!("{signal}: {rejected} of {of} rejected{colon}{words}");
                self.progress.took(*signal, ids, Some(&reason));
                Ok(())
            }
            Outcome::Throttled { delay, reason } => {
                Err(Delivery::Throttled { delay, reason: format!("{signal}: {reason}") })
            }
            Outcome::Retry { reason } => {
                Err(Delivery::Retry { reason: format!("{signal}: {reason}") })
            }
            Outcome::Refused { reason } => {
                Err(Delivery::Refused { reason: format!("{signal}: {reason}") })
            }
        }
    }

    fn warn_once(&mut self, signal: OtlpSignal, words: &str) {
        if !words.is_empty() && !self.warned.contains(&signal) {
            self.warned.push(signal);
            warn!(%signal, "the receiver took everything and warns: {words}");
        }
    }
}

impl Sink for OtlpSink {
    type Batch = OtlpBatch;

    fn kind(&self) -> &'static str {
        "otlp"
    }

    fn limits(&self) -> Limits {
        Limits { timeout: self.timeout, gather: GATHER, ..Limits::default() }
    }

    fn encode(&self, events: &[Event]) -> OtlpBatch {
        self.encoder.encode(events)
    }

    async fn send(&mut self, batch: &OtlpBatch) -> Delivery {
        self.progress.begin(&batch.ids);
        for request in batch.requests() {
            if self.progress.has(request.signal, &request.ids) {
                continue;
            }
            if let Err(delivery) = self.send_request(request).await {
                // One that stands alone is not sent again; whoever replays it starts anew.
                if matches!(delivery, Delivery::Refused { .. }) && batch.ids.len() == 1 {
                    self.progress.settle(&batch.ids);
                }
                return delivery;
            }
        }
        let refused = self.progress.settle(&batch.ids);
        if refused.is_empty() { Delivery::Accepted } else { Delivery::PartlyAccepted { refused } }
    }

    async fn check(&mut self) -> Result<(), Unhealthy> {
        for (_, receiver) in &self.receivers {
            receiver.check().await.map_err(Unhealthy)?;
        }
        Ok(())
    }
}
