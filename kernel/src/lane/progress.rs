//! What the journal says about one lease's progress.
//!
//! Owns the times of a lease's events and beats. Never decides what they mean for
//! its life; that is `liveness`.

use alloc::vec::Vec;

use serde::Serialize;

use super::fold::LaneFold;
use super::lease::LeaseKey;
use super::op::Op;
use crate::Map;

/// Clocks of two hosts differ: a row this far in the future still counts.
const SLACK_MS: i64 = 1000;

/// A lease's progress as of one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// Rows since the start that moved the lease, its first ACQUIRE not counted:
    /// being born is no progress.
    pub events_since_start: i64,
    /// Age of the newest beat, never negative; none if there was none.
    pub newest_heartbeat_age_ms: Option<i64>,
    /// Whether the journal has a line that does not parse.
    pub saw_corrupt: bool,
}

/// The progress of one lease in a list of rows. Without an identity, or with a blank
/// one, nothing counts.
#[must_use]
pub fn delta(
    entries: &[Map],
    lease_key: Option<&LeaseKey>,
    started_ms: i64,
    now_ms: i64,
) -> Progress {
    let fold = LaneFold::of(entries);
    lease_key.map_or_else(
        || Progress { saw_corrupt: fold.corrupt() > 0, ..Progress::default() },
        |key| fold.progress(key, started_ms, now_ms),
    )
}

/// The times of one lease's rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Track {
    born: bool,
    /// Sorted.
    events_ms: Vec<i64>,
    /// Sorted, each once.
    beats_ms: Vec<i64>,
}

impl Track {
    /// Notes a row, and returns how many beats more are held.
    pub(super) fn note(&mut self, op: Op, time_ms: i64) -> usize {
        let birth = op == Op::Acquire && !self.born;
        self.born |= birth;
        if op.is_event() && !birth {
            let place = self.events_ms.partition_point(|held| *held <= time_ms);
            self.events_ms.insert(place, time_ms);
        }
        if !op.is_beat() {
            return 0;
        }
        // Rows come in the order of their times, nearly always.
        if self.beats_ms.last().is_none_or(|newest| *newest < time_ms) {
            self.beats_ms.push(time_ms);
            return 1;
        }
        match self.beats_ms.binary_search(&time_ms) {
            Ok(_) => 0,
            Err(place) => {
                self.beats_ms.insert(place, time_ms);
                1
            }
        }
    }

    /// Events after the second that the run started in, and the newest beat's age.
    pub(super) fn progress(&self, started_ms: i64, now_ms: i64) -> Progress {
        let second_ms = started_ms.div_euclid(1000).saturating_mul(1000);
        let until_ms = now_ms.saturating_add(SLACK_MS);
        let before = self.events_ms.partition_point(|time_ms| *time_ms <= second_ms);
        let counted = self.events_ms.partition_point(|time_ms| *time_ms <= until_ms);
        let events = counted.saturating_sub(before);
        Progress {
            events_since_start: i64::try_from(events).unwrap_or(i64::MAX),
            newest_heartbeat_age_ms: self
                .beats_until(until_ms)
                .last()
                .map(|beat_ms| now_ms.saturating_sub(*beat_ms).max(0)),
            saw_corrupt: false,
        }
    }

    /// Forgets the beats that are older than the newest one that counts now.
    pub(super) fn settle(&mut self, now_ms: i64) {
        let counted = self.beats_until(now_ms.saturating_add(SLACK_MS)).len();
        self.beats_ms.drain(..counted.saturating_sub(1));
        self.beats_ms.shrink_to(2);
    }

    #[cfg(test)]
    pub(super) fn beats_held(&self) -> usize {
        self.beats_ms.len()
    }

    fn beats_until(&self, until_ms: i64) -> &[i64] {
        &self.beats_ms[..self.beats_ms.partition_point(|time_ms| *time_ms <= until_ms)]
    }
}

#[cfg(test)]
mod tests {
    use super::Track;
    use crate::lane::Op;

    #[test]
    fn birth_is_no_progress_and_rebirth_is() {
        let mut track = Track::default();
        track.note(Op::Acquire, 5_000);
        assert_eq!(track.progress(0, 9_000).events_since_start, 0);
        track.note(Op::Acquire, 6_000);
        assert_eq!(track.progress(0, 9_000).events_since_start, 1);
    }

    #[test]
    fn the_window_opens_after_the_start_second_and_closes_a_second_late() {
        let mut track = Track::default();
        for time_ms in [5_000, 6_000, 10_000, 11_000] {
            track.note(Op::Reconcile, time_ms);
        }
        assert_eq!(track.progress(5_999, 9_000).events_since_start, 2);
        assert_eq!(track.progress(5_999, 8_999).events_since_start, 1);
        assert_eq!(track.progress(20_000, 9_000).events_since_start, 0);
    }

    #[test]
    fn a_beat_from_the_near_future_has_no_age() {
        let mut track = Track::default();
        track.note(Op::Heartbeat, 10_000);
        assert_eq!(track.progress(0, 9_000).newest_heartbeat_age_ms, Some(0));
        assert_eq!(track.progress(0, 8_999).newest_heartbeat_age_ms, None);
    }

    #[test]
    fn settling_keeps_one_beat_and_those_to_come() {
        let mut track = Track::default();
        for time_ms in [3_000, 1_000, 2_000, 2_000, 50_000] {
            track.note(Op::Heartbeat, time_ms);
        }
        track.settle(3_000);
        assert_eq!(track.beats_ms, [3_000, 50_000]);
    }
}
