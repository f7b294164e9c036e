//! Asking for a lane: the arbiter's answer, made durable.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::Asker;
use crate::Map;
use crate::arbiter::{Decision, Outcome, Overlap, Request, Rules, arbitrate};
use crate::fold::Fold as _;
use crate::lane::expiry::{Expiry, HolderProcess, expiry};
use crate::lane::rule::{Docket, Matter, Ruling};
use crate::lane::{Acquire, LaneRow, Lease, Refuse};
use crate::population::Lanes;

/// Give me a lane.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AcquireLane {
    /// Who will hold the lease.
    pub asker: Asker,
    /// The lane that is wished for; empty for any.
    pub lane: String,
    /// The kind that is asked for, and that will stand in the lease; may be empty.
    pub kind: String,
    /// The path globs that are asked for.
    pub tree: Vec<String>,
    /// The stamp of the lease's identity; empty for the moment of the grant.
    pub loop_ts: String,
    /// The run that will hold it, or empty.
    pub run_id: String,
    /// Whether the lease gets a fencing number. Programs that know none are not shown one.
    #[serde(default)]
    pub fenced: bool,
    /// Leases that somebody keeps elsewhere. They block as those of the journal do,
    /// whatever their age.
    pub leases: Vec<Map>,
    /// The declared lanes.
    pub lanes: Lanes,
    /// How far regions may overlap.
    pub overlap: Overlap,
    /// Limits by kind, see [`Rules::budgets`].
    pub budgets: BTreeMap<String, u64>,
}

/// The arbiter's decision, and whether a grant is in the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Acquired {
    /// The decision.
    #[serde(flatten)]
    pub decision: Decision,
    /// Whether a lease was granted and is on disk. A refusal, which has a row of its
    /// own, is none.
    pub journaled: bool,
    /// Who asked.
    pub owner: String,
    /// The run that asked, if it said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    /// The fencing number of the grant, if one was asked for: the number of its row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fence: Option<u64>,
    /// The stamp of the lease's identity, where there is a fencing number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loop_ts: Option<String>,
}

/// A live lease that blocks nobody any more.
struct Expired<'a> {
    lease: &'a Arc<Lease>,
    expiry: Expiry,
}

impl Matter for AcquireLane {
    type Answer = Acquired;

    fn rule(self, docket: &Docket<'_>) -> Ruling<Acquired> {
        let (mut blocking, expired) = sort_out(docket);
        blocking.extend(self.leases.iter().cloned().map(Lease::new).map(Arc::new));
        let decision = self.arbitrate(&self.wish(), &blocking);
        let mut fence = None;
        let rows = match decision.outcome {
            Outcome::Acquire => {
                let in_the_way: Vec<&Expired<'_>> =
                    expired.iter().filter(|it| self.is_in_the_way(&decision, it.lease)).collect();
                // Whoever was granted anything before has a lower one: its row was there.
                let seq = docket.lanes.highest_seq() + in_the_way.len() as u64 + 1;
                fence = self.fenced.then_some(seq);
                let taken_back = in_the_way.iter().map(|it| it.scavenge());
                let grant = self.grant(&decision, &in_the_way, fence, docket.now_ms);
                taken_back.chain([grant]).collect()
            }
            Outcome::Refuse => Vec::from([self.refusal(&decision, docket.now_ms)]),
        };
        Ruling {
            rows: rows.iter().map(|row| row.draft(docket.now_ms)).collect(),
            answer: Acquired {
                journaled: decision.outcome == Outcome::Acquire,
                loop_ts: fence.map(|_| self.loop_ts(docket.now_ms)),
                fence,
                owner: self.asker.owner,
                run_id: Some(self.run_id).filter(|run_id| !run_id.is_empty()),
                decision,
            },
        }
    }
}

impl AcquireLane {
    fn wish(&self) -> Request {
        let Self { lane, kind, tree, .. } = self;
        Request { lane: lane.clone(), kind: kind.clone(), tree: tree.clone(), force: false }
    }

    fn arbitrate(&self, wish: &Request, live: &[Arc<Lease>]) -> Decision {
        let rules = Rules { lanes: &self.lanes, overlap: self.overlap, budgets: &self.budgets };
        let live: Vec<&Lease> = live.iter().map(AsRef::as_ref).collect();
        arbitrate(wish, &live, &rules)
    }

