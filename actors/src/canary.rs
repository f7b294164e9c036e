//! The bugs that a test may plant, and the question that the places of those bugs ask. Outside of
//! tests the answer is no, and the compiler removes the bug.

/// A bug that a test may plant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Canary {
    /// Rows are acknowledged although the sync failed.
    AcknowledgeUnsynced,
    /// Rows are acknowledged, and not synced at all.
    AcknowledgeBeforeSync,
    /// A cursor moves before the sink has the events.
    MoveCursorBeforeSend,
    /// A worker is launched before its intent is on disk.
    LaunchBeforeIntent,
    /// A lane is planned before the end of its last run is on disk.
    PlanBeforeEnds,
    /// A sync that failed is asked a second time.
    AskSyncAgain,
    /// A row is written right behind a torn one.
    GlueTornTail,
    /// Rows of ours are not folded when the look after their sync fails.
    ForgetOwnRows,
    /// A place in a journal is followed although no line begins there.
    FollowCursorIntoRow,
    /// Damage is folded as nothing, and nobody is told.
    HideDamage,
    /// A repaired copy lacks a good row.
    SalvageDropsARow,
}

/// Whether a test has planted this bug.
#[cfg(any(test, feature = "testing"))]
#[must_use]
pub fn is_planted(canary: Canary) -> bool {
    crate::port::testing::canary::is_planted(canary)
}

/// No bug is planted in a release.
#[cfg(not(any(test, feature = "testing")))]
#[must_use]
pub const fn is_planted(_: Canary) -> bool {
    false
}
