//! Whether a phase of a plan has shipped, by the messages of commits.
//!
//! Owns the grammar of subjects that stamp a phase, the order of the rungs, and what makes
//! a stamp worthless: a commit that changed nothing, one that only cut a version, and one
//! that was reverted. Never reads a history; who does hands over what it says.

mod convention;
mod footprint;
mod phase;
mod reverts;
mod rung;
mod text;
mod verdict;

pub use convention::Convention;
pub use footprint::Footprint;
pub use rung::{Candidate, Rung, candidates};
pub use verdict::{Refusal, Verdict, judge, needed};

/// How many commits back a stamp counts.
pub const WINDOW: usize = 4000;

/// What somebody says was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim<'a> {
    /// The plan, as its commits name it: `AUTH`, `docs/286`.
    pub plan: &'a str,
    /// The phase of that plan: `AUTH2`, `Phase 3`.
    pub phase: &'a str,
}

/// A commit of the history that is judged, newest first in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Its id in full.
    pub id: &'a str,
    /// Its abbreviated id.
    pub short_id: &'a str,
    /// The first line of its message.
    pub subject: &'a str,
    /// The rest of its message.
    pub body: &'a str,
}
