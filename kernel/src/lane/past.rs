//! How the tries of each lane have gone, as the journal tells.
//!
//! Owns what a supervisor that is made again has to remember. Which of it counts, and
//! what follows from it, is the restart rule's business.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;

use serde_json::Value;

use super::op::Op;
use crate::Map;
use crate::fold::{some_text, text_of};
use crate::restart::Ending;

/// So many ends of one lane are kept, the newest.
const ENDS_AT_MOST: usize = 64;

/// What happened on one lane since it was reset last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LanePast {
    /// Ends of runs that count as tries, oldest first; only the newest ones.
    pub ends: VecDeque<PastEnd>,
    /// When it was given up last.
    pub gave_up: Option<PastGivingUp>,
}

/// The end of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastEnd {
    /// The run.
    pub run_id: String,
    /// The run at the root of its lineage; none if the row does not say.
    pub root_id: Option<String>,
    /// The number of its row.
    pub seq: u64,
    /// When that was written, epoch ms; none if the row has no time.
    pub at_ms: Option<i64>,
    /// How it ended.
    pub ending: Ending,
    /// How long it lived, ms.
    pub ran_ms: i64,
}

/// A lane that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastGivingUp {
    /// The number of its row.
    pub seq: u64,
    /// The last run.
    pub run_id: String,
}

/// The past of every lane that has one, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Pasts(BTreeMap<String, LanePast>);

impl Pasts {
    pub(super) fn iter(&self) -> impl Iterator<Item = (&String, &LanePast)> {
        self.0.iter()
    }

    /// Notes a row about the tries of a lane.
    pub(super) fn note(&mut self, op: Op, row: &Map, seq: u64, at_ms: Option<i64>) {
        let lane = text_of(row, "lane");
        if lane.is_empty() {
            return;
        }
        #[expect(clippy::wildcard_enum_match_arm, reason = "no other row is about a try")]
        match op {
            // An end that is excused says nothing about the lane.
            Op::WorkerExited if row.get("excused").is_none_or(Value::is_null) => {
                let ends = &mut self.0.entry(lane.into()).or_default().ends;
                if ends.len() >= ENDS_AT_MOST {
                    ends.pop_front();
                }
                let number = |key| row.get(key).and_then(Value::as_i64);
                let ending = if number("code") == Some(0) { Ending::Clean } else { Ending::Failed };
                let ran_ms = number("ran_ms").unwrap_or_default();
                let run_id = text_of(row, "run_id").into();
                let root_id = some_text(row, "root_id");
                ends.push_back(PastEnd { run_id, root_id, seq, at_ms, ending, ran_ms });
            }
            Op::WorkerGaveUp => {
                let run_id = text_of(row, "run_id").into();
                let past = self.0.entry(lane.into()).or_default();
                past.gave_up = Some(PastGivingUp { seq, run_id });
            }
            Op::WorkerReset => {
                self.0.remove(lane);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ENDS_AT_MOST, Pasts};
    use crate::lane::Op;
    use crate::restart::Ending;
    use alloc::vec::Vec;
    use serde_json::{Value, json};

    fn note(pasts: &mut Pasts, op: Op, seq: u64, row: &Value) {
        pasts.note(op, row.as_object().unwrap(), seq, Some(7));
    }

    fn endings(pasts: &Pasts) -> Vec<(u64, Ending)> {
        pasts.iter().flat_map(|(_, past)| past.ends.iter().map(|it| (it.seq, it.ending))).collect()
    }

    #[test]
    fn ends_are_remembered_until_a_reset() {
        let mut pasts = Pasts::default();
        note(&mut pasts, Op::WorkerExited, 1, &json!({"lane": "a", "code": 0, "ran_ms": 5}));
        note(&mut pasts, Op::WorkerExited, 2, &json!({"lane": "a", "code": null, "signal": 9}));
        assert_eq!(endings(&pasts), [(1, Ending::Clean), (2, Ending::Failed)]);
        note(&mut pasts, Op::WorkerGaveUp, 3, &json!({"lane": "a", "run_id": "r"}));
        assert_eq!(pasts.iter().next().unwrap().1.gave_up.as_ref().unwrap().seq, 3);
        note(&mut pasts, Op::WorkerReset, 4, &json!({"lane": "b"}));
        assert_eq!(pasts.iter().count(), 1, "another lane");
        note(&mut pasts, Op::WorkerReset, 5, &json!({"lane": "a"}));
        assert_eq!(pasts.iter().count(), 0);
    }

    #[test]
    fn an_end_that_is_excused_is_no_try() {
        let mut pasts = Pasts::default();
        note(&mut pasts, Op::WorkerExited, 1, &json!({"lane": "a", "excused": "halted"}));
        assert_eq!(endings(&pasts), []);
    }

    #[test]
    fn only_the_newest_ends_are_kept() {
        let mut pasts = Pasts::default();
        for seq in 0..200 {
            note(&mut pasts, Op::WorkerExited, seq, &json!({"lane": "a", "code": 1}));
        }
        let kept = endings(&pasts);
        assert_eq!((kept.len(), kept[kept.len() - 1].0), (ENDS_AT_MOST, 199));
    }
}
