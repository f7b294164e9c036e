//! Workers that a plan reaps, or flags for having nothing to show. Pure: it decides which of
//! them are news, and what is told of each, so that whoever reads the verdicts learns why.

use std::collections::{BTreeMap, BTreeSet};

use dosd_kernel::Map;
use dosd_kernel::draft::Draft;
use dosd_kernel::lane::Lease;
use dosd_kernel::liveness::Liveness;
use dosd_kernel::population::Plan;
use dosd_kernel::verdict::VerdictEvent;

use super::fleet::Fleet;
use super::moment::Moment;
use super::rows::put_root;
use super::run_table::Tenant;
use super::seating::{Held, Seating};
use super::steps::Reaped;

/// One lease with what is the matter with it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Concern {
    lane: String,
    loop_ts: String,
    run_id: String,
    matter: Matter,
}

/// What becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Matter {
    /// Its lease is taken back.
    Stalled,
    /// Somebody should look.
    Spinning,
}

impl Concern {
    fn new(lease: &Lease, matter: Matter) -> Self {
        Self {
            lane: lease.lane().to_owned(),
            loop_ts: lease.loop_ts().to_owned(),
            run_id: lease.run_id().to_owned(),
            matter,
        }
    }
}

/// What was told of the workers that are still reaped or flagged.
#[derive(Debug, Default)]
pub(super) struct Concerns {
    told: BTreeSet<Concern>,
    /// Those of the last committed decision.
    seen: BTreeSet<Concern>,
}

impl Concerns {
    /// Whether it is no news.
    pub(super) fn knows(&self, concern: &Concern) -> bool {
        self.told.contains(concern)
    }

    /// These are all there are now. One that is over is news when it comes again.
    pub(super) fn see(&mut self, concerns: BTreeSet<Concern>) {
        self.told.retain(|concern| concerns.contains(concern));
        self.seen = concerns;
    }

    /// What was seen last is on disk.
    pub(super) fn told(&mut self) {
        self.told.clone_from(&self.seen);
    }
}

impl Fleet {
    /// Everything that a plan reaps, or flags for having nothing to show.
    pub(super) fn concerned<'o>(
        &self,
        plan: &Plan,
        seating: &Seating<'o>,
        reaped: &Reaped<'_, 'o>,
    ) -> BTreeMap<Concern, Held<'o>> {
        if self.is_closed() {
            // What a fleet that is being stopped leaves behind is no news.
            return BTreeMap::new();
        }
        let stalled = reaped.leases.iter().map(|held| (*held, Matter::Stalled));
        let lanes = plan.evidence.lanes.iter();
        let flagged =
            lanes.filter(|lane| lane.liveness == Some(Liveness::Spinning) && !lane.pending);
        let spinning = flagged
            .filter_map(|lane| seating.on(&lane.lane).next())
            .map(|held| (*held, Matter::Spinning));
        let concerned = stalled.chain(spinning);
        concerned.map(|(held, matter)| (Concern::new(&held.live.lease, matter), held)).collect()
    }

    /// The verdict about one of them: what was counted, and nothing that it says of itself.
    pub(super) fn concern_row(&self, concern: &Concern, held: &Held<'_>, now: Moment) -> Draft {
        let Held { live, tenant } = held;
        let mut detail = Map::new();
        put_root(&mut detail, self.table.root_of(*tenant, &live.lease));
        let age_ms = now.wall_ms.saturating_sub(live.started_ms).max(0);
        detail.insert("age_ms".into(), age_ms.into());
        detail.insert("events".into(), live.progress.events_since_start.into());
        if let Some(age_ms) = live.progress.newest_heartbeat_age_ms {
            detail.insert("beat_age_ms".into(), age_ms.into());
        }
        let run_id = match tenant {
            Tenant::Living(run_id) => {
                detail.insert("process_alive".into(), true.into());
                if let Some(commits) = self.commits.of(run_id) {
                    detail.insert("commits".into(), commits.into());
                }
                *run_id
            }
            Tenant::Ended => {
                detail.insert("process_alive".into(), false.into());
                live.lease.run_id()
            }
            // The journal is all that is known of it.
            Tenant::Stranger => live.lease.run_id(),
        };
        let verdict = match concern.matter {
            Matter::Stalled => Liveness::Stalled,
            Matter::Spinning => Liveness::Spinning,
        };
        let event = VerdictEvent {
            syscall: "liveness".to_owned(),
            verdict: verdict.as_str().to_owned(),
            run_id: run_id.to_owned(),
            lane: concern.lane.clone(),
            detail,
            ..VerdictEvent::default()
        };
        event.draft(now.wall_ms)
    }
}
