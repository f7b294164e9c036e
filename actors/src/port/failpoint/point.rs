//! The closed list of places. A place that is not here does not exist, and one that no test reaches makes the
//! test fail that goes through the list.

macro_rules! points {
    ($(#[doc = $place:literal] $point:ident = $name:literal,)*) => {
        /// A place that a process passes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Point {
            $(#[doc = $place] $point,)*
        }

        impl Point {
            /// Every place.
            pub const ALL: &[Self] = &[$(Self::$point,)*];

            /// Its name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$point => $name,)*
                }
            }

            /// What has happened there, and what has not, in a sentence.
            #[must_use]
            pub const fn place(self) -> &'static str {
                match self {
                    $(Self::$point => $place.trim_ascii(),)*
                }
            }
        }
    };
}

points! {
    /// Rows are about to be written to the lane journal.
    LanesAppendBefore = "lanes.append.before",
    /// Half of them are written.
    LanesAppendWithin = "lanes.append.within",
    /// They are written, and nobody synced them.
    LanesAppendAfter = "lanes.append.after",
    /// The lane journal is about to be synced.
    LanesSyncBefore = "lanes.sync.before",
    /// It is synced, and nobody was told.
    LanesSyncAfter = "lanes.sync.after",
    /// Rows are about to be written to the verdict journal.
    VerdictsAppendBefore = "verdicts.append.before",
    /// Half of them are written.
    VerdictsAppendWithin = "verdicts.append.within",
    /// They are written, and nobody synced them.
    VerdictsAppendAfter = "verdicts.append.after",
    /// The verdict journal is about to be synced.
    VerdictsSyncBefore = "verdicts.sync.before",
    /// It is synced, and nobody was told.
    VerdictsSyncAfter = "verdicts.sync.after",
    /// Rows are about to be written to the file of an exporter.
    ExportAppendBefore = "export.append.before",
    /// Half of them are written.
    ExportAppendWithin = "export.append.within",
    /// They are written, and nobody synced them.
    ExportAppendAfter = "export.append.after",
    /// The file of an exporter is about to be synced.
    ExportSyncBefore = "export.sync.before",
    /// It is synced: the sink has taken the rows.
    ExportSyncAfter = "export.sync.after",
    /// An exporter's cursor is about to be saved.
    CursorSaveBefore = "cursor.save.before",
    /// The new one lies beside the old one.
    CursorSaveWritten = "cursor.save.written",
    /// The new one has its name, and the directory is not synced.
    CursorSaveRenamed = "cursor.save.renamed",
    /// It is saved.
    CursorSaveAfter = "cursor.save.after",
    /// Dead letters are about to be written.
    DeadAppendBefore = "dead.append.before",
    /// Half of them are written.
    DeadAppendWithin = "dead.append.within",
    /// They are written, and nobody synced them.
    DeadAppendAfter = "dead.append.after",
    /// The dead letters are about to be synced.
    DeadSyncBefore = "dead.sync.before",
    /// They are synced.
    DeadSyncAfter = "dead.sync.after",
    /// The dead letters are about to be set aside for a replay.
    ReplayBeginBefore = "replay.begin.before",
    /// They are set aside.
    ReplayBeginAfter = "replay.begin.after",
    /// What was set aside is about to be removed.
    ReplayEndBefore = "replay.end.before",
    /// It is removed.
    ReplayEndAfter = "replay.end.after",
    /// The lane journal is about to get the name of an archive.
    CompactLinkBefore = "compact.link.before",
    /// It has that name.
    CompactLinkAfter = "compact.link.after",
    /// The compacted journal is about to be written beside the other one.
    CompactStageBefore = "compact.stage.before",
    /// It is there, and durable.
    CompactStageAfter = "compact.stage.after",
    /// It is about to take the place of the other one.
    CompactSwapBefore = "compact.swap.before",
    /// It has.
    CompactSwapAfter = "compact.swap.after",
    /// The mutex of the lanes is about to be taken.
    LeaseTakeBefore = "lease.take.before",
    /// It is held.
    LeaseTakeAfter = "lease.take.after",
    /// It is about to be given back.
    LeaseGiveBefore = "lease.give.before",
    /// It is given back.
    LeaseGiveAfter = "lease.give.after",
    /// The baseline of a run is about to be kept.
    BaselineKeepBefore = "baseline.keep.before",
    /// It is kept.
    BaselineKeepAfter = "baseline.keep.after",
    /// The directory of a run that is over is about to go, and its exit record with it.
    RunCleanBefore = "run.clean.before",
    /// It is gone.
    RunCleanAfter = "run.clean.after",
    /// A helper is about to be started.
    SpawnBefore = "spawn.before",
    /// It exists, and has said nothing yet.
    SpawnStarted = "spawn.started",
    /// It has said who the worker is, and nobody wrote that down.
    SpawnReported = "spawn.reported",
    /// A group is about to be signalled.
    SignalBefore = "signal.before",
    /// It is signalled.
    SignalAfter = "signal.after",
    /// A process that an earlier daemon started is about to be watched.
    AdoptBefore = "adopt.before",
    /// It is watched.
    AdoptAfter = "adopt.after",
    /// A helper is about to start its worker.
    HelperStartBefore = "helper.start.before",
    /// The worker exists, and nobody knows who it is.
    HelperStartAfter = "helper.start.after",
    /// The daemon was told who it is.
    HelperReportAfter = "helper.report.after",
    /// Output is about to be written to the worker's log.
    HelperLogBefore = "helper.log.before",
    /// The worker has ended, and there is no record of it.
    HelperRecordBefore = "helper.record.before",
    /// The record lies beside its place.
    HelperRecordWritten = "helper.record.written",
    /// It is in its place, and not synced.
    HelperRecordRenamed = "helper.record.renamed",
    /// It is synced.
    HelperRecordSynced = "helper.record.synced",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_places_share_a_name() {
        let mut names: Vec<_> = Point::ALL.iter().map(|point| point.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Point::ALL.len());
    }
}
