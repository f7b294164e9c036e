//! One batch to a sink, once: for a command that somebody repeats. It knows no
//! journal and no cursor, and tries nothing again.

use tokio::time::timeout;

use crate::event::Event;
use crate::sink::{Delivery, Sink};

/// Sends events and says whether the sink has all of them.
///
/// # Errors
/// Why it has not, in words for people. It may have some of them.
pub async fn send_once<S: Sink>(sink: &mut S, events: &[Event]) -> Result<(), String> {
    let patience = sink.limits().timeout;
    let batch = sink.encode(events);
    match timeout(patience, sink.send(&batch)).await {
        Ok(Delivery::Accepted) => Ok(()),
        Ok(Delivery::PartlyAccepted { refused }) => {
            let reason = refused.first().map(|refusal| refusal.reason.as_str());
            Err(format!("{} events were refused: {}", refused.len(), reason.unwrap_or("no reason")))
        }
        Ok(
            Delivery::Throttled { reason, .. }
            | Delivery::Retry { reason }
            | Delivery::Refused { reason }
            | Delivery::Disabled { reason },
        ) => Err(reason),
        Err(_) => Err(format!("no answer within {} s", patience.as_secs())),
    }
}
