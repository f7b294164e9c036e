//! When to start a worker again, and when to stop trying.
//!
//! Owns the delay between two runs of one lane, and the count of its failures.
//! Never reads a clock, draws a random number or starts a process.

use alloc::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// How patient to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// So many failures inside the window end it. 0 counts as 1.
    pub burst: u32,
    /// How long a failure is remembered.
    pub window_ms: i64,
    /// The first delay.
    pub delay_ms: i64,
    /// The delay never grows beyond this.
    pub max_delay_ms: i64,
}

impl Default for Policy {
    fn default() -> Self {
        Self { burst: 5, window_ms: 10 * 60_000, delay_ms: 1_000, max_delay_ms: 2 * 60_000 }
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// With exit code 0: no failure, yet a lane that ends at once is delayed all
    /// the same.
    Clean,
    /// In any other way, never having started included.
    Failed,
}

/// Why the end of a run says nothing about its lane: no failure, no delay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Excuse {
    /// An operator had the worker stopped.
    Halted,
    /// It ended while nobody watched it: when, and after what, is not known.
    Unwatched,
}

impl Excuse {
    /// Its name in the journal.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Halted => "halted",
            Self::Unwatched => "unwatched",
        }
    }
}

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Start again, after so long.
    RestartAfter {
        /// The delay, with jitter.
        delay_ms: i64,
    },
    /// Leave the lane alone until an operator resets it.
    GiveUp {
        /// Failures inside the window.
        failures: u32,
        /// The window they were counted in.
        window_ms: i64,
    },
}

/// A run that lived this many times the delay before it clears the delay.
const CLEARING_LIFE: i64 = 5;

/// What one lane has been through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    failures_ms: VecDeque<i64>,
    /// The delay before the run that is ending, without jitter; none before the
    /// first run.
    last_delay_ms: Option<i64>,
}

impl History {
    /// Notes that a run ended, and says what to do.
    ///
    /// `ran_ms` is how long it lived; `now_ms` is monotonic time, so that a clock
    /// that is set never forgives or invents failures. `jitter` is uniformly
    /// random: it takes off up to a quarter of the delay, which spreads lanes that
    /// failed together and never makes anyone wait longer than `max_delay_ms`.
    pub fn ended(
        &mut self,
        policy: &Policy,
        ending: Ending,
        ran_ms: i64,
        now_ms: i64,
        jitter: u32,
    ) -> Next {
        let since_ms = now_ms.saturating_sub(policy.window_ms);
        self.failures_ms.retain(|failed_ms| *failed_ms > since_ms);
        if ending == Ending::Failed {
            self.failures_ms.push_back(now_ms);
            let failures = u32::try_from(self.failures_ms.len()).unwrap_or(u32::MAX);
            if failures >= policy.burst.max(1) {
                return Next::GiveUp { failures, window_ms: policy.window_ms };
            }
        }
        let before_ms = self.last_delay_ms.unwrap_or(policy.delay_ms);
        let cleared = ran_ms >= before_ms.saturating_mul(CLEARING_LIFE);
        let delay_ms = match self.last_delay_ms {
            Some(last_ms) if !cleared => last_ms.saturating_mul(2),
            Some(_) | None => policy.delay_ms,
        }
        .clamp(0, policy.max_delay_ms.max(0));
        self.last_delay_ms = Some(delay_ms);
        let off_ms = i128::from(delay_ms / 4) * i128::from(jitter) / i128::from(u32::MAX);
        Next::RestartAfter { delay_ms: delay_ms - i64::try_from(off_ms).unwrap_or(0) }
    }

    /// Whether there is nothing to forget.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        *self == Self::default()
    }

    /// The failures that count at `now_ms`, monotonic.
    #[must_use]
    pub fn failures(&self, policy: &Policy, now_ms: i64) -> u32 {
        let since_ms = now_ms.saturating_sub(policy.window_ms);
        let inside = self.failures_ms.iter().filter(|failed_ms| **failed_ms > since_ms);
        u32::try_from(inside.count()).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::{Ending, History, Next, Policy};
    use alloc::vec::Vec;
    use proptest::prelude::*;

    fn delay_ms(next: Next) -> i64 {
        match next {
            Next::RestartAfter { delay_ms } => delay_ms,
            Next::GiveUp { .. } => panic!("gave up"),
        }
    }

    #[test]
    fn delays_double_up_to_the_largest() {
        let mut history = History::default();
        let policy = Policy { max_delay_ms: 5_000, ..Policy::default() };
        let delays: Vec<i64> =
            (0..5).map(|_| delay_ms(history.ended(&policy, Ending::Clean, 0, 0, 0))).collect();
        assert_eq!(delays, [1_000, 2_000, 4_000, 5_000, 5_000]);
    }

    #[test]
    fn a_run_of_five_delays_starts_over() {
        let policy = Policy::default();
        let mut history = History::default();
        history.ended(&policy, Ending::Clean, 0, 0, 0);
        history.ended(&policy, Ending::Clean, 0, 0, 0);
        let mut short = history.clone();
        assert_eq!(delay_ms(short.ended(&policy, Ending::Clean, 9_999, 0, 0)), 4_000);
        assert_eq!(delay_ms(history.ended(&policy, Ending::Clean, 10_000, 0, 0)), 1_000);
    }

    #[test]
    fn a_burst_inside_the_window_ends_it() {
        let policy = Policy::default();
        let mut history = History::default();
        for at in 0..4 {
            delay_ms(history.ended(&policy, Ending::Failed, 0, at * 60_000, 0));
        }
        let gave_up = Next::GiveUp { failures: 5, window_ms: 600_000 };
        assert_eq!(history.ended(&policy, Ending::Failed, 0, 240_000, 0), gave_up);
        assert_eq!((history.failures(&policy, 240_000), history.is_clean()), (5, false));
        assert_eq!(history.failures(&policy, 600_000), 4, "the first has left the window");
    }

    #[test]
    fn failures_leave_the_window() {
        let policy = Policy::default();
        let mut history = History::default();
        for at in 0..50 {
            delay_ms(history.ended(&policy, Ending::Failed, 0, at * 150_000, 0));
        }
    }

    #[test]
    fn clean_endings_are_no_failures() {
        let mut history = History::default();
        for _ in 0..50 {
            delay_ms(history.ended(&Policy::default(), Ending::Clean, 0, 0, 0));
        }
    }

    proptest! {
        #[test]
        fn jitter_takes_at_most_a_quarter(rounds in 0_usize..12, jitter: u32) {
            let policy = Policy::default();
            let mut history = History::default();
            for _ in 0..rounds {
                history.ended(&policy, Ending::Clean, 0, 0, jitter);
            }
            let full = delay_ms(history.clone().ended(&policy, Ending::Clean, 0, 0, 0));
            let cut = delay_ms(history.ended(&policy, Ending::Clean, 0, 0, jitter));
            prop_assert!(cut <= full && cut >= full - full / 4, "{cut} of {full}");
        }
    }
}
