//! The path globs of a request or of a lease, made ready for comparisons.
//!
//! Owns the facts that an overlap policy asks for. It decides nothing.

use alloc::string::String;
use alloc::vec::Vec;

use crate::region::{Region, prefix};

/// A list of globs with its prefixes. Entries that are empty texts say nothing, but count as entries.
#[derive(Debug)]
pub(super) struct Extent {
    /// How many entries were given.
    pub(super) entries: usize,
    /// The prefix of each entry that says something, in the order given.
    prefixes: Vec<String>,
    /// The same, sorted.
    sorted: Vec<String>,
    region: Region,
}

impl Extent {
    pub(super) fn new<S: AsRef<str>>(globs: &[S]) -> Self {
        let given = globs.iter().map(AsRef::as_ref).filter(|glob| !glob.is_empty());
        let prefixes: Vec<String> = given.map(prefix).collect();
        let mut sorted = prefixes.clone();
        sorted.sort_unstable();
        let region = Region::of_prefixes(sorted.clone());
        Self { entries: globs.len(), prefixes, sorted, region }
    }

    /// Whether no entry says anything.
    pub(super) fn is_blank(&self) -> bool {
        self.prefixes.is_empty()
    }

    /// The first prefix here that meets one of the other's, with that one.
    pub(super) fn first_meeting<'a>(&'a self, other: &'a Self) -> Option<(&'a str, &'a str)> {
        let mut meetings = self
            .prefixes
            .iter()
            .filter_map(|mine| other.region.meets(mine).map(|theirs| (mine.as_str(), theirs)));
        meetings.next()
    }

    /// How many entries here meet one of the other's.
    pub(super) fn shared_entries(&self, other: &Self) -> usize {
        self.prefixes.iter().filter(|mine| other.region.meets(mine).is_some()).count()
    }

    /// The first prefix that both name, letter by letter. The empty one names nothing.
    pub(super) fn same_prefix(&self, other: &Self) -> Option<&str> {
        let named = self.prefixes.iter().filter(|mine| !mine.is_empty());
        named
            .map(String::as_str)
            .find(|mine| other.sorted.binary_search_by(|theirs| theirs.as_str().cmp(mine)).is_ok())
    }
}
