//! From an observed journal and what the process table said to a roster's evidence.
//!
//! Owns how leases become liveness at the boundary. Never reads the journal or the
//! process table: both come in as values.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use super::by_lane::HANDLE;
use super::roster::{Evidence, LaneEvidence, Lanes, Policy};
use crate::invalid::InvalidArgument;
use crate::lane::{LiveLease, Observation};
use crate::liveness::{self, Liveness};

/// A lane that we launched this recently is pending until its ACQUIRE is seen.
pub const COOLDOWN_MS: i64 = 120_000;

/// What the supervisor itself knows about a lane, beside the journal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LaneFacts {
    /// When we last launched a worker for it.
    pub launched_ms: Option<i64>,
    /// Whether the operating system knows the lease's process; none if nobody looked.
    pub process_alive: Option<bool>,
    /// A worker of ours lives or is being started, and holds no lease yet.
    pub pending: bool,
    /// It was given up: it is not in the roster for now.
    pub excluded: bool,
    /// Commits since the run's start commit that touch the lane's tree.
    pub commits_since_start: i64,
    /// They are being counted for the first time: until that is done, a run that has
    /// nothing else to show is not called spinning.
    pub commits_unread: bool,
}

/// The evidence for a roster. With no facts it is what `dosd loop --json` shows.
///
/// # Errors
///
/// When the liveness policy or a count of commits is negative.
pub fn gather(
    lanes: &Lanes,
    observation: &Observation,
    facts: &BTreeMap<String, LaneFacts>,
    policy: &Policy,
    liveness: &liveness::Policy,
) -> Result<Evidence, InvalidArgument> {
    let leases = Leases::new(observation);
    let unknown = LaneFacts::default();
    let mut evidence = Evidence { lanes: Vec::new(), target: policy.target };
    for Entry { lane, is_exclusive, repeatable } in roster(lanes, &leases, policy) {
        let facts = facts.get(lane.as_str()).unwrap_or(&unknown);
        if facts.excluded {
            continue;
        }
        let lease = leases.newest.get(lane.as_str()).copied();
        let pending = facts.pending || launching(facts, lease, observation.now_ms);
        let verdict = match lease {
            Some(lease) if !pending => Some(judge(lease, facts, observation.now_ms, liveness)?),
            Some(_) | None => None,
        };
        evidence.lanes.push(LaneEvidence {
            tree: lanes.tree(&lane).to_vec(),
            is_exclusive,
            spinning_age_ms: match (verdict, lease) {
                (Some(Liveness::Spinning), Some(lease)) => lease.progress.newest_heartbeat_age_ms,
                _ => None,
            },
            liveness: verdict,
            pending,
            repeatable,
            lane,
        });
    }
    Ok(evidence)
}

/// The lease that counts for each lane.
struct Leases<'a> {
    newest: BTreeMap<&'a str, &'a LiveLease>,
    /// The lanes, in the order of their first lease.
    order: Vec<&'a str>,
}

impl<'a> Leases<'a> {
    /// Of two leases on one lane the newer `acquired_at` counts; of two equal ones
    /// the later in the journal. A lease without one is older than all others.
    fn new(observation: &'a Observation) -> Self {
        let mut leases = Self { newest: BTreeMap::new(), order: Vec::new() };
        for lease in &observation.leases {
            let lane = lease.lease.lane();
            match leases.newest.get(lane) {
                None => leases.order.push(lane),
                Some(known) if known.lease.acquired_ms() > lease.lease.acquired_ms() => continue,
                Some(_) => {}
            }
            leases.newest.insert(lane, lease);
        }
        leases
    }
}

/// A lane of the roster.
struct Entry {
    lane: String,
    is_exclusive: bool,
    repeatable: bool,
}

/// The lanes to look at: concurrent ones, then exclusive ones, then with a
/// `max_concurrency` the undeclared ones that somebody holds, and a free handle that
/// stands for one more of those.
fn roster(lanes: &Lanes, leases: &Leases<'_>, policy: &Policy) -> Vec<Entry> {
    let exclusive: BTreeSet<&String> = lanes.exclusive.iter().collect();
    let autopick: BTreeSet<&String> = lanes.autopick.iter().collect();
    let mut seen = BTreeSet::new();
    let mut roster = Vec::new();
    for lane in lanes.concurrent.iter().chain(&lanes.exclusive) {
        if !lane.is_empty() && seen.insert(lane.as_str()) {
            let is_exclusive = exclusive.contains(lane);
            let repeatable = autopick.contains(lane) && !is_exclusive;
            roster.push(Entry { lane: lane.clone(), is_exclusive, repeatable });
        }
    }
    if policy.max_concurrency.is_some() {
        let undeclared = |lane| Entry { lane, is_exclusive: false, repeatable: true };
        for lane in &leases.order {
            if !lane.is_empty() && seen.insert(lane) {
                roster.push(undeclared((*lane).into()));
            }
        }
        let mut handle = String::from(HANDLE);
        while seen.contains(handle.as_str()) {
            handle.push('*');
        }
        roster.push(undeclared(handle));
    }
    roster
}

/// Whether a launch of ours is so recent that its ACQUIRE may still come. Stamps
/// have whole seconds, so a lease of the launch's own second already is its ACQUIRE.
fn launching(facts: &LaneFacts, lease: Option<&LiveLease>, now_ms: i64) -> bool {
    facts.launched_ms.is_some_and(|launched_ms| {
        let second_ms = launched_ms.div_euclid(1000).saturating_mul(1000);
        now_ms.saturating_sub(launched_ms) < COOLDOWN_MS
            && lease.is_none_or(|lease| lease.started_ms < second_ms)
    })
}

/// How the run behind a lease is doing.
///
/// # Errors
///
/// As [`gather`].
pub fn judge(
    lease: &LiveLease,
    facts: &LaneFacts,
    now_ms: i64,
    policy: &liveness::Policy,
) -> Result<Liveness, InvalidArgument> {
    let evidence = liveness::Evidence {
        run_started_ms: lease.started_ms,
        now_ms,
        commits_since_start: facts.commits_since_start,
        journal_events_since: lease.progress.events_since_start,
        last_heartbeat_age_ms: lease.progress.newest_heartbeat_age_ms,
        tokens_spent_since: None,
        process_alive: facts.process_alive,
    };
    let verdict = liveness::classify(&evidence, policy)?;
    let verdict = match (facts.process_alive, verdict) {
        // What a run achieved while it lived does not keep its lane once its process
        // is known to be gone.
        (Some(false), _) => Liveness::Stalled,
        // Nor does a silent run lose its lane while its process is known to live: a
        // second worker beside it would be worse. It is flagged instead.
        (Some(true), Liveness::Stalled) => Liveness::Spinning,
        (Some(true) | None, _) => verdict,
    };
    let is_doubtful = verdict == Liveness::Spinning && facts.commits_unread;
    Ok(if is_doubtful { Liveness::Advancing } else { verdict })
}
