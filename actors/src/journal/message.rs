//! What a [`JournalActor`](super::JournalActor) is asked, and what it tells.

use std::time::Duration;

use actix::{Message, Recipient};
use dosd_kernel::draft::Draft;
use dosd_kernel::lane::{LanePast, Matter, Observation, OpenRun};
use dosd_kernel::retention;

use super::error::JournalError;
use super::log::{Committed, Compacted};
use super::position::{Cursor, EventId, Start};

/// Append these rows, in this order, and answer when they are on disk.
#[derive(Debug, Message)]
#[rtype(result = "Result<Committed, JournalError>")]
pub struct Append {
    /// The rows; the journal numbers them.
    pub rows: Vec<Draft>,
}

impl Append {
    /// An append of one row.
    #[must_use]
    pub fn one(row: Draft) -> Self {
        Self { rows: vec![row] }
    }
}

/// Fold what is there and give the state that a planner needs. Lane journal
/// only.
#[derive(Debug, Message)]
#[rtype(result = "Result<Observation, JournalError>")]
pub struct Observe {
    /// The time to judge beats and starts by, epoch ms.
    pub now_ms: i64,
}

/// What the journal remembers of runs: all at one moment, so that a run is either open
/// or among the ends. Lane journal only.
#[derive(Debug, Message)]
#[rtype(result = "Result<Recalled, JournalError>")]
pub struct Recall;

/// What the journal remembers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recalled {
    /// Runs that have a start or an intent, and no end.
    pub open: Vec<OpenRun>,
    /// How the tries of each lane went, by lane.
    pub pasts: Vec<(String, LanePast)>,
    /// The highest number of a row.
    pub highest_seq: u64,
}

/// Decide a matter on the journal as it stands and put the ruling on disk, under the
/// mutex of the lane leases. Answered when its rows are on disk. Lane journal only.
#[derive(Debug)]
pub struct Decide<M> {
    /// What is to be decided.
    pub matter: M,
    /// How long to wait for the mutex.
    pub patience: Duration,
}

impl<M> Message for Decide<M>
where
    M: Matter + Send + 'static,
    M::Answer: Send + 'static,
{
    type Result = Result<M::Answer, JournalError>;
}

/// Fold the journal to a checkpoint and keep the history beside it. Takes the
/// mutex of the lane leases, and waits for it about a second. Lane journal only.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "Result<Compacted, JournalError>")]
pub struct Compact;

/// Compact by these caps from now on. Lane journal only.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct ReplaceCaps {
    /// The size and age at which the journal is compacted without being asked.
    pub caps: retention::Policy,
}

/// Read complete rows from a place on.
#[derive(Debug, Message)]
#[rtype(result = "Result<Page, JournalError>")]
pub struct ReadFrom {
    /// Where to begin.
    pub start: Start,
    /// At most so many rows; 0 asks only where the place is and what is behind it.
    pub max_rows: usize,
    /// At most so many bytes, but always one row if there is one.
    pub max_bytes: usize,
}

/// A piece of a journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The rows that parse, oldest first, as they stand in the file.
    pub rows: Vec<(EventId, String)>,
    /// Lines in this piece that do not parse; they are not among `rows`.
    pub corrupt: u64,
    /// Where the next read begins.
    pub next: Cursor,
    /// Bytes between `next` and the end of the journal.
    pub behind_bytes: u64,
    /// The place asked for belonged to a file that is gone: the journal was
    /// rewritten, and this page begins with the new file's first row.
    pub rewritten: bool,
}

/// Ring `bell` whenever the journal has grown. Asking again changes nothing; a
/// journal that was made again knows no bells, so whoever wants to be told asks now
/// and then.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Subscribe {
    /// Who is told. A bell whose actor is gone is forgotten.
    pub bell: Recipient<JournalMoved>,
}

/// A doorbell: the journal has grown or was rewritten. Carries no rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Message)]
#[rtype(result = "()")]
pub struct JournalMoved {
    /// Who made it grow.
    pub origin: Origin,
}

/// Who wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// This writer, on somebody's request.
    Own,
    /// Another process.
    Foreign,
}
