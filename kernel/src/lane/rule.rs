//! Rulings: what is decided about lanes while the mutex is held.
//!
//! Owns the shape of such a decision. It is made on the journal as it stands then, by
//! a pure function, and its rows are written before the mutex is given back. Never
//! takes a lock and never looks at a process.

use alloc::vec::Vec;

use super::expiry::HolderProcess;
use super::fold::LaneFold;
use super::lease::Lease;
use crate::draft::Draft;

/// What a ruling is made on.
#[derive(Clone, Copy)]
pub struct Docket<'a> {
    /// The journal, folded to its end.
    pub lanes: &'a LaneFold,
    /// The time, epoch ms.
    pub now_ms: i64,
    /// What the operating system says about the process in a lease. Asked only where
    /// it matters.
    pub process: &'a dyn Fn(&Lease) -> HolderProcess,
}

/// A matter to be ruled on.
pub trait Matter {
    /// What whoever asked is told.
    type Answer;

    /// Decides. Pure: the same docket, the same ruling.
    fn rule(self, docket: &Docket<'_>) -> Ruling<Self::Answer>;
}

/// A decision: rows, and what follows from them once they are on disk.
#[derive(Debug, Clone, PartialEq)]
pub struct Ruling<A> {
    /// Rows to write, in this order.
    pub rows: Vec<Draft>,
    /// What whoever asked is told.
    pub answer: A,
}

impl<A> Ruling<A> {
    /// A ruling that writes nothing.
    pub fn silent(answer: A) -> Self {
        Self { rows: Vec::new(), answer }
    }

    /// The same ruling with another form of its answer.
    pub fn map<B>(self, form: impl FnOnce(A) -> B) -> Ruling<B> {
        Ruling { rows: self.rows, answer: form(self.answer) }
    }
}
