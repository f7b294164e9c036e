//! The state that was kept row by row is that of the whole file.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::{Invariant, Place, Violation};
use crate::fold::Fold as _;
use crate::lane::{LaneFold, LanePast, Lease, OpenRun};
use crate::lines;

/// What somebody who follows a lane journal shows of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shown {
    /// The live leases, first acquired first.
    pub leases: Vec<Arc<Lease>>,
    /// The open runs, by id.
    pub open: Vec<OpenRun>,
    /// How the tries of each lane went, by lane.
    pub pasts: Vec<(String, LanePast)>,
    /// The highest number of a row.
    pub highest_seq: u64,
}

impl Shown {
    /// What a fold shows.
    #[must_use]
    pub fn of(fold: &LaneFold) -> Self {
        Self {
            leases: fold.leases().cloned().collect(),
            open: fold.open_runs().cloned().collect(),
            pasts: fold.pasts().map(|(lane, past)| (lane.clone(), past.clone())).collect(),
            highest_seq: fold.highest_seq(),
        }
    }
}

/// Whether what is shown is what the complete lines of `journal` add up to. Holds whenever
/// whoever shows it has followed to the end.
#[must_use]
pub fn fold_equals_replay(journal: &[u8], shown: &Shown) -> Vec<Violation> {
    let mut fold = LaneFold::default();
    for line in lines::split(journal).filter(|line| line.terminated) {
        fold.apply_line(&lines::text(line.bytes));
    }
    shown_alike(shown, &Shown::of(&fold))
}

/// Whether what is `shown` is what was `replayed` from the same rows, for somebody who has folded
/// them without keeping the file.
#[must_use]
pub fn shown_alike(shown: &Shown, replayed: &Shown) -> Vec<Violation> {
    let differ = |what: &str, shown: String, replayed: String| {
        (shown != replayed).then(|| Violation {
            invariant: Invariant::FoldEqualsReplay,
            place: Place::Journal,
            what: format!("{what}: {shown} instead of {replayed}"),
        })
    };
    let text = |value: &dyn core::fmt::Debug| format!("{value:?}");
    [
        differ("leases", text(&shown.leases), text(&replayed.leases)),
        differ("open runs", text(&shown.open), text(&replayed.open)),
        differ("tries", text(&shown.pasts), text(&replayed.pasts)),
        differ("highest number", shown.highest_seq.to_string(), replayed.highest_seq.to_string()),
    ]
    .into_iter()
    .flatten()
    .collect()
}
