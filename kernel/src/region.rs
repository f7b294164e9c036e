//! The extent of a lane: which regions can share the tree, and which cannot.
//!
//! Owns the prefix of a glob and the question whether two lists of globs can touch
//! the same path. It errs on the side of a collision and never looks at a file.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

/// The literal beginning of a glob: slashes forward, trimmed, case-folded, cut at
/// the first `*`. The empty prefix covers everything.
#[must_use]
pub fn prefix(glob: &str) -> String {
    // U+001C to U+001F count as blank where the journals' other writers trim.
    let trimmed =
        glob.trim_matches(|c: char| c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c));
    let mut folded = String::with_capacity(trimmed.len());
    for c in trimmed.chars() {
        match c {
            '*' => break,
            '\\' => folded.push('/'),
            c if c.is_ascii() => folded.push(c.to_ascii_lowercase()),
            c => push_folded(&mut folded, c),
        }
    }
    folded
}

/// Full case folding. Lower case of upper case is it, but for three exceptions.
fn push_folded(out: &mut String, c: char) {
    match c {
        'ẞ' => out.push_str("ss"),
        'ı' => out.push(c),
        // Cherokee folds to its capitals, which are the older letters.
        '\u{13a0}'..='\u{13fd}' | '\u{ab70}'..='\u{abbf}' => out.extend(c.to_uppercase()),
        c => out.extend(c.to_uppercase().flat_map(char::to_lowercase)),
    }
}

/// Whether no path can be in both. A list that is empty, or holds only empty
/// texts, is of unknown extent and disjoint from nothing.
#[must_use]
pub fn disjoint<S: AsRef<str>>(a: &[S], b: &[S]) -> bool {
    Region::new(a).is_disjoint(&Region::new(b))
}

/// A list of globs, reduced to its prefixes once, for many comparisons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// Sorted prefixes, none of which begins with another; empty is unknown extent.
    prefixes: Vec<String>,
}

impl Region {
    /// The region of these globs.
    pub fn new<S: AsRef<str>>(globs: &[S]) -> Self {
        let given = globs.iter().map(AsRef::as_ref).filter(|glob| !glob.is_empty());
        let mut prefixes: Vec<String> = given.map(prefix).collect();
        prefixes.sort_unstable();
        // A longer prefix adds nothing to a shorter one, and sorts right behind it.
        prefixes.dedup_by(|longer, kept| longer.starts_with(kept.as_str()));
        Self { prefixes }
    }

    /// Whether no path can be in both.
    #[must_use]
    pub fn is_disjoint(&self, other: &Self) -> bool {
        let mut mine = Occupancy::default();
        mine.take(self);
        mine.admits(other)
    }
}

/// The regions that are taken so far. One question costs `O(log n)` in the number
/// of prefixes held, so that a thousand lanes stay cheap.
#[derive(Debug, Default)]
pub struct Occupancy<'a> {
    prefixes: BTreeSet<&'a str>,
    extent: Extent,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Extent {
    #[default]
    Nothing,
    Known,
    /// A region of unknown extent is held: nothing else fits beside it.
    Unknown,
}

impl<'a> Occupancy<'a> {
    /// Whether a region is disjoint from every region taken so far. The first
    /// one always fits.
    #[must_use]
    pub fn admits(&self, region: &Region) -> bool {
        match self.extent {
            Extent::Nothing => true,
            Extent::Unknown => false,
            Extent::Known => {
                !region.prefixes.is_empty()
                    && region.prefixes.iter().all(|prefix| !self.meets(prefix))
            }
        }
    }

    /// Takes a region if it fits beside all others, and says whether it did.
    pub fn try_take(&mut self, region: &'a Region) -> bool {
        let fits = self.admits(region);
        if fits && region.prefixes.is_empty() {
            self.extent = Extent::Unknown;
        } else if fits {
            // What fits meets no held prefix, so that none has to make room.
            self.extent = Extent::Known;
            self.prefixes.extend(region.prefixes.iter().map(String::as_str));
        }
        fits
    }

