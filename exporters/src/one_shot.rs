//! One batch to a sink, once: for a command that somebody repeats. It knows no
//! journal and no cursor, and tries nothing again.

use tokio::time::timeout;

use crate::event::Event;
use crate::sink::{Delivery, Refusal, Sink};

/// What became of events that were sent once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentOnce {
    /// Events at the front that are settled: the sink has them, but for `refused`.
    pub settled: usize,
    /// Those of them that it will never take.
    pub refused: Vec<Refusal>,
    /// Why it has not the rest, in words for people; it may have some of it.
    pub problem: Option<String>,
}

/// Sends events and says what became of them.
pub async fn send_once<S: Sink>(sink: &mut S, events: &[Event]) -> SentOnce {
    let limits = sink.limits();
    let batch = sink.encode(events);
    let delivery = timeout(limits.timeout, sink.send(&batch)).await.unwrap_or_else(|_| {
        Delivery::Retry { reason: format!("no answer within {} s", limits.timeout.as_secs()) }
    });
    outcome(delivery, events.len())
}

fn outcome(delivery: Delivery, events: usize) -> SentOnce {
    match delivery {
        Delivery::Accepted => SentOnce { settled: events, refused: Vec::new(), problem: None },
        Delivery::PartlyAccepted { refused } => {
            SentOnce { settled: events, refused, problem: None }
        }
        // One event that is refused is known to be the bad one.
        Delivery::Refused { reason } if events == 1 => {
            let refused = vec![Refusal { index: 0, reason }];
            SentOnce { settled: 1, refused, problem: None }
        }
        Delivery::Stopped { taken, next } => {
            let next = outcome(*next, 1);
            let refused = next.refused.into_iter();
            let refused = refused.map(|it| Refusal { index: taken + it.index, ..it });
            SentOnce { settled: taken + next.settled, refused: refused.collect(), ..next }
        }
        Delivery::Throttled { reason, .. }
        | Delivery::Retry { reason }
        | Delivery::Refused { reason }
        | Delivery::Disabled { reason } => {
            SentOnce { settled: 0, refused: Vec::new(), problem: Some(reason) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_one_by_one_is_settled() {
        let refused = Delivery::Refused { reason: "bad".to_owned() };
        let stopped = Delivery::Stopped { taken: 2, next: Box::new(refused) };
        let bad = Refusal { index: 2, reason: "bad".to_owned() };
        let sent = SentOnce { settled: 3, refused: vec![bad], problem: None };
        assert_eq!(outcome(stopped, 5), sent);
    }

    #[test]
    fn a_batch_that_is_refused_as_a_whole_settles_nothing() {
        let sent = outcome(Delivery::Refused { reason: "bad".to_owned() }, 5);
        assert_eq!((sent.settled, sent.problem.as_deref()), (0, Some("bad")));
    }
}
