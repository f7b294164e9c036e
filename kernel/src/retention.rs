//! How much history a workspace keeps, and when a journal has grown enough to be
//! compacted.
//!
//! Owns the caps and the two decisions over them. Never deletes, and never knows
//! what is alive: whoever acts spares that first.

use alloc::vec::Vec;

const DAY_MS: f64 = 86_400_000.0;

/// The caps. `None` keeps everything there is of that kind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Policy {
    /// A lane journal with more rows than this is compacted.
    pub journal_max_entries: Option<u64>,
    /// A lane journal whose oldest row is older than this many days is compacted.
    pub journal_max_age_days: Option<f64>,
    /// The newest so many directories of runs stay.
    pub runs_keep_last: Option<u64>,
    /// The newest so many verdict files stay.
    pub verdicts_keep_last: Option<u64>,
    /// The newest so many audit reports stay.
    pub audits_keep_last: Option<u64>,
    /// Whether the index of all projects may be rewritten to what is alive.
    pub projections_compact: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            journal_max_entries: Some(5000),
            journal_max_age_days: Some(30.0),
            runs_keep_last: Some(200),
            verdicts_keep_last: Some(500),
            audits_keep_last: Some(200),
            projections_compact: true,
        }
    }
}

impl Policy {
    /// The age limit of a journal in whole milliseconds.
    #[must_use]
    pub fn journal_max_age_ms(&self) -> Option<i64> {
        #[expect(clippy::cast_possible_truncation, reason = "a cast saturates, which is meant")]
        self.journal_max_age_days.map(|days| (days * DAY_MS) as i64)
    }
}

/// What a lane journal's size and age are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Census {
    /// Rows, and lines that do not parse.
    pub entries: u64,
    /// The stamp of the oldest row that is no checkpoint, epoch ms. Rows without a
    /// readable stamp have no age.
    pub oldest_ms: Option<i64>,
    /// The stamp of the newest checkpoint, epoch ms.
    pub checkpoint_ms: Option<i64>,
}

/// What one compaction came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// When it was made, or was to be made and failed, epoch ms.
    pub at_ms: i64,
    /// The entries that had to stay; `None` when it came to nothing.
    pub kept: Option<u64>,
}

/// So long after an attempt no other is made, whatever the caps say.
const PAUSE_MS: i64 = 60_000;

/// Whether a journal is over one of its caps.
///
/// What stays in a journal through a compaction is older than the checkpoint, so age
/// is counted from the checkpoint at the latest: otherwise one old row that has to
/// stay would make the journal due for ever.
#[must_use]
pub fn is_over(census: &Census, policy: &Policy, now_ms: i64) -> bool {
    let by_size = policy.journal_max_entries.is_some_and(|most| census.entries > most);
    let by_age = policy.journal_max_age_ms().is_some_and(|most_ms| {
        let oldest_ms = census.oldest_ms.max(census.oldest_ms.and(census.checkpoint_ms));
        oldest_ms.is_some_and(|oldest_ms| now_ms.saturating_sub(oldest_ms) > most_ms)
    });
    by_size || by_age
}

/// Whether a journal is to be compacted now, without anybody asking for it.
///
/// After an attempt its result counts: a journal in which more than the cap has to
/// stay is due again when it has doubled, so that the work stays in proportion to
/// what was written meanwhile.
#[must_use]
pub fn is_due(census: &Census, policy: &Policy, last: Option<Attempt>, now_ms: i64) -> bool {
    let Some(last) = last else { return is_over(census, policy, now_ms) };
    if now_ms.saturating_sub(last.at_ms) < PAUSE_MS {
        return false;
    }
    let Some(kept) = last.kept else { return is_over(census, policy, now_ms) };
    let since = Census { checkpoint_ms: census.checkpoint_ms.max(Some(last.at_ms)), ..*census };
    let floor = kept.saturating_mul(2);
    let most = policy.journal_max_entries.map(|most| most.max(floor));
    is_over(&since, &Policy { journal_max_entries: most, ..*policy }, now_ms)
}

