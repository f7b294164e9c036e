//! What the supervisor wants written about leases, and what it saw when it decided.
//! Pure: it compares, and never decides anew.

use std::collections::BTreeSet;
use std::sync::Arc;

use dosd_kernel::draft::Draft;
use dosd_kernel::lane::{Docket, Lease, LeaseKey, Matter, Op, Ruling};

/// Rows that were decided on before the mutex was held: they are written if the
/// leases are still what they were.
#[derive(Debug, Clone)]
pub struct Proposal {
    rows: Vec<Draft>,
    /// The leases that were seen, in their order.
    seen: Vec<Arc<Lease>>,
    /// Those that are taken back: not even a beat may have come.
    reaped: BTreeSet<LeaseKey>,
}

/// What became of a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is on disk.
    Written,
    /// The leases are others by now; nothing was written.
    Overtaken,
}

impl Proposal {
    /// These rows, decided on by what `seen` shows.
    #[must_use]
    pub fn new(rows: Vec<Draft>, seen: Vec<Arc<Lease>>) -> Self {
        let scavenges = rows.iter().filter(|row| op(row) == Op::Scavenge);
        let reaped = scavenges.filter_map(|row| LeaseKey::of(row.fields())).collect();
        Self { rows, seen, reaped }
    }

    /// The rows that are to be written, for whoever checks that they were.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub fn rows(&self) -> &[Draft] {
        &self.rows
    }

    fn holds<'a>(&self, now: impl Iterator<Item = &'a Arc<Lease>>) -> bool {
        let mut now = now;
        self.seen.iter().all(|seen| now.next().is_some_and(|lease| self.is_same(seen, lease)))
            && now.next().is_none()
    }

    fn is_same(&self, seen: &Arc<Lease>, lease: &Arc<Lease>) -> bool {
        if Arc::ptr_eq(seen, lease) {
            return true;
        }
        if seen.key().is_some_and(|key| self.reaped.contains(&key)) {
            return seen == lease;
        }
        let but_beats = |lease: &Lease| {
            let mut fields = lease.fields().clone();
            fields.remove("heartbeat_at");
            fields
        };
        but_beats(seen) == but_beats(lease)
    }
}

impl Matter for Proposal {
    type Answer = Standing;

    fn rule(self, docket: &Docket<'_>) -> Ruling<Standing> {
        if self.holds(docket.lanes.leases()) {
            Ruling { rows: self.rows, answer: Standing::Written }
        } else {
            Ruling::silent(Standing::Overtaken)
        }
    }
}

/// Whether one of these rows gives a lease or takes one.
pub(super) fn moves_leases(rows: &[Draft]) -> bool {
    rows.iter().any(|row| op(row).is_event())
}

fn op(row: &Draft) -> Op {
    Op::of(row.fields().get("op").and_then(serde_json::Value::as_str).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use dosd_kernel::lane::{Acquire, Heartbeat, HolderProcess, LaneFold, LaneRow, Release};

    use super::*;
    use dosd_kernel::fold::Fold as _;

    const NOW_MS: i64 = 1_795_305_600_000;

    fn write(lanes: &mut LaneFold, row: &LaneRow) {
        lanes.apply_draft(&row.draft(NOW_MS), lanes.highest_seq() + 1);
    }

    fn acquire(lane: &str) -> LaneRow {
        LaneRow::Acquire(Acquire {
            lane: lane.to_owned(),
            loop_ts: "t".to_owned(),
            ..Acquire::default()
        })
    }

    fn beat(lane: &str) -> LaneRow {
        LaneRow::Heartbeat(Heartbeat {
            lane: lane.to_owned(),
            loop_ts: "t".to_owned(),
            ..Heartbeat::default()
        })
    }

    fn rule(lanes: &LaneFold, proposal: Proposal) -> Standing {
        let count = proposal.rows.len();
        let ruling =
            proposal.rule(&Docket { lanes, now_ms: NOW_MS, process: &|_| HolderProcess::MayLive });
        let written = if ruling.answer == Standing::Written { count } else { 0 };
        assert_eq!(ruling.rows.len(), written);
        ruling.answer
    }

    /// Leases on `a` and `b`, and a proposal to take `b` back.
    fn scene() -> (LaneFold, Proposal) {
        let mut lanes = LaneFold::default();
        write(&mut lanes, &acquire("a"));
        write(&mut lanes, &acquire("b"));
        let seen: Vec<_> = lanes.leases().cloned().collect();
        let rows = vec![LaneRow::scavenge(&seen[1], "gone").draft(NOW_MS)];
        (lanes, Proposal::new(rows, seen))
    }

    #[test]
    fn stands_while_the_leases_do() {
        let (mut lanes, proposal) = scene();
        assert_eq!(rule(&lanes, proposal.clone()), Standing::Written);
        write(&mut lanes, &beat("a"));
        assert_eq!(rule(&lanes, proposal), Standing::Written, "another lane's beat is no matter");
    }

    #[test]
    fn a_beat_saves_the_lease_that_was_to_be_taken_back() {
        let (mut lanes, proposal) = scene();
        write(&mut lanes, &beat("b"));
        assert_eq!(rule(&lanes, proposal), Standing::Overtaken);
    }

    #[test]
    fn a_lease_more_or_less_overtakes_it() {
        let (mut more, proposal) = scene();
        write(&mut more, &acquire("c"));
        assert_eq!(rule(&more, proposal), Standing::Overtaken);
        let (mut less, proposal) = scene();
        let release = Release { lane: "a".into(), loop_ts: "t".into(), ..Release::default() };
        write(&mut less, &LaneRow::Release(release));
        assert_eq!(rule(&less, proposal), Standing::Overtaken);
    }

    #[test]
    fn only_rows_about_leases_need_the_mutex() {
        assert!(moves_leases(&[acquire("a").draft(0)]));
        assert!(!moves_leases(&[beat("a").draft(0)]));
    }
}
