//! Whether a live lease still keeps others off its lane.
//!
//! Owns the windows of silence. A lease that expired is still in the journal, and
//! whoever grants its lane anew first writes the SCAVENGE row; nothing here does.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::lease::Lease;
use super::observe::{LiveLease, Observation};

/// A beat not older than this protects a lease, whatever the operating system says:
/// who acquires a lease for a program of its own may end long before that does.
pub const GRACE_MS: i64 = 5 * 60_000;

/// How long a lease is good for without a beat when it does not say, in minutes.
pub const DEFAULT_TTL_MINUTES: f64 = 50.0;

/// What the operating system says about the process that a lease names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HolderProcess {
    /// It ran on this host, and there is no such process any more.
    Gone,
    /// It may live: it does, or it runs elsewhere, or nobody can tell.
    MayLive,
}

/// Whether a lease still blocks its lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// It blocks: it beat not long ago, or nothing proves the contrary.
    Blocks,
    /// It is silent for longer than its time to live and the grace.
    TimedOut {
        /// Age of its newest beat.
        silent_ms: i64,
    },
    /// It is silent for longer than the grace, and its process is gone.
    HolderGone {
        /// Age of its newest beat.
        silent_ms: i64,
    },
}

impl Expiry {
    /// Whether the lease still keeps others off its lane.
    #[must_use]
    pub fn blocks(self) -> bool {
        self == Self::Blocks
    }
}

