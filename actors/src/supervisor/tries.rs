//! How the tries of each lane went, and which lanes get no more. Pure: it never looks
//! at a journal, and never decides what to launch.

use std::collections::{BTreeMap, BTreeSet};

use dosd_kernel::lane::LanePast;
use dosd_kernel::restart::{Ending, History, Next, Policy};

use super::message::{LaneReset, Slate};
use super::moment::Moment;

/// The tries of all lanes.
#[derive(Debug, Default)]
pub(super) struct Tries {
    lanes: BTreeMap<String, LaneTries>,
    /// Lanes that get no further try.
    given_up: BTreeSet<String>,
}

/// How the tries of one lane went.
#[derive(Debug, Default)]
struct LaneTries {
    history: History,
    /// Monotonic time before which the lane gets no worker.
    not_before_ms: Option<i64>,
}

impl Tries {
    /// Notes that a try has ended, and says when the lane may be tried again.
    pub(super) fn ended(
        &mut self,
        lane: &str,
        (ending, ran_ms): (Ending, i64),
        policy: &Policy,
        now: Moment,
        jitter: u32,
    ) -> Next {
        let tries = self.lanes.entry(lane.to_owned()).or_default();
        let next = tries.history.ended(policy, ending, ran_ms, now.monotonic_ms, jitter);
        self.follow(lane, next, now);
        next
    }

    /// Takes over what happened after the row with the number `since_seq`. Says what
    /// is next after the last end; none when the journal says that already, or nothing
    /// has ended.
    ///
    /// Rows bear wall time, which may have been set since. So only the time between
    /// two ends counts, and a delay is waited for anew, without jitter: none is ever cut
    /// short.
    pub(super) fn recall(
        &mut self,
        lane: &str,
        past: &LanePast,
        since_seq: u64,
        policy: &Policy,
        now: Moment,
    ) -> Option<Next> {
        let ends: Vec<_> = past.ends.iter().filter(|end| end.seq > since_seq).collect();
        let gave_up = past.gave_up.as_ref().is_some_and(|gave_up| gave_up.seq > since_seq);
        if ends.is_empty() && !gave_up {
            return None;
        }
        // From the newest back: each as long before the next as the rows say.
        let mut later_ms = now.wall_ms;
        let mut at_ms = now.monotonic_ms;
        let mut moments: Vec<i64> = Vec::with_capacity(ends.len());
        for end in ends.iter().rev() {
            let ended_ms = end.at_ms.unwrap_or(later_ms);
            at_ms = at_ms.saturating_sub(later_ms.saturating_sub(ended_ms).max(0));
            later_ms = ended_ms;
            moments.push(at_ms);
        }
        let mut last = None;
        let tries = self.lanes.entry(lane.to_owned()).or_default();
        for (end, at_ms) in ends.iter().zip(moments.into_iter().rev()) {
            last = Some(tries.history.ended(policy, end.ending, end.ran_ms, at_ms, 0));
        }
        if gave_up {
            self.given_up.insert(lane.to_owned());
            return None;
        }
        self.follow(lane, last?, now);
        last
    }

    fn follow(&mut self, lane: &str, next: Next, now: Moment) {
        match next {
            Next::RestartAfter { delay_ms } => {
                let tries = self.lanes.entry(lane.to_owned()).or_default();
                tries.not_before_ms = Some(now.monotonic_ms.saturating_add(delay_ms));
            }
            Next::GiveUp { .. } => {
                self.given_up.insert(lane.to_owned());
            }
        }
    }

    /// What there is to forget of a lane.
    pub(super) fn slate(&self, lane: &str, policy: &Policy, now: Moment) -> LaneReset {
        let failures = self
            .lanes
            .get(lane)
            .map_or(0, |tries| tries.history.failures(policy, now.monotonic_ms));
        let wait_ms = self.wait_ms(lane, now);
        let is_clean = self.lanes.get(lane).is_none_or(|tries| tries.history.is_clean());
        let was = match wait_ms {
            _ if self.gave_up(lane) => Slate::GaveUp,
            Some(_) => Slate::Waiting,
            None if is_clean => Slate::Clean,
            None => Slate::Counted,
        };
        LaneReset { lane: lane.to_owned(), was, failures, wait_ms }
    }

    /// Forgets all about a lane.
    pub(super) fn forget(&mut self, lane: &str) {
        self.lanes.remove(lane);
        self.given_up.remove(lane);
    }

    /// How long the lane has to wait still, ms.
    pub(super) fn wait_ms(&self, lane: &str, now: Moment) -> Option<i64> {
        let until = self.lanes.get(lane)?.not_before_ms?;
        (until > now.monotonic_ms).then(|| until - now.monotonic_ms)
    }

    pub(super) fn gave_up(&self, lane: &str) -> bool {
        self.given_up.contains(lane)
    }

    /// The lanes that get no further try.
    pub(super) fn given_up(&self) -> impl Iterator<Item = &str> {
        self.given_up.iter().map(String::as_str)
    }

    /// The lanes that were tried.
    pub(super) fn lanes(&self) -> impl Iterator<Item = &str> {
        self.lanes.keys().map(String::as_str)
    }
}
