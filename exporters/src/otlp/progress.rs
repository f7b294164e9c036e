//! What a receiver has of events that are not settled yet, so that it is not sent the same
//! again on the next try, when a batch needs several requests and one of them failed. In
//! memory only: after a restart everything that is not settled is sent again. Pure.

use std::collections::{HashMap, HashSet};

use dosd_actors::journal::EventId;

use super::signal::OtlpSignal;
use crate::sink::Refusal;

/// Who has what, of one batch or of the halves of one.
#[derive(Debug, Default)]
pub(super) struct Progress {
    taken: HashSet<(OtlpSignal, EventId)>,
    rejected: HashMap<EventId, String>,
}

impl Progress {
    /// A try begins. What is remembered of events that do not come again is forgotten.
    pub(super) fn begin(&mut self, ids: &[EventId]) {
        let comes = |id: &EventId| OtlpSignal::ALL.iter().any(|s| self.taken.contains(&(*s, *id)));
        if !ids.iter().any(comes) {
            self.taken.clear();
            self.rejected.clear();
        }
    }

    /// Whether the receiver of a signal has all of these.
    pub(super) fn has(&self, signal: OtlpSignal, ids: &[EventId]) -> bool {
        ids.iter().all(|id| self.taken.contains(&(signal, *id)))
    }

    /// It has these now; and, if it rejected some of them, why.
    pub(super) fn took(&mut self, signal: OtlpSignal, ids: &[EventId], rejected: Option<&str>) {
        for id in ids {
            self.taken.insert((signal, *id));
            if let Some(reason) = rejected {
                let known = self.rejected.entry(*id).or_default();
                let comma = if known.is_empty() { "" } else { "; " };
                *known = format!("{known}{comma}{reason}");
            }
        }
    }

    /// These are settled: what was rejected of them.
    pub(super) fn settle(&mut self, ids: &[EventId]) -> Vec<Refusal> {
        let mut refused = Vec::new();
        for (index, id) in ids.iter().enumerate() {
            for signal in OtlpSignal::ALL {
                self.taken.remove(&(signal, *id));
            }
            if let Some(reason) = self.rejected.remove(id) {
                refused.push(Refusal { index, reason });
            }
        }
        refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::event_id;

    const LOGS: OtlpSignal = OtlpSignal::Logs;

    #[test]
    fn halves_of_a_batch_remember_what_the_whole_had() {
        let ids: Vec<EventId> = (0..4).map(event_id).collect();
        let mut progress = Progress::default();
        progress.begin(&ids);
        progress.took(LOGS, &ids, None);
        progress.begin(&ids[..2]);
        assert!(progress.has(LOGS, &ids[..2]) && !progress.has(OtlpSignal::Traces, &ids[..2]));
        assert_eq!(progress.settle(&ids[..2]), []);
        assert!(!progress.has(LOGS, &ids[..2]), "what is settled may be sent again by a replay");
        assert!(progress.has(LOGS, &ids[2..]));
    }

    #[test]
    fn what_never_comes_again_is_forgotten() {
        let mut progress = Progress::default();
        progress.took(LOGS, &[event_id(1)], Some("bad"));
        progress.begin(&[event_id(2)]);
        assert!(!progress.has(LOGS, &[event_id(1)]));
        assert_eq!(progress.settle(&[event_id(1)]), []);
    }

    #[test]
    fn both_reasons_are_kept() {
        let ids = [event_id(1), event_id(2)];
        let mut progress = Progress::default();
        progress.took(LOGS, &ids[1..], Some("a"));
        progress.took(OtlpSignal::Traces, &ids[1..], Some("b"));
        assert_eq!(progress.settle(&ids), [Refusal { index: 1, reason: "a; b".to_owned() }]);
    }
}