/// Judges a lease whose newest beat in the journal was at `newest_beat_ms`. The beat
/// and the grant that the lease itself names count too; without any of these nothing
/// proves it stale, and one from the future counts as just now.
#[must_use]
pub fn expiry(
    lease: &Lease,
    newest_beat_ms: Option<i64>,
    now_ms: i64,
    process: HolderProcess,
) -> Expiry {
    let beats = [newest_beat_ms, lease.heartbeat_ms(), lease.acquired_ms()];
    let Some(newest_ms) = beats.into_iter().flatten().max() else { return Expiry::Blocks };
    let silent_ms = now_ms.saturating_sub(newest_ms);
    if silent_ms <= GRACE_MS {
        Expiry::Blocks
    } else if silent_ms > ttl_ms(lease).saturating_add(GRACE_MS) {
        Expiry::TimedOut { silent_ms }
    } else if process == HolderProcess::Gone {
        Expiry::HolderGone { silent_ms }
    } else {
        Expiry::Blocks
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a longer time stops at the largest one")]
fn ttl_ms(lease: &Lease) -> i64 {
    (lease.ttl_minutes().unwrap_or(DEFAULT_TTL_MINUTES) * 60_000.0) as i64
}

impl LiveLease {
    /// Judges the lease as of the moment at which it was observed.
    #[must_use]
    pub fn expiry(&self, now_ms: i64, process: HolderProcess) -> Expiry {
        let age_ms = self.progress.newest_heartbeat_age_ms;
        let beat_ms = age_ms.map(|age_ms| now_ms.saturating_sub(age_ms));
        expiry(&self.lease, beat_ms, now_ms, process)
    }
}

impl Observation {
    /// The live leases that still block, first acquired first. `process` looks a
    /// lease's process up.
    pub fn blocking(&self, process: impl Fn(&Lease) -> HolderProcess) -> Vec<Arc<Lease>> {
        let blocks = |held: &&LiveLease| held.expiry(self.now_ms, process(&held.lease)).blocks();
        self.leases.iter().filter(blocks).map(|held| Arc::clone(&held.lease)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Expiry, GRACE_MS, HolderProcess, expiry};
    use crate::Map;
    use crate::lane::{LaneFold, Lease};
    use alloc::vec::Vec;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    const MINUTE_MS: i64 = 60_000;

    fn fields(value: &Value) -> Map {
        value.as_object().cloned().unwrap()
    }

    fn silent(minutes: i64, lease: &Value, process: HolderProcess) -> Expiry {
        let now_ms = 1_000 * MINUTE_MS;
        expiry(&Lease::new(fields(lease)), Some(now_ms - minutes * MINUTE_MS), now_ms, process)
    }

    #[test]
    fn w_5_a_silent_lease_stops_blocking_after_its_time_and_the_grace() {
        use HolderProcess::{Gone, MayLive};
        for (lease, last) in [
            (json!({}), 55),
            (json!({"ttl_minutes": 10}), 15),
            (json!({"ttl_minutes": 0}), 55),
            (json!({"ttl_minutes": "x"}), 55),
        ] {
            assert_eq!(silent(last, &lease, MayLive), Expiry::Blocks, "{lease}");
            let silent_ms = (last + 1) * MINUTE_MS;
            let timed_out = Expiry::TimedOut { silent_ms };
            assert_eq!(silent(last + 1, &lease, MayLive), timed_out, "{lease}");
            assert_eq!(silent(last + 1, &lease, Gone), timed_out);
        }
        assert_eq!(
            silent(i64::MAX / MINUTE_MS / 2, &json!({"ttl_minutes": 1e300}), MayLive),
            Expiry::Blocks
        );
    }

    #[test]
    fn w_5_a_dead_holder_is_believed_only_past_the_grace() {
        assert_eq!(silent(5, &json!({}), HolderProcess::Gone), Expiry::Blocks);
        let gone = Expiry::HolderGone { silent_ms: 6 * MINUTE_MS };
        assert_eq!(silent(6, &json!({}), HolderProcess::Gone), gone);
        assert_eq!(silent(6, &json!({}), HolderProcess::MayLive), Expiry::Blocks);
    }

    #[test]
    fn the_newest_word_counts_and_no_word_proves_nothing() {
        let now_ms = 1_767_225_600_000; // 2026-01-01T00:00:00Z
        let judge = |lease: &Value, beat_ms| {
            expiry(&Lease::new(fields(lease)), beat_ms, now_ms, HolderProcess::Gone).blocks()
        };
        let old = Some(now_ms - 100 * MINUTE_MS);
        assert!(judge(&json!({}), None));
        assert!(judge(&json!({"acquired_at": "yesterday"}), None));
        assert!(!judge(&json!({"acquired_at": "2025-12-31T00:00:00Z"}), None));
        assert!(judge(&json!({"heartbeat_at": "2025-12-31T23:58:00Z"}), old));
        assert!(judge(&json!({"acquired_at": "2025-12-31T23:58:00Z"}), old));
        assert!(judge(&json!({"acquired_at": "2025-12-31T00:00:00Z"}), Some(now_ms + GRACE_MS)));
    }

    proptest! {
        #[test]
        fn a_fresh_beat_always_protects(
            now_ms in any::<i64>(), age_ms in ..=GRACE_MS, ttl in any::<f64>(), gone: bool,
        ) {
            let process = if gone { HolderProcess::Gone } else { HolderProcess::MayLive };
            let lease = Lease::new(fields(&json!({"ttl_minutes": ttl})));
            let beat_ms = now_ms.saturating_sub(age_ms);
            prop_assert_eq!(expiry(&lease, Some(beat_ms), now_ms, process), Expiry::Blocks);
        }

        #[test]
        fn silence_never_makes_a_lease_block_again(
            minutes in 0..200_i64, ttl in 0..100_u8, gone: bool,
        ) {
            let process = if gone { HolderProcess::Gone } else { HolderProcess::MayLive };
            let lease = json!({"ttl_minutes": ttl});
            if !silent(minutes, &lease, process).blocks() {
                prop_assert!(!silent(minutes + 1, &lease, process).blocks());
                prop_assert!(!silent(minutes, &lease, HolderProcess::Gone).blocks());
            }
        }
    }

    #[test]
    fn an_observation_lists_what_still_blocks() {
        let mut fold = LaneFold::default();
        for (lane, ts) in [
            ("old", "2025-12-31T22:00:00Z"),
            ("beaten", "2025-12-31T22:00:00Z"),
            ("new", "2025-12-31T23:59:00Z"),
        ] {
            let lease = json!({"lane": lane, "loop_ts": "t", "acquired_at": ts});
            let row =
                json!({"op": "ACQUIRE", "ts": ts, "lane": lane, "loop_ts": "t", "lease": lease});
            fold.apply_entry(&fields(&row));
        }
        let beat = json!({"op": "HEARTBEAT", "ts": "2025-12-31T23:57:00Z", "lane": "beaten", "loop_ts": "t"});
        fold.apply_entry(&fields(&beat));
        let observation = fold.observe(1_767_225_600_000);
        let blocking = observation.blocking(|_| HolderProcess::Gone);
        let lanes: Vec<&str> = blocking.iter().map(|lease| lease.lane()).collect();
        assert_eq!(lanes, ["beaten", "new"]);
    }
}
