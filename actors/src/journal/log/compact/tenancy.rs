//! What of a live lease's past is kept: enough that its progress reads the same.

use std::collections::HashMap;

use dosd_kernel::lane::{LaneFold, Op};

use super::glance::Glance;
use super::keep::Row;

/// Clocks of two hosts differ: a beat this far in the future counts already.
const SLACK_MS: i64 = 1000;

/// The live leases, by lane and `loop_ts`.
pub(super) struct Tenancies<'a>(HashMap<String, HashMap<String, Tenancy<'a>>>);

/// The rows of one live lease that matter.
#[derive(Default)]
struct Tenancy<'a> {
    /// The second that it was granted in.
    granted_ms: Option<i64>,
    /// Its first ACQUIRE: being born is no progress, so it has to be known.
    birth: Option<Row<'a>>,
    /// Its newest beat up to now.
    newest: Option<(i64, Row<'a>)>,
    /// Events after the grant, and beats from the future.
    others: Vec<Row<'a>>,
}

impl<'a> Tenancies<'a> {
    pub(super) fn of(fold: &LaneFold) -> Self {
        let mut by_lane: HashMap<String, HashMap<String, Tenancy<'a>>> = HashMap::new();
        for lease in fold.leases() {
            let Some(key) = lease.key() else { continue };
            let granted_ms = lease.acquired_ms().map(|ms| ms.div_euclid(1000) * 1000);
            let tenancy = Tenancy { granted_ms, ..Tenancy::default() };
            by_lane.entry(key.lane).or_default().insert(key.loop_ts, tenancy);
        }
        Self(by_lane)
    }

    /// Looks at a row about a lease.
    pub(super) fn note(&mut self, glance: &Glance<'_>, row: Row<'a>, now_ms: i64) {
        let by_loop = self.0.get_mut(glance.lane.as_ref());
        let Some(tenancy) = by_loop.and_then(|by_loop| by_loop.get_mut(glance.loop_ts.as_ref()))
        else {
            return;
        };
        if let Some(time_ms) = glance.time_ms() {
            tenancy.note(glance.op(), time_ms, row, now_ms);
        }
    }

    pub(super) fn into_rows(self) -> impl Iterator<Item = Row<'a>> {
        self.0.into_values().flat_map(HashMap::into_values).flat_map(|tenancy| {
            let newest = tenancy.newest.map(|(_, row)| row);
            tenancy.birth.into_iter().chain(newest).chain(tenancy.others)
        })
    }
}

impl<'a> Tenancy<'a> {
    fn note(&mut self, op: Op, time_ms: i64, row: Row<'a>, now_ms: i64) {
        let is_future = time_ms > now_ms.saturating_add(SLACK_MS);
        let is_birth = op == Op::Acquire && self.birth.is_none();
        if is_birth {
            self.birth = Some(row.clone());
        }
        let is_progress =
            op.is_event() && !is_birth && self.granted_ms.is_some_and(|since| time_ms > since);
        if is_progress || (op.is_beat() && is_future) {
            self.others.push(row.clone());
        }
        if op.is_beat() && !is_future && self.newest.as_ref().is_none_or(|(ms, _)| *ms <= time_ms) {
            self.newest = Some((time_ms, row));
        }
    }
}
