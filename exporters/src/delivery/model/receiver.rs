//! The receiver, and what it knows.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::plan::Answer;
use crate::sink::{Delivery, Refusal};

/// What a receiver was sent, by event id.
#[derive(Debug, Default)]
pub(crate) struct Receiver {
    /// What it took, in the order in which it first did.
    pub(crate) taken: Vec<String>,
    /// What it refused, with each reason that it gave.
    pub(crate) refused: BTreeMap<String, BTreeSet<String>>,
    /// What it never takes.
    never: BTreeSet<String>,
}

impl Receiver {
    /// Does with the batch what `answer` says, as far as it can be done, and answers.
    pub(crate) fn answer(&mut self, answer: &Answer, batch: &[String]) -> Delivery {
        match answer {
            Answer::Accept => self.take(batch),
            Answer::Part(bits) => {
                let marked = batch.iter().take(8).enumerate().filter(|(at, _)| bits >> at & 1 == 1);
                self.never.extend(marked.map(|(_, id)| id.clone()));
                self.take(batch)
            }
            Answer::Throttle(seconds) => Delivery::Throttled {
                delay: seconds.map(Duration::from_secs),
                reason: "busy".to_owned(),
            },
            Answer::Retry => Delivery::Retry { reason: "down".to_owned() },
            Answer::Disable => Delivery::Disabled { reason: "gone".to_owned() },
            Answer::Refuse => {
                let reason = "bad batch".to_owned();
                for id in batch {
                    self.refused.entry(id.clone()).or_default().insert(reason.clone());
                }
                Delivery::Refused { reason }
            }
            Answer::Stop(wished, next) => {
                let bad = batch.iter().position(|id| self.never.contains(id));
                let taken = (*wished).min(bad.unwrap_or(batch.len())).min(batch.len() - 1);
                self.accept(&batch[..taken]);
                let next = self.answer(next, &batch[taken..=taken]);
                Delivery::Stopped { taken, next: Box::new(next) }
            }
        }
    }

    fn take(&mut self, batch: &[String]) -> Delivery {
        let mut refused = Vec::new();
        for (index, id) in batch.iter().enumerate() {
            if self.never.contains(id) {
                let reason = format!("bad {id}");
                self.refused.entry(id.clone()).or_default().insert(reason.clone());
                refused.push(Refusal { index, reason });
            } else {
                self.accept(std::slice::from_ref(id));
            }
        }
        if refused.is_empty() { Delivery::Accepted } else { Delivery::PartlyAccepted { refused } }
    }

    fn accept(&mut self, ids: &[String]) {
        for id in ids {
            if !self.taken.contains(id) {
                self.taken.push(id.clone());
            }
        }
    }
}
