//! Events to a sink, once: for a command that somebody repeats. It knows no journal and
//! no cursor, and waits for nothing.

use std::time::Duration;

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

/// Sends events, batch by batch as the sink likes them, up to the first that it does not
/// take for now. A batch that is refused as a whole is halved until the bad event stands
/// alone.
pub async fn send_once<S: Sink>(sink: &mut S, events: &[Event]) -> SentOnce {
    let mut sent = SentOnce { settled: 0, refused: Vec::new(), problem: None };
    let mut window = usize::MAX;
    while let Some(waiting) = events.get(sent.settled..).filter(|rest| !rest.is_empty()) {
        let limits = sink.limits();
        let batch = limits.batch(waiting, window);
        match outcome(send(sink, batch, limits.timeout).await, batch.len()) {
            Outcome::Halve => window = batch.len() / 2,
            Outcome::Settled { count, refused, problem } => {
                let before = sent.settled;
                let refused = refused.into_iter();
                sent.refused.extend(refused.map(|it| Refusal { index: before + it.index, ..it }));
                sent.settled += count;
                sent.problem = problem;
                window = window.saturating_mul(2);
                if sent.problem.is_some() {
                    break;
                }
            }
        }
    }
    sent
}

async fn send<S: Sink>(sink: &mut S, events: &[Event], patience: Duration) -> Delivery {
    let batch = sink.encode(events);
    timeout(patience, sink.send(&batch)).await.unwrap_or_else(|_| Delivery::Retry {
        reason: format!("no answer within {} s", patience.as_secs()),
    })
}

/// What became of one batch.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// There is a bad event in it.
    Halve,
    /// The first `count` are settled.
    Settled { count: usize, refused: Vec<Refusal>, problem: Option<String> },
}

fn outcome(delivery: Delivery, events: usize) -> Outcome {
    let settled = |count, refused, problem| Outcome::Settled { count, refused, problem };
    match delivery {
        Delivery::Accepted => settled(events, Vec::new(), None),
        Delivery::PartlyAccepted { refused } => settled(events, refused, None),
        Delivery::Refused { .. } if events > 1 => Outcome::Halve,
        Delivery::Refused { reason } => settled(1, vec![Refusal { index: 0, reason }], None),
        Delivery::Stopped { taken, next } => match outcome(*next, 1) {
            Outcome::Settled { count, refused, problem } => {
                let refused = refused.into_iter();
                let refused = refused.map(|it| Refusal { index: taken + it.index, ..it });
                settled(taken + count, refused.collect(), problem)
            }
            Outcome::Halve => settled(taken, Vec::new(), None),
        },
        Delivery::Throttled { reason, .. }
        | Delivery::Retry { reason }
        | Delivery::Disabled { reason } => settled(0, Vec::new(), Some(reason)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, Script, event_id, numbered_row};

    fn refused() -> Delivery {
        Delivery::Refused { reason: "bad".to_owned() }
    }

    fn events(count: usize) -> Vec<Event> {
        let rows = (0..count).map(numbered_row);
        let ids = (0_u64..).map(event_id);
        rows.zip(ids).map(|(row, id)| Event::parse(id, row).unwrap()).collect()
    }

    #[test]
    fn what_was_taken_one_by_one_is_settled() {
        let stopped = Delivery::Stopped { taken: 2, next: Box::new(refused()) };
        let bad = Refusal { index: 2, reason: "bad".to_owned() };
        let sent = Outcome::Settled { count: 3, refused: vec![bad], problem: None };
        assert_eq!(outcome(stopped, 5), sent);
    }

    #[actix::test]
    async fn the_bad_event_is_found_and_the_others_are_sent() {
        let script = Script::new();
        let events = events(7);
        script.poison(events[4].id().to_string());
        let sent = send_once(&mut script.sink(), &events).await;
        assert_eq!((sent.settled, sent.problem), (7, None));
        assert_eq!(sent.refused, [Refusal { index: 4, reason: "poison".to_owned() }]);
    }

    #[actix::test]
    async fn nothing_is_sent_behind_what_is_not_taken_for_now() {
        let script = Script::new();
        let next = Box::new(Delivery::Retry { reason: "down".to_owned() });
        script.then([Answer::Say(Delivery::Stopped { taken: 2, next })]);
        let sent = send_once(&mut script.sink(), &events(5)).await;
        assert_eq!((sent.settled, sent.problem.as_deref()), (2, Some("down")));
        assert_eq!(script.sent().len(), 1);
    }
}