/// Which of these go when only the newest `keep_last` stay: names with the time of
/// their last change, in any unit. Of two that are equally old the lesser name goes
/// first. Without a cap nothing goes.
#[must_use]
pub fn beyond<'a, T: Copy + Ord>(entries: &[(&'a str, T)], keep_last: Option<u64>) -> Vec<&'a str> {
    let Some(keep_last) = keep_last else { return Vec::new() };
    let keep_last = usize::try_from(keep_last).unwrap_or(usize::MAX);
    let mut newest_first = Vec::from(entries);
    newest_first.sort_unstable_by_key(|(name, changed)| core::cmp::Reverse((*changed, *name)));
    newest_first.into_iter().skip(keep_last).map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_800_000_000_000;
    const DAY: i64 = 86_400_000;

    fn census(entries: u64, oldest_days: i64) -> Census {
        Census { entries, oldest_ms: Some(NOW_MS - oldest_days * DAY), checkpoint_ms: None }
    }

    fn over(census: &Census) -> bool {
        is_over(census, &Policy::default(), NOW_MS)
    }

    #[test]
    fn a_journal_is_over_by_size_or_by_age() {
        assert!(!over(&census(5000, 1)));
        assert!(over(&census(5001, 1)));
        assert!(!over(&census(1, 30)));
        assert!(over(&census(1, 31)));
        assert!(!over(&Census::default()));
    }

    #[test]
    fn an_absent_cap_never_fires() {
        let policy =
            Policy { journal_max_entries: None, journal_max_age_days: None, ..Policy::default() };
        assert!(!is_over(&census(u64::MAX, 9999), &policy, NOW_MS));
    }

    #[test]
    fn age_is_counted_from_the_checkpoint() {
        let old = Census { checkpoint_ms: Some(NOW_MS - 31 * DAY), ..census(9, 90) };
        assert!(over(&old));
        assert!(!over(&Census { checkpoint_ms: Some(NOW_MS - DAY), ..old }));
        let only_a_checkpoint = Census { oldest_ms: None, ..old };
        assert!(!over(&only_a_checkpoint), "a checkpoint alone is not history");
    }

    #[test]
    fn an_attempt_is_followed_by_a_pause() {
        let at = |at_ms| Some(Attempt { at_ms, kept: Some(1) });
        let due = |last| is_due(&census(6000, 1), &Policy::default(), last, NOW_MS);
        assert!(due(None));
        assert!(!due(at(NOW_MS - PAUSE_MS + 1)));
        assert!(due(at(NOW_MS - PAUSE_MS)));
        assert!(!due(at(NOW_MS + 1)), "also when the clock went back");
    }

    #[test]
    fn what_had_to_stay_is_not_tried_again_at_once() {
        let last = Some(Attempt { at_ms: NOW_MS - DAY, kept: Some(6000) });
        let due = |entries, days| is_due(&census(entries, days), &Policy::default(), last, NOW_MS);
        assert!(!due(6001, 1));
        assert!(!due(12_000, 90), "the old rows were looked at a day ago");
        assert!(due(12_001, 1));
        let long_ago = Some(Attempt { at_ms: NOW_MS - 31 * DAY, kept: Some(6000) });
        assert!(is_due(&census(6001, 90), &Policy::default(), long_ago, NOW_MS));
    }

    #[test]
    fn a_failed_attempt_changes_nothing_but_the_pause() {
        let last = Some(Attempt { at_ms: NOW_MS - PAUSE_MS, kept: None });
        let due = |census| is_due(&census, &Policy::default(), last, NOW_MS);
        assert!(due(census(5001, 1)));
        assert!(due(census(1, 31)));
    }

    #[test]
    fn the_newest_stay() {
        let entries = [("b", 2), ("a", 2), ("c", 1), ("d", 9)];
        assert_eq!(beyond(&entries, Some(2)), ["a", "c"]);
        assert_eq!(beyond(&entries, Some(0)).len(), 4);
        assert!(beyond(&entries, Some(4)).is_empty());
        assert!(beyond(&entries, None).is_empty());
    }
}
