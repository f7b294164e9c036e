//! What each lane may expect of the restart rule, kept beside the supervisor and never
//! forgotten with it: not by a panic, and not by a clock that is set.

use std::collections::{BTreeMap, BTreeSet};

use dosd_kernel::restart::{Next, Policy};

use super::invariants::Check;
use crate::spawn::RunEnd;

/// A run that lives so many times the delay before it clears the delay.
const CLEARING_LIFE: i64 = 5;

/// The accounts of all lanes.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Those that were tried since they were reset last.
    pub(super) accounts: BTreeMap<String, Account>,
    /// Lanes that were reset between the row of an end and its telling: it counts until
    /// the supervisor is made again, and is forgotten then.
    straddled: BTreeSet<String>,
}

/// One lane's account.
#[derive(Debug, Default, Clone)]
pub(super) struct Account {
    /// The delay after its last end, without jitter.
    pub(super) delay_ms: Option<i64>,
    pub(super) failures: u32,
    pub(super) gave_up: bool,
    /// It is not known from which delay it goes on.
    is_lenient: bool,
    /// Monotonic time before which nothing may be launched on it.
    pub(super) floor_ms: i64,
}

impl Ledger {
    /// A lane is reset; `is_straddled` when an end of it is on disk and was not told.
    pub(super) fn forget(&mut self, lane: &str, is_straddled: bool) {
        self.accounts.remove(lane);
        if is_straddled {
            self.straddled.insert(lane.to_owned());
        } else {
            self.straddled.remove(lane);
        }
    }

    /// Enters an end that counts.
    pub(super) fn enter(&mut self, end: &RunEnd, policy: &Policy) -> &mut Account {
        let account = self.accounts.entry(end.run.lane.clone()).or_default();
        account.failures += u32::from(end.is_failure());
        let last_ms = account.delay_ms;
        let grown = last_ms
            .filter(|last_ms| end.ran_ms < last_ms * CLEARING_LIFE)
            .map(|last_ms| last_ms * 2);
        account.delay_ms = Some(grown.unwrap_or(policy.delay_ms).min(policy.max_delay_ms));
        account
    }

    /// Checks what the supervisor made of an end, and enters it.
    pub(super) fn judge(
        &mut self,
        end: &RunEnd,
        next: Next,
        policy: &Policy,
        now_ms: i64,
    ) -> Check {
        let known = self.accounts.get(&end.run.lane);
        let before_ms = known.and_then(|account| account.delay_ms);
        let account = self.enter(end, policy);
        match next {
            Next::RestartAfter { delay_ms } => {
                let full_ms = account.delay_ms.unwrap_or_default();
                let is_right = (full_ms - full_ms / 4..=full_ms).contains(&delay_ms);
                let is_excusable = account.is_lenient && delay_ms <= policy.max_delay_ms;
                if !is_right && !is_excusable {
                    return Err(format!("`{}` waits {delay_ms} of {full_ms} ms", end.run.lane));
                }
                account.floor_ms = now_ms + delay_ms;
            }
            Next::GiveUp { .. } => {
                if account.failures < policy.burst {
                    return Err(format!("`{}` after {}", end.run.lane, account.failures));
                }
                // Nothing is waited for, so nothing grows.
                account.delay_ms = before_ms;
                account.gave_up = true;
            }
        }
        Ok(())
    }

    /// Checks what a supervisor that was made again remembers of a lane.
    pub(super) fn compare(
        &mut self,
        lane: &str,
        gave_up: bool,
        wait_ms: i64,
        (policy, now_ms): (&Policy, i64),
    ) -> Check {
        let is_straddled = self.straddled.contains(lane);
        let Some(account) = self.accounts.get_mut(lane) else {
            let is_clean = !gave_up && wait_ms == 0;
            return is_clean.then_some(()).ok_or(format!("`{lane}` has done nothing"));
        };
        // Rows bear whole seconds of a clock that can be set: which failures are inside the
        // window is not quite sure.
        let is_doubtful = account.failures >= policy.burst;
        account.is_lenient |= is_straddled || is_doubtful;
        if account.gave_up || gave_up {
            let is_right = gave_up && (account.gave_up || is_doubtful);
            account.gave_up = true;
            return is_right.then_some(()).ok_or(format!("`{lane}`: given up is {gave_up}"));
        }
        let full_ms = account.delay_ms.unwrap_or_default();
        let is_right = account.floor_ms <= now_ms + wait_ms && wait_ms <= full_ms;
        let is_excusable = account.is_lenient && wait_ms <= policy.max_delay_ms;
        if !is_right && !is_excusable {
            return Err(format!("`{lane}` waits {wait_ms} ms: {account:?} at {now_ms}"));
        }
        account.floor_ms = now_ms + wait_ms;
        Ok(())
    }
}
