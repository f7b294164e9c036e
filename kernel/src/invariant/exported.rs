//! A sink gets every event, and gets it for the first time in the journal's order.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use super::{Invariant, Place, Violation};

/// An event: its id, and its row as it stands in the journal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exported {
    /// The id that the sink gets with it.
    pub id: String,
    /// The row.
    pub row: String,
}

/// Whether each of `journal`'s events was handed to the sink, in `delivered` (every delivery,
/// repeats too, in the order in which they came), for the first time in the journal's order.
/// What the sink got and the journal does not hold any more is no matter. What a filter leaves
/// out is to be left out of `journal`. Holds at rest.
#[must_use]
pub fn exported_in_order(journal: &[Exported], delivered: &[Exported]) -> Vec<Violation> {
    let places: BTreeMap<&Exported, usize> = journal.iter().zip(0..).collect();
    let violation = |event: &Exported, what: String| Violation {
        invariant: Invariant::ExportedInOrder,
        place: Place::Event(event.id.clone()),
        what,
    };
    let mut violations = Vec::new();
    let mut seen = BTreeSet::new();
    let mut furthest: Option<(usize, &Exported)> = None;
    for event in delivered {
        let Some(place) = places.get(event).copied() else { continue };
        if !seen.insert(place) {
            continue;
        }
        match furthest {
            Some((before, other)) if place < before => {
                violations.push(violation(event, format!("came after `{}`", other.id)));
            }
            _ => furthest = Some((place, event)),
        }
    }
    let missing = journal.iter().zip(0_usize..).filter(|(_, place)| !seen.contains(place));
    violations.extend(missing.map(|(event, _)| violation(event, "never came".to_string())));
    violations
}
