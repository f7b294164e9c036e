//! The named invariants of the kernel, checked on a lane journal. What they say is defined there;
//! here is which of them can be told of a file, and what to do about one that does not hold.

use dosd_actors::supervisor::HOLDER;
use dosd_kernel::Map;
use dosd_kernel::invariant::{
    Invariant, Place, Row, Shown, Violation, intents_have_outcomes, one_holder, one_worker,
    runs_in_order, shown_alike,
};
use dosd_kernel::lane::{LaneFold, Op};
use serde::Serialize;
use std::collections::BTreeSet;

/// What of a row the invariants look at.
const LOOKED_AT: [&str; 7] = ["op", "lane", "loop_ts", "run_id", "holder", "excused", "leases"];

/// What is known about the runs that are open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Runs {
    /// Nothing: the file may be a copy of any age.
    OfACopy,
    /// A daemon runs, and sees to them.
    OfADaemon,
    /// No daemon runs, and these have processes.
    Living(BTreeSet<String>),
}

/// One invariant, and whether it holds.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_field_names, reason = "the names stand in the JSON")]
pub(super) struct Rule {
    pub(super) rule: &'static str,
    pub(super) meaning: &'static str,
    pub(super) state: State,
    /// Why it was not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) why: Option<&'static str>,
    pub(super) violations: Vec<Broken>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    Holds,
    Broken,
    NotChecked,
}

/// A place where one does not hold.
#[derive(Debug, Serialize)]
pub(super) struct Broken {
    /// The row's line, from 1, and the offset of its first byte; null for the journal as a whole.
    pub(super) line: Option<u64>,
    pub(super) offset: Option<u64>,
    pub(super) what: String,
    pub(super) to_do: String,
}

/// The rows that the invariants are about, while a journal is walked through.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    rows: Vec<Row>,
    /// The fold of the rows as whole values: the one that is checked takes a shorter way.
    replayed: LaneFold,
}

impl Evidence {
    /// Notes a row that counts.
    pub(super) fn note(&mut self, row: Row) {
        self.replayed.apply_entry(&row.fields);
        #[expect(clippy::wildcard_enum_match_arm, reason = "the invariants pass over all others")]
        match row.op() {
            // What others announce they do not record the end of.
            Op::Spawn if row.text("holder") != HOLDER => {}
            Op::Acquire
            | Op::Reconcile
            | Op::Release
            | Op::Scavenge
            | Op::Checkpoint
            | Op::Spawn
            | Op::WorkerStarted
            | Op::WorkerExited
            | Op::WorkerGaveUp => {
                let Row { line, offset, mut fields } = row;
                let looked_at = LOOKED_AT.iter().filter_map(|key| fields.remove_entry(*key));
                self.rows.push(Row { line, offset, fields: looked_at.collect::<Map>() });
            }
            _ => {}
        }
    }

    /// Checks them all. `counted` is the fold of the same journal.
    pub(super) fn check(&self, counted: &LaneFold, runs: &Runs, is_damaged: bool) -> Vec<Rule> {
        let rows = &self.rows;
        let rule = |invariant: Invariant, found: Result<Vec<Violation>, &'static str>| {
            let (violations, why) = match found {
                Ok(violations) => (violations, None),
                Err(why) => (Vec::new(), Some(why)),
            };
            let state = match why {
                Some(_) => State::NotChecked,
                None if violations.is_empty() => State::Holds,
                None => State::Broken,
            };
            let (rule, meaning) = (invariant.name(), invariant.meaning());
            let broken = violations.into_iter().map(|it| Broken::new(it, is_damaged));
            Rule { rule, meaning, state, why, violations: broken.collect() }
        };
        let outcomes = match runs {
            Runs::OfACopy => Err("a file that is given by name says nothing about processes"),
            Runs::OfADaemon => Err("a daemon runs, and open runs are its own"),
            Runs::Living(living) => Ok(intents_have_outcomes(rows, HOLDER, living)),
        };
        vec![
            rule(Invariant::OneHolder, Ok(one_holder(rows, |_| true))),
            rule(Invariant::OneWorker, Ok(one_worker(rows, HOLDER, |_| true))),
            rule(Invariant::RunsInOrder, Ok(runs_in_order(rows))),
            rule(Invariant::IntentsHaveOutcomes, outcomes),
            rule(
                Invariant::FoldEqualsReplay,
                Ok(shown_alike(&Shown::of(counted), &Shown::of(&self.replayed))),
            ),
        ]
    }
}

