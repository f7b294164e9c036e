//! The extent of a lane: which regions can share the tree, and which cannot.
//!
//! Owns the prefix of a glob and the question whether two lists of globs can touch
//! the same path. It errs on the side of a collision and never looks at a file.

use alloc::string::String;
use alloc::vec::Vec;

/// The literal beginning of a glob: slashes forward, trimmed, case-folded, cut at
/// the first `*`. The empty prefix covers everything.
#[must_use]
pub fn prefix(glob: &str) -> String {
    // U+001C to U+001F count as blank where the journals' other writers trim.
    let trimmed =
        glob.trim_matches(|c: char| c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c));
    fold_case(trimmed.split('*').next().unwrap_or_default().replace('\\', "/"))
}

/// The text case-folded: two names that differ in nothing but case become one.
#[must_use]
pub fn fold_case(text: impl Into<String>) -> String {
    let mut text = text.into();
    if text.is_ascii() {
        text.make_ascii_lowercase();
        return text;
    }
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        push_folded(&mut folded, c);
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
        Self::of_prefixes(given.map(prefix).collect())
    }

    pub(crate) fn of_prefixes(mut prefixes: Vec<String>) -> Self {
        prefixes.sort_unstable();
        // A longer prefix adds nothing to a shorter one, and sorts right behind it.
        prefixes.dedup_by(|longer, kept| longer.starts_with(kept.as_str()));
        Self { prefixes }
    }

    /// Whether no path can be in both: one walk over both, in sorted order.
    ///
    /// Of two prefixes that do not meet, the lesser meets nothing behind the other:
    /// all that begin with it would sort before that.
    #[must_use]
    pub fn is_disjoint(&self, other: &Self) -> bool {
        if self.prefixes.is_empty() || other.prefixes.is_empty() {
            return false;
        }
        let (mut mine, mut theirs) =
            (self.prefixes.iter().peekable(), other.prefixes.iter().peekable());
        while let (Some(a), Some(b)) = (mine.peek(), theirs.peek()) {
            if a.starts_with(b.as_str()) || b.starts_with(a.as_str()) {
                return false;
            }
            if a < b {
                mine.next()
            } else {
                theirs.next()
            };
        }
        true
    }

    /// Whether a file is in this region. A path is no glob: it is taken to its end. An
    /// unknown extent may hold any file.
    #[must_use]
    pub fn holds(&self, path: &str) -> bool {
        let path = fold_case(path);
        let at = self.prefixes.partition_point(|held| *held <= path);
        let before = at.checked_sub(1).and_then(|before| self.prefixes.get(before));
        self.prefixes.is_empty() || before.is_some_and(|held| path.starts_with(held.as_str()))
    }

    /// How many of these commits, given as the paths that each changed, touch it. A
    /// commit that changes nothing touches nothing.
    #[must_use]
    pub fn touched_by(&self, commits: &[Vec<String>]) -> i64 {
        let touches = |paths: &&Vec<String>| paths.iter().any(|path| self.holds(path));
        i64::try_from(commits.iter().filter(touches).count()).unwrap_or(i64::MAX)
    }

    /// A prefix of this region that meets the given one. Only the neighbours in sorted
    /// order can: what begins with a text sorts right behind it.
    pub(crate) fn meets(&self, prefix: &str) -> Option<&str> {
        let at = self.prefixes.partition_point(|held| held.as_str() <= prefix);
        let shorter = at.checked_sub(1).and_then(|before| self.prefixes.get(before));
        let shorter = shorter.filter(|held| prefix.starts_with(held.as_str()));
        let longer = || self.prefixes.get(at).filter(|held| held.starts_with(prefix));
        shorter.or_else(longer).map(String::as_str)
    }

    /// Whether every path of this region is one of the other as well. An unknown
    /// extent is within nothing, and nothing is within it.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        let covered =
            |prefix: &String| other.prefixes.iter().any(|outer| prefix.starts_with(outer.as_str()));
        !self.prefixes.is_empty() && self.prefixes.iter().all(covered)
    }

    /// Whether a path is in both for certain; an unknown extent overlaps nothing.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        !self.prefixes.is_empty() && !other.prefixes.is_empty() && !self.is_disjoint(other)
    }

    pub(crate) fn prefixes(&self) -> &[String] {
        &self.prefixes
    }
}

#[cfg(test)]
mod tests {
    use super::{Region, disjoint, prefix};
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

    #[test]
    fn a_file_is_in_a_region_by_the_whole_of_its_path() {
        let region = Region::new(&["src/**", "Docs/*.md", "a"]);
        for path in ["src/lib.rs", "SRC/x", "docs/b", "a", "ab/c"] {
            assert!(region.holds(path), "{path}");
        }
        // As globs these would meet the region, being shorter.
        for path in ["src", "s", "doc", "x/src/lib.rs", ""] {
            assert!(!region.holds(path), "{path}");
        }
        assert!(Region::new(&["**/*"]).holds("any") && Region::new::<&str>(&[]).holds("any"));
    }

    #[test]
    fn a_commit_counts_once_and_an_empty_one_never() {
        let commit = |paths: &[&str]| paths.iter().map(|path| String::from(*path)).collect();
        let commits = [commit(&["src/a", "src/b"]), commit(&["docs/a"]), commit(&[])];
        assert_eq!(Region::new(&["src/**"]).touched_by(&commits), 1);
        assert_eq!(Region::new(&["web/**"]).touched_by(&commits), 0);
        assert_eq!(Region::new::<&str>(&[]).touched_by(&commits), 2, "of unknown extent");
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
        fn holds_what_begins_with_one_of_its_prefixes(a in tree(), path in "[ab/]{0,4}") {
            let given: Vec<&String> = a.iter().filter(|glob| !glob.is_empty()).collect();
            let held = given.is_empty() || given.iter().any(|glob| path.starts_with(&prefix(glob)));
            prop_assert_eq!(Region::new(&a).holds(&path), held);
        }

        #[test]
        fn meets_what_is_not_disjoint(a in tree(), glob in "[ab/]{0,4}[*]{0,1}") {
            let (region, prefix) = (Region::new(&a), prefix(&glob));
            let met = region.meets(&prefix).is_some();
            let known = !glob.is_empty() && !region.prefixes().is_empty();
            prop_assert!(!known || met != disjoint(&a, &[glob]));
        }
    }
}
