//! How the fleet stands, shown by sinks that want to. It holds up no event, and keeps
//! nothing for a sink that is not there.

use std::time::Duration;

use dosd_actors::supervisor::GetFleet;
use tokio::time::{Instant, timeout};
use tracing::{info, warn};

use super::pump::Pump;
use crate::delivery::Circuit;
use crate::sink::Sink;

/// What is known of the last time.
#[derive(Debug, Default)]
pub(super) struct Shown {
    /// When it was tried.
    at: Option<Instant>,
    /// Why it did not work; said once while it stays the same.
    trouble: Option<String>,
}

impl<S: Sink> Pump<S> {
    /// Shows the fleet if it is time to, and the sink is thought to work.
    pub(super) async fn show_when_due(&mut self) {
        let is_due = self.until_shown().is_some_and(|long| long.is_zero());
        if !is_due || self.courier.circuit() != Circuit::Closed {
            return;
        }
        self.shown.at = Some(Instant::now());
        // A supervisor that is being made again shows nothing now, and something next time.
        let Ok(fleet) = self.fleet.ask(GetFleet).await else { return };
        let long = self.sink.limits().timeout;
        let shown = timeout(long, self.sink.show(&fleet, self.clock.now_ms())).await;
        let trouble = match shown {
            Ok(Ok(())) => None,
            Ok(Err(unhealthy)) => Some(unhealthy.to_string()),
            Err(_) => Some(format!("no answer within {} ms", long.as_millis())),
        };
        if trouble != self.shown.trouble {
            let exporter = self.shared.name();
            if let Some(trouble) = &trouble {
                warn!(exporter = %exporter, "the fleet's state is not shown: {trouble}");
            } else {
                info!(exporter = %exporter, "the fleet's state is shown again");
            }
            self.shown.trouble = trouble;
        }
    }

    /// How long until the fleet is shown again; none when the sink never does.
    pub(super) fn until_shown(&self) -> Option<Duration> {
        let every = self.sink.show_every()?;
        Some(self.shown.at.map_or(Duration::ZERO, |at| every.saturating_sub(at.elapsed())))
    }
}