    /// Whether the grant would not have been made beside this lease: then it is taken
    /// back first, for others, who do not know that it expired, as well.
    fn is_in_the_way(&self, decision: &Decision, lease: &Arc<Lease>) -> bool {
        let granted = Request {
            lane: decision.lane.clone(),
            kind: decision.lane_kind.clone(),
            tree: decision.tree.clone(),
            force: false,
        };
        let beside = self.arbitrate(&granted, core::slice::from_ref(lease));
        beside.outcome == Outcome::Refuse || beside.lane != decision.lane
    }

    fn grant(
        &self,
        decision: &Decision,
        taken: &[&Expired<'_>],
        fence: Option<u64>,
        now_ms: i64,
    ) -> LaneRow {
        let lane = if decision.lane.is_empty() { &self.lane } else { &decision.lane };
        let tree = if decision.tree.is_empty() { &self.tree } else { &decision.tree };
        let before = taken.iter().find(|it| it.lease.lane() == lane).map(|it| it.lease.holder());
        LaneRow::Acquire(Acquire {
            lane: lane.clone(),
            lane_kind: self.kind.clone(),
            tree: tree.clone(),
            loop_ts: self.loop_ts(now_ms),
            host_id: self.asker.host_id.clone(),
            pid: self.asker.pid.map(Into::into),
            holder: self.asker.owner.clone(),
            ttl_minutes: None,
            run_id: Some(self.run_id.clone()).filter(|run_id| !run_id.is_empty()),
            fence,
            prev_holder: before.filter(|holder| !holder.is_empty()).map(String::from),
            reason: format!("lane-lease:{}", self.asker.owner),
        })
    }

    fn refusal(&self, decision: &Decision, now_ms: i64) -> LaneRow {
        LaneRow::Refuse(Refuse {
            lane: self.lane.clone(),
            loop_ts: self.loop_ts(now_ms),
            host_id: self.asker.host_id.clone(),
            run_id: Some(self.run_id.clone()).filter(|run_id| !run_id.is_empty()),
            holder: self.asker.owner.clone(),
            reason: decision.reason.clone(),
            reason_class: String::new(),
        })
    }

    fn loop_ts(&self, now_ms: i64) -> String {
        super::note::stamp_or_now(&self.loop_ts, now_ms)
    }
}

impl Expired<'_> {
    fn scavenge(&self) -> LaneRow {
        let minutes = |silent_ms: i64| silent_ms / 60_000;
        let reason = match self.expiry {
            Expiry::HolderGone { silent_ms } => {
                format!("its process is gone, and it is silent for {} min", minutes(silent_ms))
            }
            Expiry::TimedOut { silent_ms } => {
                format!("it is silent for {} min, past its time to live", minutes(silent_ms))
            }
            Expiry::Blocks => String::from("it was in the way"),
        };
        LaneRow::scavenge(self.lease, reason)
    }
}

/// The leases that block, and those that are only in the journal still.
fn sort_out<'a>(docket: &Docket<'a>) -> (Vec<Arc<Lease>>, Vec<Expired<'a>>) {
    let (mut blocking, mut expired) = (Vec::new(), Vec::new());
    for lease in docket.lanes.leases() {
        let expiry = judge(docket, lease);
        if expiry.blocks() {
            blocking.push(Arc::clone(lease));
        } else {
            expired.push(Expired { lease, expiry });
        }
    }
    (blocking, expired)
}

fn judge(docket: &Docket<'_>, lease: &Lease) -> Expiry {
    let now_ms = docket.now_ms;
    let started_ms = lease.acquired_ms().unwrap_or(now_ms);
    let progress = lease.key().map(|key| docket.lanes.progress(&key, started_ms, now_ms));
    let age_ms = progress.and_then(|progress| progress.newest_heartbeat_age_ms);
    let beat_ms = age_ms.map(|age_ms| now_ms.saturating_sub(age_ms));
    // The system is only asked about a process where that decides.
    let as_gone = expiry(lease, beat_ms, now_ms, HolderProcess::Gone);
    if matches!(as_gone, Expiry::HolderGone { .. }) {
        expiry(lease, beat_ms, now_ms, (docket.process)(lease))
    } else {
        as_gone
    }
}
