//! What must hold of the journals, whatever happened: each under a name, with one
//! definition that tests, the simulation and `dosd journal verify` share.
//!
//! Pure: rows come in as values, and so do plain records of what happened outside of the
//! journal (who was answered, which processes live, what a sink took). Every function gives
//! the violations that it found; none is what everybody wants. Nothing here reads a file,
//! looks at a process or mends anything.
//!
//! Some hold always, others only at rest: when nobody has anything under way any more. Each
//! function says which.

mod exported;
mod folded;
mod holders;
mod kept;
mod rows;
mod runs;
#[cfg(test)]
mod tests;

use alloc::string::String;
use core::fmt;

pub use exported::{Exported, exported_in_order};
pub use folded::{Shown, fold_equals_replay, shown_alike};
pub use holders::one_holder;
pub use kept::acknowledged_rows_stay;
pub use rows::{Row, rows};
pub use runs::{
    KnownProcess, intents_have_outcomes, one_worker, processes_are_known, runs_in_order,
};

/// Everything that is checked, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Invariant {
    /// See [`acknowledged_rows_stay`].
    AcknowledgedRowsStay,
    /// See [`one_holder`].
    OneHolder,
    /// See [`one_worker`].
    OneWorker,
    /// See [`runs_in_order`].
    RunsInOrder,
    /// See [`intents_have_outcomes`].
    IntentsHaveOutcomes,
    /// See [`processes_are_known`].
    ProcessesAreKnown,
    /// See [`exported_in_order`].
    ExportedInOrder,
    /// See [`fold_equals_replay`].
    FoldEqualsReplay,
}

impl Invariant {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::AcknowledgedRowsStay,
        Self::OneHolder,
        Self::OneWorker,
        Self::RunsInOrder,
        Self::IntentsHaveOutcomes,
        Self::ProcessesAreKnown,
        Self::ExportedInOrder,
        Self::FoldEqualsReplay,
    ];

    /// Its name, as it stands in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AcknowledgedRowsStay => "acknowledged-rows-stay",
            Self::OneHolder => "one-holder",
            Self::OneWorker => "one-worker",
            Self::RunsInOrder => "runs-in-order",
            Self::IntentsHaveOutcomes => "intents-have-outcomes",
            Self::ProcessesAreKnown => "processes-are-known",
            Self::ExportedInOrder => "exported-in-order",
            Self::FoldEqualsReplay => "fold-equals-replay",
        }
    }

    /// What it says, in one line.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::AcknowledgedRowsStay => "a row whose writer was answered is in the journal",
            Self::OneHolder => "a lane has at most one live holder",
            Self::OneWorker => "a lane gets its next worker after the one before is over",
            Self::RunsInOrder => "a run is announced, then started once, then ended once",
            Self::IntentsHaveOutcomes => "at rest, a run that was announced lives or has an end",
            Self::ProcessesAreKnown => {
                "a worker's process is announced in the journal before it is"
            }
            Self::ExportedInOrder => "a sink gets each event at least once, and first in order",
            Self::FoldEqualsReplay => {
                "the state that was kept row by row is that of the whole file"
            }
        }
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Where an invariant does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In a row of a journal.
    Row {
        /// The number of its line, from 1.
        line: u64,
        /// The offset of its first byte.
        offset: u64,
    },
    /// On a lane.
    Lane(String),
    /// In a run, by its id.
    Run(String),
    /// With an exported event, by its id.
    Event(String),
    /// In the journal as a whole.
    Journal,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Row { line, offset } => write!(f, "line {line}, byte {offset}"),
            Self::Lane(lane) => write!(f, "lane `{lane}`"),
            Self::Run(run_id) => write!(f, "run `{run_id}`"),
            Self::Event(id) => write!(f, "event `{id}`"),
            Self::Journal => f.write_str("the journal"),
        }
    }
}

/// An invariant that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub invariant: Invariant,
    /// Where.
    pub place: Place,
    /// What was found there, for people.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { invariant, place, what } = self;
        write!(f, "{invariant}: {place}: {what}")
    }
}