    /// Takes a region, whether it fits or not.
    pub fn take(&mut self, region: &'a Region) {
        if region.prefixes.is_empty() {
            self.extent = Extent::Unknown;
        } else if self.extent == Extent::Nothing {
            self.extent = Extent::Known;
        }
        for prefix in &region.prefixes {
            self.insert(prefix);
        }
    }

    /// Whether a prefix begins with a held one, or a held one begins with it.
    ///
    /// No held prefix begins with another. So if one is a beginning of this one, it is
    /// the closest below; and those that begin with this one follow it at once.
    fn meets(&self, prefix: &str) -> bool {
        let covers = |held: &&str| prefix.starts_with(held);
        self.prefixes.range(..=prefix).next_back().is_some_and(covers)
            || self.prefixes.range(prefix..).next().is_some_and(|held| held.starts_with(prefix))
    }

    /// Keeps the held prefixes so that none begins with another.
    fn insert(&mut self, prefix: &'a str) {
        if self.prefixes.range(..=prefix).next_back().is_some_and(|held| prefix.starts_with(held)) {
            return;
        }
        while let Some(covered) =
            self.prefixes.range(prefix..).next().copied().filter(|held| held.starts_with(prefix))
        {
            self.prefixes.remove(covered);
        }
        self.prefixes.insert(prefix);
    }
}

#[cfg(test)]
mod tests {
    use super::{Occupancy, Region, disjoint, prefix};
    use alloc::string::String;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    #[test]
    fn folds_case_beyond_ascii() {
        assert_eq!(prefix(" SRC\\Äß/**"), "src/äss/");
        assert_eq!(prefix("ẞ"), "ss");
        assert_eq!(prefix("ς*"), "σ");
        assert_eq!(prefix("\u{ab70}"), "\u{13a0}");
        assert_eq!(prefix("ı"), "ı");
    }

    #[test]
    fn unknown_extent_is_disjoint_from_nothing() {
        assert!(!disjoint::<&str>(&[], &["src/**"]));
        assert!(!disjoint(&[""], &["src/**"]));
        assert!(!disjoint(&[" "], &["src/**"]));
        assert!(disjoint(&["docs/**", ""], &["src/**"]));
    }

    /// The rule as it is defined, pair by pair.
    fn disjoint_by_definition(a: &[String], b: &[String]) -> bool {
        let normal = |globs: &[String]| -> Vec<String> {
            globs.iter().filter(|glob| !glob.is_empty()).map(|glob| prefix(glob)).collect()
        };
        let (a, b) = (normal(a), normal(b));
        !a.is_empty()
            && !b.is_empty()
            && a.iter().all(|x| b.iter().all(|y| !x.starts_with(y) && !y.starts_with(x)))
    }

    fn tree() -> impl Strategy<Value = Vec<String>> {
        proptest::collection::vec("[ab/]{0,4}[*]{0,1}", 0..4)
    }

    proptest! {
        #[test]
        fn agrees_with_the_definition(a in tree(), b in tree()) {
            prop_assert_eq!(disjoint(&a, &b), disjoint_by_definition(&a, &b));
            prop_assert_eq!(disjoint(&a, &b), disjoint(&b, &a));
        }

        #[test]
        fn occupancy_agrees_with_asking_each_holder(trees in proptest::collection::vec(tree(), 0..8)) {
            let regions: Vec<Region> = trees.iter().map(|tree| Region::new(tree)).collect();
            let mut taken = Occupancy::default();
            for (at, region) in regions.iter().enumerate() {
                let each = trees[..at].iter().all(|held| disjoint_by_definition(held, &trees[at]));
                prop_assert_eq!(taken.admits(region), each);
                taken.take(region);
            }
        }

        #[test]
        fn taking_what_fits_agrees_with_asking_each_taken(
            trees in proptest::collection::vec(tree(), 0..8),
        ) {
            let regions: Vec<Region> = trees.iter().map(|tree| Region::new(tree)).collect();
            let (mut taken, mut kept) = (Occupancy::default(), Vec::<Vec<String>>::new());
            for (tree, region) in trees.iter().zip(&regions) {
                let fits = kept.iter().all(|held| disjoint_by_definition(held, tree));
                prop_assert_eq!(taken.try_take(region), fits);
                if fits {
                    kept.push(tree.clone());
                }
            }
        }
    }
}