impl Broken {
    fn new(violation: Violation, is_damaged: bool) -> Self {
        let Violation { invariant, place, what } = violation;
        let (line, offset) = match place {
            Place::Row { line, offset } => (Some(line), Some(offset)),
            Place::Lane(_) | Place::Run(_) | Place::Event(_) | Place::Journal => (None, None),
        };
        let to_do = match invariant {
            Invariant::OneHolder => {
                "see `dosd lease-lane live` and `dosd ps`; if both still hold the lane, release or halt one"
            }
            Invariant::IntentsHaveOutcomes => {
                "start `dosd run`: it looks for the process once more and writes the end down"
            }
            Invariant::OneWorker | Invariant::RunsInOrder => {
                "see `dosd ps`; if the lane has one worker now, it is history, which `dosd journal compact` puts away"
            }
            Invariant::AcknowledgedRowsStay
            | Invariant::ProcessesAreKnown
            | Invariant::ExportedInOrder
            | Invariant::FoldEqualsReplay => "keep a copy of the file and report it",
        };
        let to_do = if is_damaged {
            format!("it may come of the damage, which hides a row; {to_do}")
        } else {
            to_do.to_owned()
        };
        Self { line, offset, what, to_do }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn check(values: &[Value], runs: &Runs) -> Vec<(&'static str, State)> {
        let (mut evidence, mut fold) = (Evidence::default(), LaneFold::default());
        for (value, line) in values.iter().zip(1..) {
            let row = Row::of(value.to_string().as_bytes(), line, 0).unwrap();
            fold.apply_entry(&row.fields);
            evidence.note(row);
        }
        let rules = evidence.check(&fold, runs, false);
        let odd = rules.iter().filter(|it| it.state != State::Holds);
        odd.map(|it| (it.rule, it.state)).collect()
    }

    fn row(op: &str, run_id: &str, holder: &str) -> Value {
        json!({"op": op, "lane": "a", "loop_ts": run_id, "run_id": run_id, "holder": holder})
    }

    #[test]
    fn an_open_run_is_told_apart_by_who_sees_to_it() {
        let open = [row("SPAWN", "r", "dosd")];
        let living = BTreeSet::from(["r".to_owned()]);
        let outcomes = Invariant::IntentsHaveOutcomes.name();
        assert_eq!(check(&open, &Runs::Living(living)), []);
        for (runs, state) in [
            (Runs::Living(BTreeSet::new()), State::Broken),
            (Runs::OfADaemon, State::NotChecked),
            (Runs::OfACopy, State::NotChecked),
        ] {
            assert_eq!(check(&open, &runs), [(outcomes, state)]);
        }
    }

    #[test]
    fn what_others_announce_is_theirs() {
        let theirs = [row("SPAWN", "r", "py"), row("SPAWN", "r", "py")];
        assert_eq!(check(&theirs, &Runs::Living(BTreeSet::new())), []);
    }

    #[test]
    fn a_second_holder_and_a_run_out_of_order_are_found() {
        let history = [
            row("ACQUIRE", "x", "dosd"),
            row("ACQUIRE", "y", "dosd"),
            row("WORKER_EXITED", "z", "dosd"),
        ];
        assert_eq!(
            check(&history, &Runs::Living(BTreeSet::new())),
            [
                (Invariant::OneHolder.name(), State::Broken),
                (Invariant::RunsInOrder.name(), State::Broken)
            ]
        );
    }
}
