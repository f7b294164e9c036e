//! The shape of the table: a kind of surface, a situation, and the verdict on a claim. It runs
//! nothing.

use std::fmt;
use std::path::Path;

/// What has become of a surface when a claim arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Situation {
    /// The entity is there, and was not before, or not like this.
    Present,
    /// The entity is not there.
    Absent,
    /// The entity was written again, with the value that it had.
    SameValue,
    /// The entity was there before and is not any more.
    Deleted,
    /// Nobody can read the surface.
    Unreadable,
    /// The surface ends in its middle.
    Truncated,
    /// There is more than `max_entities` or `max_bytes`.
    TooLarge,
    /// A read takes longer than `timeout`.
    Slow,
    /// Somebody writes to it all the time. The entity is there in every state.
    ChangedWhileRead,
    /// Nobody could read the surface when the run started; now everybody can.
    UnreadableBefore,
}

use Situation::{
    Absent, ChangedWhileRead, Deleted, Present, SameValue, Slow, TooLarge, Truncated, Unreadable,
    UnreadableBefore,
};

impl Situation {
    pub(super) const ALL: [Self; 10] = [
        Present,
        Absent,
        SameValue,
        Deleted,
        Unreadable,
        Truncated,
        TooLarge,
        Slow,
        ChangedWhileRead,
        UnreadableBefore,
    ];

    /// Whether nobody can say what is in the surface.
    pub(super) fn is_blind(self) -> bool {
        matches!(self, Unreadable | Truncated | TooLarge | Slow | UnreadableBefore)
    }
}

/// What is to come of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Confirmed,
    Refuted,
    Unwitnessed,
    /// CONFIRMED, or UNWITNESSED when the reader never came to a state that stood still.
    NeverRefuted,
}

impl Verdict {
    /// Whether this is what was said, with that exit code.
    pub(super) fn fits(self, said: &str, code: i32) -> bool {
        match self {
            Self::Confirmed => (said, code) == ("CONFIRMED", 0),
            Self::Refuted => (said, code) == ("REFUTED", 1),
            Self::Unwitnessed => (said, code) == ("UNWITNESSED", 3),
            Self::NeverRefuted => matches!((said, code), ("CONFIRMED", 0) | ("UNWITNESSED", 3)),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Confirmed => "CONFIRMED, exit 0",
            Self::Refuted => "REFUTED, exit 1",
            Self::Unwitnessed => "UNWITNESSED, exit 3",
            Self::NeverRefuted => "CONFIRMED or UNWITNESSED",
        })
    }
}

/// A place in the world that a surface of this kind reads.
pub(crate) trait Place: 'static {
    /// Its kind, as the configuration names it.
    const KIND: &'static str;

    /// The keys of its `[[dosd.witness]]` that say where it is.
    fn keys(&self) -> String;
}

/// A path as the configuration has it.
pub(super) fn quoted(path: &Path) -> String {
    format!("'{}'", path.display())
}

/// One row of a kind's table.
pub(crate) struct Row<P> {
    situation: Situation,
    /// More keys of its `[[dosd.witness]]`.
    more: &'static str,
    before: fn(&P),
    act: fn(&P),
    /// The entity that is claimed.
    key: &'static str,
    verdict: Verdict,
    says: &'static str,
}

/// `act` is done between the baseline and the claim of `key`; `says` is in the reason.
pub(crate) const fn row<P>(
    situation: Situation,
    act: fn(&P),
    key: &'static str,
    verdict: Verdict,
    says: &'static str,
) -> Row<P> {
    Row { situation, more: "", before: |_| {}, act, key, verdict, says }
}

impl<P> Row<P> {
    /// With these keys in its `[[dosd.witness]]`.
    pub(crate) const fn with(self, more: &'static str) -> Self {
        Self { more, ..self }
    }

    pub(super) fn situation(&self) -> Situation {
        self.situation
    }

    /// After this was done before the baseline.
    pub(crate) const fn after(self, before: fn(&P)) -> Self {
        Self { before, ..self }
    }
}

/// A situation that a kind cannot come into, and why.
pub(crate) type Never = (Situation, &'static str);

/// A row with a surface of its own.
pub(crate) struct Cell {
    pub(super) kind: &'static str,
    pub(super) situation: Situation,
    /// The name of its surface.
    pub(super) name: String,
    /// Its `[[dosd.witness]]`.
    pub(super) toml: String,
    /// What is done to it, once.
    pub(super) act: Box<dyn Fn()>,
    pub(super) key: &'static str,
    pub(super) verdict: Verdict,
    pub(super) says: &'static str,
}

/// The rows of a kind, each with a place that `make` gives by its name. What was to be done
/// before the baseline is done.
pub(super) fn cells<P: Place>(rows: &'static [Row<P>], make: impl Fn(&str) -> P) -> Vec<Cell> {
    let cell = |(at, row): (usize, &'static Row<P>)| {
        let name = format!("{}_{at}", P::KIND);
        let place = make(&name);
        (row.before)(&place);
        let (kind, keys, more) = (P::KIND, place.keys(), row.more);
        let toml =
            format!("[[dosd.witness]]\nname = \"{name}\"\nkind = \"{kind}\"\n{keys}\n{more}\n");
        Cell {
            kind,
            situation: row.situation,
            name,
            toml,
            act: Box::new(move || (row.act)(&place)),
            key: row.key,
            verdict: row.verdict,
            says: row.says,
        }
    };
    rows.iter().enumerate().map(cell).collect()
}
